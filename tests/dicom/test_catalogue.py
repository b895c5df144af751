"""One row a file, whatever the tree holds."""

import os
import shutil
import socket

import numpy as np
import pandas as pd
import pydicom
import pytest

from echoclr_core.dicom import catalogue as catalogue_module
from echoclr_core.dicom.catalogue import scan_archive
from echoclr_core.dicom.tables import CATALOGUE

FRAMES = np.zeros((3, 6, 8), np.uint8)


@pytest.fixture
def archive(tmp_path, make_dicom):
    root = tmp_path / "archive"
    (root / "b" / "deep").mkdir(parents=True)
    (root / ".hidden").mkdir()
    shutil.copy(make_dicom(FRAMES, AccessionNumber="S1", SOPInstanceUID="1.1"), root / "b" / "IM0001")
    shutil.copy(make_dicom(FRAMES, AccessionNumber="", SOPInstanceUID="1.2"), root / "b" / "deep" / "x.txt")
    shutil.copy(make_dicom(FRAMES[:1], SOPInstanceUID="1.3"), root / ".hidden" / ".still")
    (root / "notes.txt").write_text("text")
    (root / "empty.dcm").touch()
    return root


def test_rows_are_sorted_and_speak(archive):
    table = scan_archive(archive)
    assert table.path.tolist() == [".hidden/.still", "b/IM0001", "b/deep/x.txt", "empty.dcm", "notes.txt"]
    assert table.outcome.tolist() == ["single_frame", "ok", "no_study_key", "not_dicom", "not_dicom"]
    assert table.sop_uid.fillna("-").tolist() == ["1.3", "1.1", "1.2", "-", "-"]
    row = table[table.path == "b/IM0001"].iloc[0]
    assert (row.study_key, row.patient_key, row.study_date) == ("S1", "P1", "20200131")
    status = (archive / "b/IM0001").stat()
    assert (row.bytes, row.mtime_ns) == (status.st_size, status.st_mtime_ns)


def test_table_goes_through_its_schema(archive, tmp_path):
    table = scan_archive(archive)
    CATALOGUE.write(table, tmp_path / "catalogue.parquet")
    pd.testing.assert_frame_equal(CATALOGUE.read(tmp_path / "catalogue.parquet"), table)


def test_empty_archive(tmp_path):
    (tmp_path / "empty").mkdir()
    assert len(scan_archive(tmp_path / "empty")) == 0


def test_links_loops_pipes_and_sockets(archive, tmp_path, make_dicom):
    (archive / "loop").symlink_to(archive)
    (archive / "self").symlink_to("self")
    (archive / "dangling").symlink_to("nowhere")
    os.mkfifo(archive / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(archive / "socket"))
    outside = tmp_path / "outside"
    outside.mkdir()
    shutil.copy(make_dicom(FRAMES), outside / "linked.dcm")
    (archive / "elsewhere").symlink_to(outside)
    table = scan_archive(archive, follow_outside=True).set_index("path").outcome
    assert len(table) == 10
    assert table["elsewhere/linked.dcm"] == "ok"
    assert table["pipe"] == table["socket"] == "not_dicom"
    assert table["self"] == table["dangling"] == "corrupt"


def test_a_link_that_leaves_the_tree_is_a_row_and_not_followed(archive, tmp_path, make_dicom):
    outside = tmp_path / "outside"
    outside.mkdir()
    shutil.copy(make_dicom(FRAMES), outside / "linked.dcm")
    links = {"folder": outside, "file": outside / "linked.dcm", "gone": outside / "none", "up": "../outside"}
    links |= {"b/etc": "/etc/hostname", "chain": archive / "folder" / "linked.dcm", "parent": ".."}
    for name, target in links.items():
        (archive / name).symlink_to(target)
    (archive / "inside").symlink_to("b")
    (archive / "inside.dcm").symlink_to(archive / "b" / "IM0001")
    table = scan_archive(archive).set_index("path")
    assert set(table.index[table.outcome == "link_outside"]) == set(links)
    assert (table.loc[list(links), ["bytes", "mtime_ns"]] == 0).all(axis=None)
    assert not table.index.str.contains("linked.dcm").any()
    assert table.outcome["inside.dcm"] == "ok"
    allowed = scan_archive(archive, follow_outside=True, known=table.reset_index()).set_index("path").outcome
    assert allowed["file"] == allowed["chain"] == "ok"
    assert "link_outside" not in set(allowed)
    (tmp_path / "mounted").symlink_to(archive)
    assert scan_archive(tmp_path / "mounted").outcome.tolist() == table.outcome.tolist()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_a_row(archive):
    (archive / "b" / "IM0001").chmod(0)
    (archive / "b" / "deep").chmod(0)
    table = scan_archive(archive).set_index("path").outcome
    (archive / "b" / "deep").chmod(0o755)
    assert table["b/IM0001"] == table["b/deep"] == "corrupt"


