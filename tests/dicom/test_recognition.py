"""What is DICOM, and what its header says, however oddly."""

import gzip
import logging
import os
import warnings

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, ImplicitVRLittleEndian

from echoclr_core.dicom.outcomes import UnusableFile
from echoclr_core.dicom.reading import read_cine

FRAMES = np.arange(4 * 6 * 8, dtype=np.uint8).reshape(4, 6, 8)


def outcome_of(path, **options):
    with pytest.raises(UnusableFile) as caught:
        for _ in read_cine(path, **options).frames():
            pass
    assert caught.value.path == path
    return caught.value.outcome


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"text\n" * 100,
        b"%PDF-1.7\n" + bytes(500),
        bytes(1000),
        b"\x89PNG\r\n\x1a\n" + bytes(200),
        b"DICM",
    ],
)
def test_other_files_are_not_dicom(tmp_path, content):
    path = tmp_path / "x.dcm"
    path.write_bytes(content)
    assert outcome_of(path) == "not_dicom"


def test_compressed_dicom_is_not_dicom(tmp_path, make_dicom):
    path = tmp_path / "x.dcm"
    path.write_bytes(gzip.compress(make_dicom(FRAMES).read_bytes()))
    assert outcome_of(path) == "not_dicom"


def test_missing_file_is_an_outcome_too(tmp_path):
    assert outcome_of(tmp_path / "none.dcm") == "corrupt"


def test_header_without_pixels(make_dicom):
    path = make_dicom(FRAMES)
    dataset = dcmread(path)
    del dataset.PixelData
    dataset.save_as(path)
    assert outcome_of(path) == "no_pixels"


NATIVE = ["1.2.840.10008.1.2.1", ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian]


@pytest.mark.parametrize(
    ("syntax", "keep"),
    [
        *((syntax, keep) for syntax in NATIVE for keep in ("all", "no preamble", "mark lost")),
        *((syntax, "no meta") for syntax in NATIVE[:3]),  # nothing else says that a file is deflated
    ],
)
def test_with_and_without_preamble_and_meta(make_dicom, syntax, keep):
    path = make_dicom(FRAMES, syntax=syntax)
    data = path.read_bytes()
    meta_bytes = 12 + int.from_bytes(data[140:144], "little")
    kept = {
        "all": data,
        "no preamble": data[132:],
        "no meta": data[132 + meta_bytes :],
        "mark lost": data[:128] + data[132:],
    }
    path.write_bytes(kept[keep])
    cine = read_cine(path)
    np.testing.assert_array_equal(list(cine.frames()), FRAMES)
    assert cine.header.sop_uid == "1.2.3.4"


def test_implicit_file_meta(make_dicom):
    path = make_dicom(FRAMES)
    data = path.read_bytes()
    uid = b"1.2.840.10008.1.2.1\0"
    implicit = b"\x02\0\x10\0" + len(uid).to_bytes(4, "little") + uid
    meta_bytes = 12 + int.from_bytes(data[140:144], "little")
    path.write_bytes(data[:132] + implicit + data[132 + meta_bytes :])
    cine = read_cine(path)
    assert cine.header.transfer_syntax == "1.2.840.10008.1.2.1"
    np.testing.assert_array_equal(list(cine.frames()), FRAMES)


