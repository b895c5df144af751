"""The header of a deidentified DICOM file: PS3.3's attributes of ultrasound loops, no text of the source."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.tag import Tag
from pydicom.uid import (
    PYDICOM_IMPLEMENTATION_UID,
    ExplicitVRLittleEndian,
    UltrasoundMultiFrameImageStorage,
)

from echoclr_core.deidentify.identifiers.header_allowlist import FIXED_WORDS, OTHER

METHOD = ("EchoCLR workflow", "PS3.15 Basic Profile", "Clean Pixel Data: sector alone")
BASIC_PROFILE = ("113100", "Basic Application Confidentiality Profile")
CLEAN_PIXEL_DATA = ("113101", "Clean Pixel Data Option")
MODIFIED_DATES = ("113107", "Retain Longitudinal Temporal Information Modified Dates Option")
EMPTY = (
    *("PatientBirthDate", "PatientSex", "StudyTime", "StudyID", "AccessionNumber", "SeriesNumber"),
    *("ReferringPhysicianName", "Laterality", "InstanceNumber", "PatientOrientation"),
)
"""Attributes that must be there (type 2) and may be empty."""
FRAME_TIME = Tag("FrameTime")
LOSSLESS = frozenset(
    f"1.2.840.10008.1.2{suffix}"
    for suffix in ("", ".1", ".1.99", ".2", ".5", ".4.57", ".4.70", ".4.80", ".4.90", ".4.201", ".4.202")
)
"""Transfer syntaxes that lose nothing (PS3.5, 8.2). All others may have been lossy."""


class NewUids(NamedTuple):
    """UIDs of a deidentified file, see :meth:`Pseudonyms.uid`."""

    study: str
    series: str
    instance: str


def deidentified_header(
    row: Mapping[str, Any], uids: NewUids, *, regions: Sequence[Dataset] = (), lossy: bool
) -> Dataset:
    """The dataset of one loop without its pixels, with file meta information.

    Parameters
    ----------
    row
        Its row of SOURCE_FILES: pseudonyms, size, frames, rate, known vendor and model; under "shifted_date"
        the moved date, YYYY-MM-DD, if there is one.
    uids
        New UIDs.
    regions
        Items of SequenceOfUltrasoundRegions, see
        :func:`~echoclr_core.deidentify.dicom_output.regions.geometry_of_regions`.
    lossy
        Whether the pixels were ever compressed with loss.
    """
    data = Dataset()
    _add_identity(data, row, uids)
    _add_method(data, _text(row, "shifted_date"))
    _add_picture(data, row, lossy=lossy)
    if regions:
        data.SequenceOfUltrasoundRegions = list(regions)
    data.file_meta = FileMetaDataset()
    data.file_meta.MediaStorageSOPClassUID = data.SOPClassUID
    data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return data


def _add_identity(data: Dataset, row: Mapping[str, Any], uids: NewUids) -> None:
    """Pseudonyms and new UIDs; attributes that must be there (type 2) and say who or when stay empty."""
    data.SOPClassUID, data.SOPInstanceUID = UltrasoundMultiFrameImageStorage, uids.instance
    data.StudyInstanceUID, data.SeriesInstanceUID = uids.study, uids.series
    data.PatientID = _text(row, "patient_id") or _text(row, "study_id")
    data.PatientName = f"{data.PatientID}^"
    data.StudyDate = _text(row, "shifted_date").replace("-", "")
    for keyword in EMPTY:
        setattr(data, keyword, None)
    data.Modality = "US"
    data.Manufacturer = _known(row, "manufacturer")
    if model := _known(row, "model"):
        data.ManufacturerModelName = model


def _add_method(data: Dataset, shifted_date: str) -> None:
    """What was done, in the words and codes of PS3.15 and PS3.16 (CID 7050)."""
    data.PatientIdentityRemoved = "YES"
    data.DeidentificationMethod = list(METHOD)
    codes = [BASIC_PROFILE, CLEAN_PIXEL_DATA, *([MODIFIED_DATES] if shifted_date else [])]
    data.DeidentificationMethodCodeSequence = [_code(*code) for code in codes]
    data.LongitudinalTemporalInformationModified = "MODIFIED" if shifted_date else "REMOVED"
    data.BurnedInAnnotation = "NO"


def _add_picture(data: Dataset, row: Mapping[str, Any], *, lossy: bool) -> None:
    data.ImageType = ["DERIVED", "PRIMARY"]
    data.LossyImageCompression = "01" if lossy else "00"
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.Rows, data.Columns = int(row["height"]), int(row["width"])
    data.NumberOfFrames = int(row["n_frames"])
    data.FrameIncrementPointer = FRAME_TIME
    data.FrameTime = f"{1000 / float(row['fps']):.6g}"
    data.BitsAllocated = data.BitsStored = 8
    data.HighBit, data.PixelRepresentation = 7, 0


def _code(value: str, meaning: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "DCM", meaning
    return item


def _text(row: Mapping[str, Any], name: str) -> str:
    return "" if pd.isna(row.get(name)) else str(row[name])


def _known(row: Mapping[str, Any], name: str) -> str:
    """A word of the allow-list; nothing for "other"."""
    word = _text(row, name)
    return "" if word == OTHER else word


def constant_text() -> str:
    """All words that a header may hold whatever its source: the standard's, and those of known vendors."""
    row = dict.fromkeys(("patient_id", "shifted_date", "manufacturer", "model"))
    row |= {"study_id": "", "height": 1, "width": 1, "n_frames": 1, "fps": 1.0}
    data = deidentified_header(row, NewUids("2.25.1", "2.25.1", "2.25.1"), lossy=True)
    words = [str(element.value) for element in data.iterall() if element.VR != "SQ"]
    words += [PYDICOM_IMPLEMENTATION_UID, ExplicitVRLittleEndian]  # of the file meta information
    return "\n".join([*words, *(word for words in FIXED_WORDS.values() for word in words), *MODIFIED_DATES])
