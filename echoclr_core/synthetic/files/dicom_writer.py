"""DICOM headers as vendors write them, with their liberties; the pixels come from ``encodings``."""

import hashlib
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
from pydicom.config import IGNORE
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.tag import Tag
from pydicom.uid import (
    MPEG2MPML,
    BasicTextSRStorage,
    MediaStorageDirectoryStorage,
    UltrasoundImageStorage,
    UltrasoundMultiFrameImageStorage,
)

from echoclr_core.synthetic.files.encodings import set_pixels
from echoclr_core.synthetic.files.pixel_encoding import JPEG_XL, RAW

_FRAME_TIME = 0x00181063
_STRAY_DELIMITER = b"\xfe\xff\xdd\xe0\0\0\0\0"
_STAND_IN = str(MPEG2MPML)
_IMPLEMENTATION = "2.25.231404977431086163187126458817914013"


def make_uid(*keys: object) -> str:
    """A DICOM UID that hangs on ``keys`` alone (the UUID-derived root 2.25)."""
    text = "\x1f".join(str(key) for key in keys)
    return f"2.25.{int.from_bytes(hashlib.sha256(text.encode()).digest()[:15], 'big')}"


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Header values of one file.

    Parameters
    ----------
    sop_uid, study_uid, series_uid
        UIDs.
    accession, patient_id, patient_name, birth_date, sex
        As in the archive.
    date
        YYYYMMDD.
    manufacturer, model
        Of the scanner.
    instance
        InstanceNumber.
    character_set
        SpecificCharacterSet.
    """

    sop_uid: str
    study_uid: str
    series_uid: str
    accession: str
    patient_id: str
    patient_name: str
    birth_date: str
    sex: str
    date: str
    manufacturer: str
    model: str
    instance: int
    character_set: str | tuple[str, ...] = "ISO_IR 192"


def base_dataset(identity: Identity, *, sop_class: str, syntax: str = RAW) -> Dataset:
    """A dataset with file meta and identity, without pixels (``set_pixels`` sets the syntax they need)."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = sop_class
    meta.MediaStorageSOPInstanceUID = identity.sop_uid
    meta.TransferSyntaxUID = syntax
    meta.ImplementationClassUID = _IMPLEMENTATION
    dataset = Dataset()
    dataset.file_meta = meta
    dataset.SpecificCharacterSet = (
        identity.character_set if isinstance(identity.character_set, str) else list(identity.character_set)
    )
    dataset.SOPClassUID, dataset.SOPInstanceUID = sop_class, identity.sop_uid
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = identity.study_uid, identity.series_uid
    dataset.StudyDate = identity.date
    dataset.AccessionNumber = identity.accession
    dataset.Modality = "US"
    dataset.Manufacturer, dataset.ManufacturerModelName = identity.manufacturer, identity.model
    dataset.PatientName, dataset.PatientID = identity.patient_name, identity.patient_id
    dataset.PatientBirthDate, dataset.PatientSex = identity.birth_date, identity.sex
    dataset.InstanceNumber = identity.instance
    return dataset


def set_rate(dataset: Dataset, tag: str, frame_rate: float, frames: int) -> None:
    """State the frame rate by one tag, by several of which only some can be right, or not at all.

    Parameters
    ----------
    tag
        "vector", "time", "cine_rate" or "recommended": that tag alone; vendors round the last two to whole
        frames a second, and so does this. "all": a vector and everything that follows from it.
        "zero_time": a FrameTime of 0, as exporters leave it, beside a true CineRate. "none": nothing.
        "pointer": a wrong vector beside the FrameTime that FrameIncrementPointer names. "comma": FrameTime
        with a decimal comma. "groups": the time of each frame in the functional groups.
    """
    milliseconds = 1000 / frame_rate
    if tag in ("vector", "all"):
        dataset.FrameIncrementPointer = 0x00181065
        dataset.FrameTimeVector = [0.0, *[round(milliseconds, 4)] * (frames - 1)]
    if tag in ("time", "zero_time"):
        dataset.FrameIncrementPointer = _FRAME_TIME
        dataset.FrameTime = round(milliseconds, 6) if tag == "time" else 0
    if tag == "all":  # the times are the truth; the two rates say how fast a viewer should play it
        dataset.CineRate = dataset.RecommendedDisplayFrameRate = max(round(frame_rate / 2), 1)
    if tag in ("cine_rate", "zero_time"):
        dataset.CineRate = round(frame_rate)
    if tag == "pointer":
        dataset.FrameIncrementPointer = _FRAME_TIME
        dataset.FrameTime = round(milliseconds, 6)
        dataset.FrameTimeVector = [0.0, *[125] * (frames - 1)]
    if tag == "comma":
        text = f"{milliseconds:.6f}".replace(".", ",").encode()
        dataset[_FRAME_TIME] = RawDataElement(Tag(_FRAME_TIME), "DS", len(text), text, 0, False, True)
    if tag == "groups":
        dataset.PerFrameFunctionalGroupsSequence = [
            _frame_group(number * milliseconds / 1000) for number in range(frames)
        ]
    if tag == "recommended":
        dataset.RecommendedDisplayFrameRate = round(frame_rate)