def test_declared_syntax_may_be_the_wrong_vr(make_dicom):
    path = make_dicom(FRAMES)
    data = path.read_bytes()
    assert data.count(b"1.2.840.10008.1.2.1\0") == 1
    path.write_bytes(data.replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2\0\0\0"))
    np.testing.assert_array_equal(list(read_cine(path).frames()), FRAMES)


def test_stray_delimiter_after_the_pixels(make_dicom):
    path = make_dicom(FRAMES)
    path.write_bytes(path.read_bytes() + b"\xfe\xff\xdd\xe0\0\0\0\0")
    np.testing.assert_array_equal(list(read_cine(path).frames()), FRAMES)


@pytest.mark.parametrize("count", ["abc", "0", "-3", "2.5"])
def test_number_of_frames_that_is_no_count(make_dicom, count):
    path = make_dicom(FRAMES)
    data = path.read_bytes()
    element = b"\x28\0\x08\0IS\x02\0004 "
    assert data.count(element) == 1
    text = count.encode() + b" " * (len(count) % 2)
    path.write_bytes(data.replace(element, element[:6] + len(text).to_bytes(2, "little") + text))
    with pytest.raises(UnusableFile, match="NumberOfFrames") as caught:
        read_cine(path)
    assert (caught.value.outcome, caught.value.value) == ("corrupt", count)
    assert str(path) in str(caught.value)


def test_fewer_frames_than_declared_come_out_and_then_the_error(make_dicom):
    cine = read_cine(make_dicom(FRAMES, NumberOfFrames=9))
    assert cine.frame_count == 9
    found = []
    with pytest.raises(UnusableFile) as caught:
        found.extend(cine.frames())  # extend keeps what came before the error
    assert caught.value.outcome == "truncated"
    with pytest.raises(UnusableFile):
        cine.sample(3)


def test_stills_and_short_loops(make_dicom):
    still = make_dicom(FRAMES[:1])
    assert outcome_of(still) == "single_frame"
    assert read_cine(still, min_frames=1).frame_count == 1
    assert outcome_of(make_dicom(FRAMES), min_frames=5) == "too_short"
    assert read_cine(make_dicom(FRAMES), min_frames=4).frame_count == 4


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("20200131", "20200131"),
        ("1994.01.30", "19940130"),
        ("2020-01-31", "20200131"),
        ("20200131-20200203", "20200131"),
        ("20200131120000", "20200131"),
        ("20201331", None),
        ("31.01.2020", None),
        ("00010101", None),
        ("ANON", None),
        ("", None),
    ],
)
def test_dates(make_dicom, written, expected):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path = make_dicom(FRAMES, StudyDate=written)
    assert read_cine(path).header.study_date == expected


def test_study_key_from_any_keyword_and_with_several_values(make_dicom):
    path = make_dicom(FRAMES, AccessionNumber=["B2", "A1 "], StudyInstanceUID="1.2.9", StudyID="")
    assert read_cine(path).header.study_key == "B2\\A1"
    assert read_cine(path, study_key="StudyInstanceUID").header.study_key == "1.2.9"
    assert read_cine(path, study_key="StudyID").header.study_key is None
    assert read_cine(path, study_key="StudyDescription").header.study_key is None


@pytest.mark.parametrize("keyword", ["Accession", "PixelData", "SequenceOfUltrasoundRegions"])
def test_study_key_must_be_a_keyword_with_text(make_dicom, keyword):
    with pytest.raises(ValueError, match=keyword) as caught:
        read_cine(make_dicom(FRAMES), study_key=keyword)
    assert not isinstance(caught.value, UnusableFile)


def test_names_of_other_scripts(make_dicom):
    path = make_dicom(FRAMES, SpecificCharacterSet="ISO_IR 192", PatientID="Müller 山田")
    assert read_cine(path).header.patient_key == "Müller 山田"


@pytest.mark.parametrize(
    ("tags", "outcome", "blamed"),
    [
        ({"Rows": None}, "corrupt", "Rows"),
        ({"Columns": 0}, "corrupt", "Columns"),
        ({"Rows": 65535, "Columns": 65535}, "corrupt", "Rows"),
        ({"PhotometricInterpretation": None}, "corrupt", "PhotometricInterpretation"),
        ({"PhotometricInterpretation": "HSV"}, "unsupported_syntax", "PhotometricInterpretation"),
        ({"SamplesPerPixel": 3}, "corrupt", "SamplesPerPixel"),
        ({"BitsAllocated": 32}, "unsupported_syntax", "BitsAllocated"),
        ({"BitsStored": 9}, "corrupt", "BitsStored"),
        ({"PhotometricInterpretation": "PALETTE COLOR"}, "corrupt", "RedPaletteColorLookupTableData"),
    ],
)
def test_headers_that_contradict_themselves(make_dicom, tags, outcome, blamed):
    with pytest.raises(UnusableFile) as caught:
        read_cine(make_dicom(FRAMES, **tags))
    assert (caught.value.outcome, caught.value.tag) == (outcome, blamed)


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2.4.94", "1.2.3.4.5", "1.2.840.113619.5.2"])
def test_unknown_syntaxes(make_dicom, syntax):
    path = make_dicom(FRAMES, syntax="1.2.840.10008.1.2.1")
    data = path.read_bytes()
    meta_bytes = 12 + int.from_bytes(data[140:144], "little")
    uid = syntax.encode() + b"\0" * (len(syntax) % 2)
    meta = b"\x02\0\x10\0UI" + len(uid).to_bytes(2, "little") + uid
    path.write_bytes(data[:132] + meta + data[132 + meta_bytes :])
    with pytest.raises(UnusableFile) as caught:
        read_cine(path)
    assert (caught.value.outcome, caught.value.value) == ("unsupported_syntax", syntax)


