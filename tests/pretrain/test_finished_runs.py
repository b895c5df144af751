"""What comes after the last optimisation step never costs the encoder."""

import dataclasses
import json
from pathlib import Path

import pandas as pd
import pytest
import torch

from echoclr_core.models.encoder import EncoderSettings, build_encoder
from echoclr_core.models.weights import load_encoder
from echoclr_core.options.augmentation import AugmentationOptions
from echoclr_core.pretrain import run as run_module
from echoclr_core.pretrain.__main__ import write_result
from echoclr_core.pretrain.run import pretrain
from echoclr_core.pretrain.settings import PretrainSettings

TINY = EncoderSettings(name="r3d", width=4, blocks=(1, 1))
BASE = PretrainSettings(
    batch_size=6, epochs=3, learning_rate=1e-3, augmentation=AugmentationOptions(pad=2), projector=(8, 8)
)


def run(store, state_dir, settings=BASE, **more):
    videos = store.index[["video_id", "study_id"]]
    return pretrain(store, videos, TINY, settings, state_dir=state_dir, device="cpu", terminal=False, **more)


def test_a_collapsed_run_ends_with_an_encoder(make_store, tmp_path, monkeypatch):
    """All embeddings are one point: 2 - 2 cos is slightly below 0."""
    monkeypatch.setattr(
        "echoclr_core.models.heads.Projector.forward", lambda self, x: 0 * self[0](x)[:, :8] + 0.1
    )
    result = run(make_store(), tmp_path / "state", dataclasses.replace(BASE, max_steps=3))
    assert result.history["alignment"].between(0, 1e-6).all()
    assert result.run["warnings"] == []


def test_a_failed_diagnostic_is_a_warning_beside_the_encoder(make_store, tmp_path, monkeypatch):
    def broken(*args):
        raise ValueError("no pair")

    store, settings = make_store(), dataclasses.replace(BASE, max_steps=3)
    whole = run(store, tmp_path / "a", settings)
    close = run_module.PretrainTrainer.close_interval

    def wrong(self, *args):
        row, ended = close(self, *args)
        return row | {"alignment": -1.0}, ended

    monkeypatch.setattr(run_module, "held_out_accuracy", broken)
    monkeypatch.setattr(run_module.PretrainTrainer, "close_interval", wrong)
    videos = store.index[["video_id", "study_id"]]
    result = run(store, tmp_path / "b", settings, validation=videos)
    assert [text.split(" ", 3)[:3] for text in result.run["warnings"]] == [
        ["the", "held-out", "accuracy"],
        ["alignment", "of", "step"],
    ]
    output = {name: str(tmp_path / "out" / name) for name in ("encoder", "history", "timings", "run")}
    write_result(result, output, {})
    loaded = build_encoder(TINY, seed=1)
    load_encoder(output["encoder"], loaded)
    assert all(
        torch.equal(tensor, whole.encoder.state_dict()[name]) for name, tensor in loaded.state_dict().items()
    )
    assert pd.read_parquet(output["history"])["alignment"].isna().all()
    assert len(json.loads(Path(output["run"]).read_text(encoding="utf-8"))["warnings"]) == 2


def test_the_encoder_is_written_first(make_store, tmp_path, monkeypatch):
    result = run(make_store(), tmp_path / "state", dataclasses.replace(BASE, max_steps=1))
    output = {name: str(tmp_path / "out" / name) for name in ("encoder", "history", "timings", "run")}
    broken = dataclasses.replace(result, history=result.history.assign(step=-1))
    with pytest.raises(ValueError, match="column 'step'"):
        write_result(broken, output, {})
    assert (tmp_path / "out" / "encoder").exists()
