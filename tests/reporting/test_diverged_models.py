"""A model whose training failed is named on the first page, whatever its repeat is called."""

import json
from types import SimpleNamespace

from echoclr_core.reporting.sections.overview import _diverged


def page(tmp_path, losses):
    files = []
    for number, loss in enumerate(losses):
        files.append(tmp_path / f"{number}.json")
        files[-1].write_text(json.dumps({"validation_loss": loss}))
    draws = ("0", "1", "0_seed1", "1_seed1")
    cells = [("lvh", init, "0.1", draw) for init in ("random", "echoclr") for draw in draws]
    return SimpleNamespace(cells=cells, files={"selected": files}, titles={"lvh": "LVH"})


def test_repeats_of_several_pretrainings_are_numbered_as_in_the_tables(tmp_path):
    losses = [0.6] * 8
    losses[2] = losses[5] = 50_026.0
    [note] = _diverged(page(tmp_path, losses))
    assert "**Training failed** for 2 of the selected models" in note
    assert "LVH, Random at 10 % of the labels, repeat 3 (validation loss 5.003e+04)" in note
    assert "LVH, EchoCLR at 10 % of the labels, repeat 2 (validation loss" in note


def test_nothing_is_said_where_none_failed(tmp_path):
    assert _diverged(page(tmp_path, [0.6] * 8)) == []