def _frame_group(seconds: float) -> Dataset:
    """Functional groups of the frame that was taken so long after the first."""
    position, group = Dataset(), Dataset()
    position.TemporalPositionTimeOffset = seconds
    group.TemporalPositionSequence = [position]
    return group


def set_region(
    dataset: Dataset,
    box: tuple[int, int, int, int],
    *,
    stale: float = 1.0,
    data_type: int = 1,
    px_per_cm: float | None = None,
) -> None:
    """Add one ultrasound region.

    Parameters
    ----------
    box
        x0, y0, x1, y1 in pixels, inclusive.
    stale
        Factor on the corners: 1.86 makes the tag of a frame that was made smaller later.
    data_type
        1 tissue, 2 colour flow, 3 spectral Doppler.
    px_per_cm
        Scale of the picture; None states none.
    """
    region = Dataset()
    region.RegionSpatialFormat = 1 if data_type < 3 else 3
    region.RegionDataType = data_type
    region.RegionFlags = 0
    x0, y0, x1, y1 = (round(stale * corner) for corner in box)
    region.RegionLocationMinX0, region.RegionLocationMinY0 = x0, y0
    region.RegionLocationMaxX1, region.RegionLocationMaxY1 = x1, y1
    region.PhysicalUnitsXDirection = region.PhysicalUnitsYDirection = 3
    if px_per_cm is not None:
        region.PhysicalDeltaX = region.PhysicalDeltaY = 1 / (stale * px_per_cm)
    dataset.SequenceOfUltrasoundRegions = [region]


def still_dataset(
    identity: Identity, picture: np.ndarray, box: tuple[int, int, int, int], *, spectral: bool
) -> Dataset:
    """A single picture, (H, W, 3) uint8, with a region around ``box``; JPEG."""
    dataset = base_dataset(identity, sop_class=STILL)
    set_region(dataset, box, data_type=3 if spectral else 1)
    set_pixels(dataset, picture[None], encoding="jpeg")
    return dataset


def save(dataset: Dataset, path: Path, *, quirk: str = "none") -> None:
    """Write ``dataset`` as a DICOM file.

    Parameters
    ----------
    quirk
        One of ``settings.QUIRKS``: "none" is a file by the book. "no_meta" leaves preamble and file meta out.
        "stray_delimiter" ends with a sequence delimiter that belongs to no sequence. "dotted_date" writes
        the date as ACR-NEMA did, "wrong_syntax" declares uncompressed data where there is JPEG.
        "claims_clean" swears that name and text were removed, which nothing here has done.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if quirk == "dotted_date":
        day = dataset.StudyDate
        dotted = f"{day[:4]}.{day[4:6]}.{day[6:]}"
        dataset.add(DataElement("StudyDate", "DA", dotted, validation_mode=IGNORE))
    if quirk == "claims_clean":
        dataset.BurnedInAnnotation, dataset.PatientIdentityRemoved = "NO", "YES"
    if quirk == "wrong_syntax":
        dataset.file_meta.TransferSyntaxUID = RAW
    content = _bare_bytes(dataset) if quirk == "no_meta" else _whole_bytes(dataset)
    path.write_bytes(content + (_STRAY_DELIMITER if quirk == "stray_delimiter" else b""))


def _bare_bytes(dataset: Dataset) -> bytes:
    """The elements alone, explicit little endian."""
    buffer = BytesIO()
    del dataset.file_meta
    dataset.save_as(buffer, enforce_file_format=False, implicit_vr=False, little_endian=True)
    return buffer.getvalue()


def _whole_bytes(dataset: Dataset) -> bytes:
    """Preamble, file meta and elements. pydicom does not write JPEG XL: a UID of equal length stands in."""
    buffer = BytesIO()
    jpeg_xl = dataset.file_meta.TransferSyntaxUID == JPEG_XL
    if jpeg_xl:
        dataset.file_meta.TransferSyntaxUID = _STAND_IN
    dataset.save_as(buffer, enforce_file_format=True)
    content = buffer.getvalue()
    return content.replace(_STAND_IN.encode(), JPEG_XL.encode(), 1) if jpeg_xl else content


MULTI_FRAME, STILL = str(UltrasoundMultiFrameImageStorage), str(UltrasoundImageStorage)
REPORT, DIRECTORY = str(BasicTextSRStorage), str(MediaStorageDirectoryStorage)