def test_names_of_old_archives(archive, tmp_path):
    with open(os.fsencode(archive) + b"/M\xfcller.dcm", "wb") as file:  # noqa: PTH123
        file.write((archive / "b/IM0001").read_bytes())
    table = scan_archive(archive)
    CATALOGUE.write(table, tmp_path / "catalogue.parquet")
    assert table.set_index("path").outcome["M\\xfcller.dcm"] == "corrupt"


def test_names_that_are_the_same_text_are_two_rows(archive, tmp_path):
    content = (archive / "b/IM0001").read_bytes()
    for name in (
        b"a\xff",
        rb"a\xff",
        b"a\xff" + rb"\xfe",
        rb"a\xff" + b"\xfe",
        b"Zo\xcc\x88e",
        b"Z\xc3\xb6e",
        b"b ",
    ):
        with open(os.fsencode(archive) + b"/" + name, "wb") as file:  # noqa: PTH123
            file.write(content)
    table = scan_archive(archive)
    CATALOGUE.write(table, tmp_path / "catalogue.parquet")
    outcomes = table.set_index("path").outcome
    assert outcomes[[r"a\xff", "Zo\u0308e", "Z\u00f6e", "b "]].tolist() == ["ok"] * 4
    assert (outcomes[outcomes.index.str.startswith(("./", r"a\xff\xfe"))] == "corrupt").sum() == 3
    assert len(outcomes) == 12


def test_the_header_names_patient_and_study(archive, make_dicom):
    shutil.copy(
        make_dicom(FRAMES, IssuerOfPatientID="SITE", StudyInstanceUID="1.5", SOPInstanceUID="1.6"),
        archive / "z",
    )
    row = scan_archive(archive).set_index("path").loc["z"]
    assert (row.patient_key, row.patient_issuer, row.study_uid, row.sop_uid) == ("P1", "SITE", "1.5", "1.6")


def _contents(table):
    return table.set_index("path").content


def test_the_pixels_of_a_repeated_uid_are_compared(archive, make_dicom, monkeypatch):
    original = archive / "b/IM0001"
    shutil.copy(original, archive / "copy")
    loops = {"other": FRAMES + 9, "short": FRAMES[:2]}
    for name, frames in loops.items():
        tags = {"AccessionNumber": "S1", "SOPInstanceUID": "1.1"}
        shutil.copy(make_dicom(frames, **tags), archive / name)
    shutil.copy(make_dicom(FRAMES, AccessionNumber="S2", SOPInstanceUID="1.1"), archive / "study")
    before = scan_archive(archive)
    found = _contents(before)
    assert found["copy"] == found["b/IM0001"]
    assert found[["copy", "other", "short"]].nunique() == 3
    assert found.drop(["copy", "b/IM0001", "other", "short"]).isna().all()
    monkeypatch.setattr("echoclr_core.dicom.copies.stored_content", None)
    pd.testing.assert_frame_equal(scan_archive(archive, known=before), before)


