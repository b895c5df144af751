"""Results of finished jobs: put back whole, or not at all."""

import os

import pytest

from echoclr_core.common import finished
from echoclr_core.common.files import atomic_path
from echoclr_core.common.finished import FinishedResults

PRINT = {name: name * 64 for name in "abcdef"}


def outputs(folder, text="weights"):
    folder.mkdir(exist_ok=True)
    paths = {"model": folder / "model.bin", "run": folder / "run.json"}
    for name, path in paths.items():
        path.write_text(f"{text} {name}")
    return paths


def test_an_equal_fingerprint_puts_the_results_back(tmp_path):
    paths = outputs(tmp_path / "out")
    FinishedResults(tmp_path / "state", PRINT["a"]).keep(paths)
    for path in paths.values():
        path.unlink()  # as Snakemake does before it starts a job again
    assert not FinishedResults(tmp_path / "state", PRINT["b"]).restore(paths)
    assert not paths["model"].exists()
    assert FinishedResults(tmp_path / "state", PRINT["a"]).restore(paths)
    assert paths["model"].read_text() == "weights model"


def test_restored_files_are_newer_than_what_they_were_made_from(tmp_path):
    paths = outputs(tmp_path / "out")
    kept = FinishedResults(tmp_path / "state", PRINT["a"])
    kept.keep(paths)
    for name in ("model", "run"):
        os.utime(tmp_path / "state" / PRINT["a"] / name, (1, 1))
    (tmp_path / "input").write_text("")
    assert kept.restore(paths)
    assert paths["model"].stat().st_mtime_ns >= (tmp_path / "input").stat().st_mtime_ns


@pytest.mark.parametrize("harm", ["changed", "shortened", "missing", "manifest", "other files"])
def test_damaged_results_are_not_used(tmp_path, harm):
    paths = outputs(tmp_path / "out")
    kept = FinishedResults(tmp_path / "state", PRINT["a"])
    kept.keep(paths)
    entry = tmp_path / "state" / PRINT["a"]
    if harm == "changed":
        (entry / "model").write_text("weights modem")
    elif harm == "shortened":
        (entry / "model").write_text("")
    elif harm == "missing":
        (entry / "model").unlink()
    elif harm == "manifest":
        (entry / finished.MANIFEST).write_text("{")
    wanted = paths | ({"more": tmp_path / "more"} if harm == "other files" else {})
    assert not kept.restore(wanted)
    assert not entry.exists()


def test_a_result_that_is_written_anew_leaves_the_kept_one(tmp_path):
    """The kept file may be a hard link: a new result replaces the name, not the content."""
    paths = outputs(tmp_path / "out")
    FinishedResults(tmp_path / "state", PRINT["a"]).keep(paths)
    with atomic_path(paths["model"]) as partial:
        partial.write_text("other weights")
    assert FinishedResults(tmp_path / "state", PRINT["a"]).restore(paths)
    assert paths["model"].read_text() == "weights model"


def test_copies_where_there_are_no_hard_links(tmp_path, monkeypatch):
    def refuse(self, target):
        raise OSError("not on this file system")

    monkeypatch.setattr(finished.Path, "hardlink_to", refuse)
    paths = outputs(tmp_path / "out")
    kept = FinishedResults(tmp_path / "state", PRINT["a"])
    kept.keep(paths)
    paths["model"].unlink()
    assert kept.restore(paths)
    assert paths["model"].read_text() == "weights model"
    assert list(tmp_path.rglob("*.partial")) == []


def test_the_oldest_results_go_first(tmp_path):
    for number, name in enumerate("abcd"):
        paths = outputs(tmp_path / "out", text=name)
        FinishedResults(tmp_path / "state", PRINT[name]).keep(paths)
        os.utime(tmp_path / "state" / PRINT[name], (number, number))
    assert sorted(path.name[0] for path in (tmp_path / "state").iterdir()) == ["b", "c", "d"]
