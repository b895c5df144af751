"""A file that is no longer the one of the catalogue is never written under the pseudonyms of its row."""

import os
from pathlib import Path

import light_decoders
import pytest
from cine_files import archive, phantom, write_cine

from echoclr_core.deidentify.shard import deidentify_shard
from echoclr_core.deidentify.source_shard import write_source_shard


def _replace(path: Path, **other) -> None:
    """Another loop in place of the file, its size and time as before."""
    before = path.stat()
    write_cine(path, phantom(9)[0], **{"uid": "1.2.826.0.1.1", **other})
    assert path.stat().st_size == before.st_size
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def _longer(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"\0\0")


CHANGES = {
    "size": _longer,
    "time": lambda path: os.utime(path, ns=(1, 1)),
    "uid": lambda path: _replace(path, uid="1.2.826.0.1.7"),
    "study": lambda path: _replace(path, study="ACC-78"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_file_that_changed_since_the_catalogue_is_not_written(tmp_path, change):
    rows = archive(tmp_path / "dicom", ["a", "b"])
    CHANGES[change](tmp_path / "dicom" / "a")
    details = {}
    table = deidentify_shard(
        rows, tmp_path / "dicom", tmp_path / "out", tmp_path / "work", on_detail=details.__setitem__
    )
    ids = rows.set_index("path")["video_id"]
    assert table.set_index("video_id")["outcome"].to_dict() == {ids["a"]: "changed", ids["b"]: "ok"}
    assert [path.stem for path in (tmp_path / "out").glob("*.avi")] == [ids["b"]]
    assert "--forcerun catalog_archive" in details[ids["a"]]


def test_the_study_keyword_of_the_catalogue_counts(tmp_path):
    rows = archive(tmp_path / "dicom", ["a"]).assign(study_key="MRN 0042")

    def outcome(**options):
        table = deidentify_shard(rows, tmp_path / "dicom", tmp_path / "out", tmp_path / "work", **options)
        return table["outcome"][0]

    assert outcome(study_key="PatientID") == "ok"
    assert outcome() == "changed"


def test_a_file_that_is_replaced_while_it_is_decoded_leaves_no_video(tmp_path):
    rows = archive(tmp_path / "dicom", ["a", "b"])
    table = deidentify_shard(
        rows, tmp_path / "dicom", tmp_path / "out", tmp_path / "work", process="faulty_decoders:replaced"
    )
    assert table["outcome"].tolist() == ["changed", "changed"]
    assert not list((tmp_path / "out").iterdir())


@pytest.mark.parametrize(("change", "outcome"), [("size", "changed"), ("time", "changed"), ("study", "ok")])
def test_of_files_without_a_header_size_and_time_are_compared(tmp_path, monkeypatch, change, outcome):
    """As for provided videos: no header is read, whatever stands in the file."""
    rows = archive(tmp_path / "dicom", ["a", "c"])
    CHANGES[change](tmp_path / "dicom" / "a")
    monkeypatch.setenv(light_decoders.CALLS, str(tmp_path / "calls"))
    table = write_source_shard(
        rows, tmp_path / "dicom", tmp_path / "out", tmp_path / "work", process="light_decoders:written"
    )
    ids = rows.set_index("path")["video_id"]
    assert table.set_index("video_id")["outcome"].to_dict() == {ids["a"]: outcome, ids["c"]: "ok"}