def test_a_copy_in_another_lossless_codec_is_a_copy(archive, make_dicom):
    frames = np.arange(3 * 48, dtype=np.uint8).reshape(3, 6, 8)
    for name, syntax, loop in (
        ("p", "1.2.840.10008.1.2", frames),
        ("q", "1.2.840.10008.1.2.5", frames),
        ("r", "1.2.840.10008.1.2.5", frames[::-1]),
    ):
        path = make_dicom(loop, AccessionNumber="S1", SOPInstanceUID="1.7")
        dataset = pydicom.dcmread(path)
        if syntax.endswith(".5"):
            dataset.compress(syntax, generate_instance_uid=False)
        dataset.save_as(archive / name)
    found = _contents(scan_archive(archive))
    assert found["p"] == found["q"] != found["r"]


def test_known_rows_are_not_read_again(archive, monkeypatch):
    before = scan_archive(archive)
    read = []
    true = catalogue_module._describe

    def describe(paths, *options):
        read.extend(path.name for path in paths)
        return true(paths, *options)

    monkeypatch.setattr(catalogue_module, "_describe", describe)
    pd.testing.assert_frame_equal(scan_archive(archive, known=before), before)
    assert read == []
    os.utime(archive / "notes.txt", ns=(1, 1))
    (archive / "new").write_text("new")
    after = scan_archive(archive, known=before)
    assert read == ["new", "notes.txt"]
    assert len(after) == len(before) + 1
    (archive / "b/IM0001").unlink()
    assert "b/IM0001" not in scan_archive(archive, known=after).path.tolist()


def test_a_file_that_could_not_be_read_is_read_again(archive):
    """Permissions that were mended change neither size nor time."""
    before = scan_archive(archive)
    unread = before.assign(outcome=before["outcome"].where(before["path"] != "b/IM0001", "corrupt"))
    pd.testing.assert_frame_equal(scan_archive(archive, known=unread), before)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_file_that_brings_its_process_down_is_one_row(archive, monkeypatch, tmp_path, workers):
    before = scan_archive(archive)
    for name in ("b/c_segfault", "b/c_memory", "hang"):
        shutil.copy(archive / "b/IM0001", archive / name)
    with monkeypatch.context() as patched:
        patched.setattr(catalogue_module, "DESCRIBE", "faulty_headers:describe_files")
        patched.setattr(catalogue_module, "SECONDS", 2)
        table = scan_archive(archive, workers=workers)
    CATALOGUE.write(table, tmp_path / "catalogue.parquet")
    found = table.set_index("path").outcome
    assert found[["b/c_segfault", "b/c_memory", "hang"]].tolist() == ["crashed", "crashed", "timeout"]
    pd.testing.assert_frame_equal(table[table.path.isin(before.path)].reset_index(drop=True), before)
    assert table.path.is_monotonic_increasing
    again = scan_archive(archive, known=CATALOGUE.read(tmp_path / "catalogue.parquet")).set_index("path")
    assert again.outcome[["b/c_segfault", "b/c_memory", "hang"]].tolist() == ["ok"] * 3


def test_processes_give_the_same_table(archive, monkeypatch):
    monkeypatch.setattr(catalogue_module, "BATCH", 1)
    pd.testing.assert_frame_equal(scan_archive(archive, workers=2), scan_archive(archive, workers=1))


def test_study_key_is_an_option(archive):
    table = scan_archive(archive, study_key="PatientID")
    assert table.study_key.dropna().unique().tolist() == ["P1"]
    with pytest.raises(ValueError, match="NoSuchKeyword"):
        scan_archive(archive, study_key="NoSuchKeyword")


def test_root_must_be_a_folder(tmp_path):
    with pytest.raises(ValueError, match="is not a folder"):
        scan_archive(tmp_path / "none")


def test_progress_is_told(archive):
    told = []
    scan_archive(archive, on_progress=lambda done, of: told.append((done, of)))
    assert told == [(i, 5) for i in range(1, 6)]


def test_the_folder_names_the_study_whatever_the_header_says(archive):
    table = scan_archive(archive, study_key="folder").set_index("path")
    assert table.loc[["b/IM0001", "b/deep/x.txt"], "study_key"].tolist() == ["b", "deep"]
    assert table.loc["b/deep/x.txt", "outcome"] == "ok"  # its AccessionNumber is empty
    assert table.loc["b/IM0001", "patient_key"] == "P1"