def test_nothing_of_the_header_reaches_warnings_or_logs(make_dicom, caplog):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        name = "Doe^Jane" + "x" * 80
        path = make_dicom(FRAMES, StudyDate="Doe^Jane", PatientID=name, AccessionNumber=name)
    caplog.clear()  # of what the writing logged
    with warnings.catch_warnings(), caplog.at_level(logging.DEBUG):
        warnings.simplefilter("error")
        list(read_cine(path).frames())
    assert "Doe" not in caplog.text


def test_options_are_checked(make_dicom):
    path = make_dicom(FRAMES)
    with pytest.raises(ValueError, match="min_frames: 0"):
        read_cine(path, min_frames=0)
    with pytest.raises(ValueError, match="default_fps: -1"):
        read_cine(path, default_fps=-1)


def test_default_rate_is_stated(make_dicom):
    path = make_dicom(FRAMES)
    assert (read_cine(path).fps, read_cine(path).fps_source) == (None, "missing")
    assert (read_cine(path, default_fps=30).fps, read_cine(path, default_fps=30).fps_source) == (
        30.0,
        "default",
    )


def test_sequences_before_the_pixels_do_not_disturb(make_dicom):
    inner = Dataset()
    inner.PatientID = "inner"
    inner.PixelData = bytes(10)
    inner["PixelData"].VR = "OB"
    path = make_dicom(FRAMES, IconImageSequence=[inner])
    cine = read_cine(path)
    assert cine.header.patient_key == "P1"
    np.testing.assert_array_equal(list(cine.frames()), FRAMES)


def test_a_stated_length_of_gigabytes_asks_for_no_more_than_the_file_holds(tmp_path):
    from echoclr_core.dicom.header_parser import BoundedFile

    content = bytes(range(256)) * 300
    (tmp_path / "x").write_bytes(content)
    with BoundedFile(tmp_path / "x") as file:
        assert file.read(10) == content[:10]
        file.seek(100)
        assert file.read(1 << 60) == content[100:]  # a plain file raises MemoryError here
        assert file.read(1 << 60) == b""
        file.seek(len(content) + 50)
        assert file.read(1 << 60) == b""
        file.seek(0)
        assert file.read() == content


@pytest.mark.parametrize("count", [None, ""])
def test_native_loop_without_number_of_frames_is_counted(make_dicom, count):
    np.testing.assert_array_equal(list(read_cine(make_dicom(FRAMES, NumberOfFrames=count)).frames()), FRAMES)
    odd = FRAMES[:3, :5, :7]
    np.testing.assert_array_equal(list(read_cine(make_dicom(odd, NumberOfFrames=count)).frames()), odd)
    assert outcome_of(make_dicom(FRAMES, NumberOfFrames=count, raw=bytes(100))) == "single_frame"
    ybr = {"PhotometricInterpretation": "YBR_FULL_422", "SamplesPerPixel": 3, "raw": bytes(3 * 2 * 48)}
    assert read_cine(make_dicom(FRAMES, NumberOfFrames=count, **ybr)).frame_count == 3


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert outcome_of(tmp_path / "pipe") == "not_dicom"


def test_a_header_that_inflates_to_gigabytes_is_given_up(make_dicom, monkeypatch):
    monkeypatch.setattr("echoclr_core.dicom.header_parser.MAX_HEADER_BYTES", 2**20)
    path = make_dicom(FRAMES, syntax=DeflatedExplicitVRLittleEndian, InstitutionAddress="x" * 2**10)
    assert read_cine(path).frame_count == len(FRAMES)
    large = make_dicom(FRAMES, syntax=DeflatedExplicitVRLittleEndian, EncapsulatedDocument=bytes(2**21))
    assert outcome_of(large) == "corrupt"
    many = make_dicom(np.zeros((4, 1024, 1024), np.uint8), syntax=DeflatedExplicitVRLittleEndian)
    assert sum(1 for _ in read_cine(many).frames()) == 4  # pixels are no part of it


def test_zeros_that_a_broken_copy_leaves_are_not_walked_through(make_dicom):
    path = make_dicom(FRAMES)
    content = path.read_bytes()
    path.write_bytes(
        content[: content.index(b"\x28\0\x10\0US")] + bytes(2**28)
    )  # minutes, element by element
    assert outcome_of(path) == "no_pixels"
