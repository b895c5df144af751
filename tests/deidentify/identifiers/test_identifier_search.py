"""Identifiers are found wherever they stand; words of a fixed list are none."""

import numpy as np
import pandas as pd
import pytest
from cine_files import archive

from echoclr_core.common.avi_writing import write_avi
from echoclr_core.deidentify.audit.shard import audit_shard
from echoclr_core.deidentify.identifiers import identifier_search
from echoclr_core.deidentify.identifiers.header_allowlist import FIXED_WORDS
from echoclr_core.deidentify.identifiers.identifier_search import (
    Finding,
    Identifier,
    find_identifiers,
    identifiers_of,
)
from echoclr_core.deidentify.shard import deidentify_shard
from echoclr_core.deidentify.tables import SOURCE_FILES
from echoclr_core.dicom import frame_rate
from echoclr_core.dicom.functional_groups import FRAME_TIMES

MRN = Identifier("patient_key", "MRN 0042")


FOLDERS = ("philips", "other", "FrameTime", "1.2.840.10008.1.2.1", "MONOCHROME2", "loops/epiq")


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_folder_that_bears_a_word_of_the_table_is_no_leak(tmp_path, folder):
    """Archives are sorted by vendor, model or format: such words stand in the table since they are public."""
    rows = archive(tmp_path / "dicom", [f"{folder}/a"], count=3)
    table = deidentify_shard(rows, tmp_path / "dicom", tmp_path / "out", tmp_path / "work")
    audited, _ = audit_shard(table, tmp_path / "out", sample=1, seed=0, catalogue=rows)
    assert audited["outcome"].tolist() == ["clean"]


COLUMNS = ("manufacturer", "model", "fps_source", "photometric", "transfer_syntax", "study_id")


@pytest.mark.parametrize("column", COLUMNS)
def test_an_identifier_in_any_column_is_named_by_kind_and_column(tmp_path, column):
    found = find_identifiers(tmp_path / "v.avi", [MRN], {column: "MRN 0042"})
    assert [str(finding) for finding in found] == [f"patient_key in column {column}"]


def test_the_table_itself_holds_no_word_that_is_not_on_its_list():
    row = dict.fromkeys(SOURCE_FILES.columns) | {"video_id": "v_1", "outcome": "ok"}
    for column in FIXED_WORDS:
        with pytest.raises(ValueError, match=column):
            SOURCE_FILES.check(pd.DataFrame([row | {column: "Dr. Kowalski"}]))


def test_measured_numbers_are_no_identifiers_and_header_numbers_are(tmp_path):
    number = [Identifier("study_key", "10240")]
    assert find_identifiers(tmp_path / "v.avi", number, {"bytes": 10240, "n_frames": 10240}) == []
    assert find_identifiers(tmp_path / "v.avi", number, {"frames_declared": 10240}) == [
        Finding("study_key", "column frames_declared")
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "latin-1"])
@pytest.mark.parametrize("at", [0, 5, 15, 16, 17, 60])
def test_bytes_are_searched_in_pieces_that_miss_nothing(tmp_path, monkeypatch, encoding, at):
    monkeypatch.setattr(identifier_search, "PIECE", 16)
    (tmp_path / "v.mask.png").write_bytes(b"\0" * at + "Jos\u00e9 G\u00f3mez".encode(encoding) + b"\0" * 40)
    name = Identifier("part of the path", "Jos\u00e9 G\u00f3mez")
    assert find_identifiers(tmp_path / "v.avi", [MRN, name]) == [Finding("part of the path", "the mask")]


@pytest.mark.parametrize("written", ["20190312", "2019-03-12"])
def test_a_date_is_known_in_both_its_forms(tmp_path, written):
    date = [Identifier("study_date", "20190312")]
    assert find_identifiers(tmp_path / "v.avi", date, {"model": written})
    (tmp_path / "v.avi").write_bytes(written.encode())
    assert find_identifiers(tmp_path / "v.avi", date) == [Finding("study_date", "the video")]


def test_a_file_name_counts_and_short_values_do_not(tmp_path):
    assert find_identifiers(tmp_path / "MRN 0042.avi", [MRN]) == [Finding("patient_key", "a file name")]
    rows = archive(tmp_path / "dicom", ["ab/c"], count=3)
    (found,) = identifiers_of(rows).values()
    assert {one.kind for one in found} == {"study_key", "patient_key", "study_date", "sop_uid"}


def test_the_list_of_frame_rate_sources_is_whole():
    known = {*frame_rate.KEYWORDS, *frame_rate.DURATIONS, *FRAME_TIMES, "default", "missing", "file"}
    assert known == set(FIXED_WORDS["fps_source"])


def test_a_short_value_among_compressed_pixels_is_chance_and_beside_them_is_a_leak(tmp_path):
    frames = np.random.default_rng(0).integers(0, 256, (5, 64, 80), dtype=np.uint8)
    write_avi(tmp_path / "v.avi", frames, 30, "mjpeg")
    data = (tmp_path / "v.avi").read_bytes()
    middle = data.index(b"movi") + 300
    short, longer = Identifier("part of the path", "00017"), Identifier("study_key", "ACC0017")
    for planted, expected in ((short, []), (longer, [Finding("study_key", "the video")])):
        value = planted.value.encode()
        (tmp_path / "v.avi").write_bytes(data[:middle] + value + data[middle + len(value) :])
        assert find_identifiers(tmp_path / "v.avi", [planted]) == expected
    (tmp_path / "v.avi").write_bytes(data + b"00017")
    assert find_identifiers(tmp_path / "v.avi", [short]) == [Finding("part of the path", "the video")]
