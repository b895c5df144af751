"""The section on failures: pictures, shares, hidden counts."""

import numpy as np
import pandas as pd
import pytest

from echoclr_core.reporting.failures import failure_figure
from echoclr_core.reporting.report import DataTable, Picture, Text
from echoclr_core.reporting.sections import failures
from echoclr_core.reporting.sections.page import Page

CAUSE = {"task": "lvh", "init": "echoclr", "cohort": "internal", "kind": "false_positive"}
CAUSE |= {"cause": "low_frame_rate", "definition": "<30 frames per second"}
CAUSE |= {"n_wrong": 8, "n_wrong_with": 3, "n_right": 40, "n_right_with": 10}
CONFIG = {
    "evaluate": {"n_resamples": 1000},
    "explain": {"frames": 32, "n_randomisations": 1},
    "report": {"saliency_scale": "figure", "least_cell": 0},
}


def test_shares_and_hidden_counts():
    [row] = failures.cause_table(pd.DataFrame([CAUSE]), 0).to_dict("records")
    assert row["Errors"] == "False positives, internal test set"
    assert (row["Called wrongly"], row["Called rightly"]) == ("3 of 8 (38 %)", "10 of 40 (25 %)")
    [row] = failures.cause_table(pd.DataFrame([CAUSE]), 5).to_dict("records")
    assert (row["Called wrongly"], row["Called rightly"]) == ("<5 or all but <5", "10 of 40 (25 %)")
    # all but a few: 5 of 8 would give the 3 others away
    [row] = failures.cause_table(pd.DataFrame([CAUSE | {"n_wrong_with": 5}]), 5).to_dict("records")
    assert row["Called wrongly"] == "<5 or all but <5"
    [row] = failures.cause_table(pd.DataFrame([CAUSE | {"n_wrong": 0, "n_wrong_with": 0}]), 0).to_dict(
        "records"
    )
    assert row["Called wrongly"] == "–"


def test_section(tmp_path):
    pd.DataFrame([CAUSE]).to_parquet(tmp_path / "causes.parquet")
    figures = [f"failures_{task}.png" for task in ("lvh", "severe_as")]
    files = {"failure_causes": str(tmp_path / "causes.parquet"), "failure_figures": figures}
    titles = {"lvh": "LVH", "severe_as": "Severe AS"}
    page = Page(files=files, config=CONFIG, titles=titles, inits=["random", "echoclr"], methods=[])
    blocks = failures.section(page).blocks
    assert [type(block) for block in blocks] == [Text, Picture, DataTable, Text]
    assert "EchoCLR" in blocks[0].rst
    assert blocks[1].title == "Surest errors for LVH"
    assert "Severe AS: no threshold" in blocks[3].rst


def rows(n):
    kinds = ["false_positive", "false_negative"]
    return pd.DataFrame(
        [
            {"cohort": "internal", "kind": kind, "number": k, "video_id": f"{kind}{k}", "probability": 0.5}
            for kind in kinds
            for k in range(1, n + 1)
        ],
        columns=["cohort", "kind", "number", "video_id", "probability"],
    )


@pytest.mark.parametrize(("n", "with_maps", "pictures"), [(2, False, 4), (5, False, 6), (2, True, 8)])
def test_figure(n, with_maps, pictures):
    table = rows(n)
    frames = {video: np.zeros((8, 8), np.uint8) for video in table["video_id"]}
    maps = {video: np.zeros((8, 8)) for video in table["video_id"]} if with_maps else {}
    if with_maps:
        maps["false_positive1"] += 2.0
    figure = failure_figure(table, frames, maps)
    shown = [axis for axis in figure.axes if axis.images]
    assert len(shown) == pictures
    texts = " ".join(axis.get_title(loc="left") for axis in figure.axes)
    assert "1: p = 0.50" in texts
    assert texts.count("map is 0") == (3 if with_maps else 0)
    assert "false_positive1" not in texts  # a number, no pseudonym


def test_figure_without_an_error():
    figure = failure_figure(rows(0), {}, {})
    assert "No study" in figure.texts[0].get_text()
