"""A dry run and `echoclr why` say which trainings would be put back, and which would run."""

import json
import os
from types import SimpleNamespace

import pytest

from workflow_scripts.cli.plan import planned_jobs
from workflow_scripts.cli.why import explained, trainings
from workflow_scripts.lib.finished import finished_results
from workflow_scripts.lib.planned_trainings import planned_trainings

RULE = "finetune_model"


def params(folder, *, epochs=3, code_hash="a"):
    values = {"settings": json.dumps({"epochs": epochs}), "numerics": "{}", "code_hash": code_hash}
    made = SimpleNamespace(**values, finished=str(folder))
    made.keys = lambda: [*values, "finished"]
    return made


def job(folder, **changed):
    return SimpleNamespace(rule=SimpleNamespace(name=RULE), params=params(folder, **changed))


@pytest.fixture
def kept(tmp_path):
    """A folder with the kept results of a job."""
    (tmp_path / "model").write_text("weights")
    source = SimpleNamespace(rule=RULE, params=params(tmp_path / "kept"))
    finished_results(source, tmp_path / "kept", data="x").keep({"model": tmp_path / "model"})
    return tmp_path / "kept"


def test_results_of_the_same_settings_and_code_would_be_put_back(kept, tmp_path):
    text = planned_trainings([job(kept), job(kept, epochs=4), job(kept, code_hash="b"), job(tmp_path / "no")])
    assert f"  {RULE}: 4 job(s), of which 1 have kept results" in text
    assert "3 would run" in text


def test_without_kept_results_all_would_run(tmp_path):
    assert "all of which would run" in planned_trainings([job(tmp_path / "no")])


def test_a_plan_without_trainings_says_nothing():
    other = SimpleNamespace(rule=SimpleNamespace(name="make_table1"), params=SimpleNamespace(keys=lambda: []))
    assert planned_trainings([other]) == ""


CHANGES = {
    "a setting": ({"finetune": {"max_epochs": 2}}, "finetune.max_epochs: 1 -> 2"),
    "the grid": ({"finetune": {"ratios": [0.1, 0.5, 1.0]}}, "its result is not there yet"),
    "a figure": ({"report": {"montage_videos": 5}}, "report.montage_videos"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_why_names_the_change(finished, change):
    overlay, words = CHANGES[change]
    text = finished.reasons(overlay=overlay)
    assert words in explained(planned_jobs(text))
    lines = trainings(text)
    assert bool(lines) == (change != "a figure")
    assert ("finetune_model: " in "".join(lines)) == bool(lines)


def test_why_names_lost_results_and_results_made_anew(finished):
    """Two more kinds of change: an output was lost, and an input was written anew."""
    results = finished.directory / "results" / "smoke"
    lost, anew = results / "figures" / "flow.png", results / "cohort" / "labels.parquet"
    kept = lost.stat().st_mtime_ns
    lost.unlink()
    anew.write_text("other labels")
    try:
        text = explained(planned_jobs(finished.reasons()))
    finally:
        anew.write_text("")
        lost.touch()
        os.utime(lost, ns=(kept, kept))
    assert "plot_flow (1): its result is not there yet" in text
    assert "build_cohort (1): what it reads was written anew" in text
    assert "and because of these:" in text
