"""The benchmark of names burned into loops: the key, runs that go on where they were, and scores."""

import json

import numpy as np
import pandas as pd
import pytest

from benchmarks.deidentification import make_loops, run_tool, tools
from benchmarks.deidentification.score import clopper_pearson, loops_run, score_loop, summary
from echoclr_core.synthetic.plan.cohort import plan_studies


@pytest.fixture
def loop(tmp_path):
    """Makes the first loop in a folder and returns its row of the key."""
    for folder in ("dicom", "truth"):
        (tmp_path / folder).mkdir()
    settings = make_loops.settings_for(1, seed=3, frames=4)
    plan = plan_studies(settings)[0]
    return lambda: make_loops.write_loop(tmp_path, settings, plan, plan.videos[0])


@pytest.mark.parametrize("empty", [0.0, 1.0])
def test_a_loop_is_made_once_and_its_row_read_afterwards(loop, tmp_path, empty, monkeypatch):
    monkeypatch.setattr(make_loops, "EMPTY", empty)
    row = loop()
    assert ("script" in row) == (empty == 0.0)
    monkeypatch.setattr(make_loops, "screen_video", None)
    assert loop() == row
    table = pd.DataFrame([row]).reindex(columns=make_loops.KEY)
    assert table["script"].notna().all() == (empty == 0.0)


def test_a_run_goes_on_where_it_was_and_an_error_is_a_row(tmp_path, monkeypatch):
    asked = []

    def tool(source, target):
        asked.append(source.stem)
        target.with_suffix(".dcm").write_bytes(b"half")
        if source.stem == "b":
            raise ValueError("no such screen\nsecond line")

    monkeypatch.setitem(tools.TOOLS, "fake", tool)
    (tmp_path / "measured").mkdir()
    for name in "ab":
        run_tool.measure("fake", tmp_path / f"{name}.dcm", tmp_path / name)
    rows = [json.loads((tmp_path / "measured" / f"{name}.json").read_text()) for name in "ab"]
    assert [row["error"] for row in rows] == ["", "ValueError: no such screen"]
    assert [(tmp_path / f"{name}.dcm").exists() for name in "ab"] == [True, False]
    (tmp_path / "loops" / "dicom").mkdir(parents=True)
    for name in "ab":
        (tmp_path / "loops" / "dicom" / f"{name}.dcm").touch()
    found = run_tool.run("fake", tmp_path / "loops", tmp_path, workers=1, limit=None)
    assert found == rows
    assert run_tool.run("fake", tmp_path / "loops", tmp_path, workers=1, limit=1) == rows[:1]
    assert asked == ["a", "b"]


def test_a_name_is_missed_where_a_third_of_its_letters_is_left():
    sector = np.zeros((20, 20), bool)
    sector[2:18, 2:18] = True
    coverage = np.full((4, 8), 255, np.uint8)
    truth = {
        "sector": sector,
        "coverage": coverage,
        "places": np.array([[np.nan, np.nan], [5, 6]]),
        "grey": 230,
    }
    source = np.full((2, 20, 20), 90, np.uint8)
    written = np.where(sector, source, 0).astype(np.uint8)
    assert not score_loop(written, source, truth)["missed"]
    named = written.copy()
    named[1, 6:10, 5:13] = 220
    scores = score_loop(named, source, truth)
    assert (scores["missed"], scores["iou"], scores["lost"]) == (True, 1.0, 0.0)
    assert score_loop(None, source, truth) == {"withheld": True, "missed": False}


def test_the_summary_counts_missed_names_and_loops_withheld_for_nothing():
    row = {"screen": "tablet", "height": 240, "frames": 4, "size": 14, "grey": 255, "motion": "still"}
    table = pd.DataFrame(
        [
            row
            | {
                "script": "thai",
                "first": 0,
                "last": 3,
                "withheld": False,
                "missed": True,
                "iou": 0.9,
                "lost": 0.0,
            },
            row | {"script": "thai", "first": 1, "last": 1, "withheld": True, "missed": False},
            row | {"script": None, "withheld": True, "missed": False},
        ]
    )
    found = summary(table)
    assert (found["missed"]["events"], found["missed"]["trials"]) == (1, 2)
    assert found["missed_by_shown"] == {"part": "0 of 1", "whole": "1 of 1"}
    assert found["withheld_without_name"]["events"] == 1
    assert clopper_pearson(0, 3750)[1] < 0.001


def test_a_run_that_has_not_ended_is_not_scored(tmp_path):
    """A loop that was not run would count as withheld, which is what a good tool does with a name."""
    key = pd.DataFrame({"file": ["a", "b"]})
    assert list(loops_run(key, tmp_path)["file"]) == ["a", "b"]
    (tmp_path / "measured").mkdir()
    with pytest.raises(SystemExit, match="has not ended"):
        loops_run(key, tmp_path)
    (tmp_path / "times.csv").write_text("file,seconds,megabytes,error\nb,1,100,\n")
    assert list(loops_run(key, tmp_path)["file"]) == ["b"]
