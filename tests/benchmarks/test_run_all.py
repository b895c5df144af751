"""What `make bench` collects, and the table that the documentation shows of it."""

import importlib
import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NAMES = [
    "bootstrap",
    "clip_loading",
    "dicom_memory",
    "dicom_to_avi",
    "nt_xent",
    "nt_xent_memory",
    "planning",
    "predict",
    "train_step",
    "view_inference",
]


@pytest.fixture
def benchmarks(monkeypatch):
    """Import a benchmark module as `python benchmarks/x.py` finds its neighbours."""
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    yield importlib.import_module
    for name in ("recording", "run_all"):
        sys.modules.pop(name, None)


def test_a_figure_is_added_to_the_others(benchmarks, tmp_path, monkeypatch):
    record = benchmarks("recording").record
    path = tmp_path / "results.json"
    monkeypatch.setenv("ECHOCLR_BENCHMARK_RESULTS", str(path))
    record("fast", ours=2.0, other=10.0, unit="s", other_is="a loop")
    record("many", ours=30.0, other=10.0, unit="clips/s", other_is="a loop", less_is_better=False, limit=60.0)
    found = json.loads(path.read_text())
    assert found["fast"]["ratio"] == 5
    assert found["many"]["ratio"] == 3
    assert set(found["many"]) == {"ratio", "ours", "other", "unit", "other_is", "limit", "limit_is"}


def test_nothing_is_written_without_a_place(benchmarks, tmp_path, monkeypatch):
    monkeypatch.delenv("ECHOCLR_BENCHMARK_RESULTS", raising=False)
    monkeypatch.chdir(tmp_path)
    benchmarks("recording").record("fast", ours=2.0, other=10.0, unit="s", other_is="a loop")
    assert list(tmp_path.iterdir()) == []


def test_every_program_is_run(benchmarks):
    """All that stands in the folder, but for what others call and what needs a finished study."""
    programs = set(benchmarks("run_all").PROGRAMS)
    assert programs == {path.name for path in (ROOT / "benchmarks").glob("*.py")} - {
        "recording.py",
        "run_all.py",
        "scale.py",
    }


def test_the_documentation_shows_the_committed_figures(benchmarks):
    run_all = benchmarks("run_all")
    found = json.loads(run_all.RESULTS.read_text())
    assert sorted(found) == NAMES
    assert run_all.table(found) in run_all.PAGE.read_text()
    for entry in found.values():
        pair = sorted((entry["ours"], entry["other"]))
        assert pytest.approx(pair[1] / pair[0]) in (entry["ratio"], 1 / entry["ratio"])
