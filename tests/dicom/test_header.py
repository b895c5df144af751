"""What is read of a header: only what is used, and nothing of a person where pixels are decoded."""

import logging
import warnings
from pathlib import Path

import numpy as np
import pytest
from pydicom import config
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian

from echoclr_core.deidentify.identifiers.header_allowlist import photometric
from echoclr_core.dicom import header_parser
from echoclr_core.dicom.header import Description, Identity
from echoclr_core.dicom.header_parser import IDENTITY_KEYWORDS, KEYWORDS, parse_header
from echoclr_core.dicom.pixel_format import SAMPLES
from echoclr_core.dicom.reading import read_cine
from echoclr_core.dicom.values import quiet_pydicom, strings

FRAMES = np.zeros((3, 6, 8), np.uint8)
IDENTIFYING = {"PatientID": "P 4711", "AccessionNumber": "ACC-4711", "SOPInstanceUID": "1.2.4711"}


def test_who_decodes_pixels_holds_no_identifier(make_dicom):
    path = make_dicom(FRAMES, PatientName="Kowalska^Anna", StudyDate="20190312", **IDENTIFYING)
    parsed = parse_header(path, study_key=None)
    held = {element.keyword for element in parsed.dataset}
    assert not held & {*IDENTITY_KEYWORDS, "AccessionNumber", "PatientName", "StudyInstanceUID"}
    assert "Kowalska" not in str(parsed.dataset)
    assert "4711" not in str(parsed.dataset)
    cine = read_cine(path, study_key=None)
    assert type(cine.header) is Description
    assert len(list(cine.frames())) == 3


def test_the_two_halves_make_the_whole(make_dicom):
    header = read_cine(make_dicom(FRAMES, **IDENTIFYING)).header
    assert (header.study_key, header.patient_key, header.sop_uid) == ("ACC-4711", "P 4711", "1.2.4711")
    assert isinstance(header, Identity)
    assert isinstance(header, Description)


def test_pydicom_is_quiet_whatever_its_log_was_set_to():
    logging.getLogger("pydicom").setLevel(logging.CRITICAL + 1)
    try:
        with quiet_pydicom(), quiet_pydicom():
            pass
        with quiet_pydicom(), warnings.catch_warnings(record=True) as told:
            assert config.settings.reading_validation_mode == config.IGNORE
        assert told == []
        assert config.settings.reading_validation_mode != config.IGNORE
    finally:
        logging.getLogger("pydicom").setLevel(logging.NOTSET)


def test_every_keyword_that_is_read_is_used():
    """pydicom itself uses SpecificCharacterSet; the palettes' names are put together from parts."""
    room = Path(header_parser.__file__).parent
    sources = [path for path in room.glob("*.py") if path.name != "header_parser.py"]
    text = "".join(path.read_text(encoding="utf-8") for path in sources)
    names = [name for name in (*KEYWORDS, *IDENTITY_KEYWORDS) if "PaletteColorLookupTable" not in name]
    assert [name for name in names if f'"{name}"' not in text] == ["SpecificCharacterSet"]
    assert "PaletteColorLookupTable" in text


def test_every_photometric_interpretation_that_is_read_is_recorded_by_its_name():
    assert [name for name in SAMPLES if photometric(name) != name] == []


@pytest.mark.parametrize("big_endian", [False, True])
def test_values_read_from_the_raw_bytes_are_those_that_pydicom_converts(big_endian, tmp_path):
    """Text that no character set changes and binary numbers are read without pydicom's classes."""
    values = {
        "NumberOfFrames": "12",
        "StudyDate": "20200131",
        "StudyInstanceUID": "1.2.840.1",
        "FrameTimeVector": ["0.0", "33.3", "3.33e1"],
        "Rows": 240,
        "FrameIncrementPointer": 0x00181065,
        "ManufacturerModelName": "Müller",
        "RedPaletteColorLookupTableDescriptor": [256, 0, 16],
        "SpecificCharacterSet": "ISO_IR 100",
        "HighBit": "",
    }
    dataset = Dataset()
    for keyword, value in values.items():
        setattr(dataset, keyword, None if value == "" else value)
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRBigEndian if big_endian else ExplicitVRLittleEndian
    path = tmp_path / "file.dcm"
    dataset.save_as(path, implicit_vr=False, little_endian=not big_endian, enforce_file_format=False)
    for keyword in values:
        raw, converted = parse_header(path).dataset, parse_header(path).dataset
        converted[keyword]
        assert strings(raw, keyword) == strings(converted, keyword)
    assert strings(parse_header(path).dataset, "FrameTimeVector") == ["0.0", "33.3", "3.33e1"]
    assert strings(parse_header(path).dataset, "HighBit") == []
