"""Frames to DICOM files, in the encodings and with the tags that vendors use."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    BasicTextSRStorage,
    ExplicitVRLittleEndian,
    JPEGBaseline8Bit,
    RLELossless,
    UltrasoundImageStorage,
    UltrasoundMultiFrameImageStorage,
)

_IMPLEMENTATION = "2.25.231404977431086163187126458817914013"
_JPEG_422 = 0x211111  # OpenCV's code for half the colour samples in each row


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


def base_dataset(identity: Identity, *, sop_class: str, syntax: str) -> Dataset:
    """A dataset with file meta and identity, without pixels."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = sop_class
    meta.MediaStorageSOPInstanceUID = identity.sop_uid
    meta.TransferSyntaxUID = syntax
    meta.ImplementationClassUID = _IMPLEMENTATION
    dataset = Dataset()
    dataset.file_meta = meta
    dataset.SpecificCharacterSet = "ISO_IR 192"
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


def set_pixels(dataset: Dataset, frames: np.ndarray, *, encoding: str, jpeg_quality: int = 90) -> None:
    """Encode ``frames`` into ``dataset`` and set every tag that describes them.

    Parameters
    ----------
    frames
        (T, H, W, 3) uint8 RGB.
    encoding
        "jpeg" (baseline, YBR_FULL_422), "rgb", "rgb_planar", "mono", "rle" or "palette".
    jpeg_quality
        1 to 100.
    """
    count, height, width, _ = frames.shape
    dataset.Rows, dataset.Columns = height, width
    if count > 1:
        dataset.NumberOfFrames = count
    dataset.BitsAllocated = dataset.BitsStored = 8
    dataset.HighBit, dataset.PixelRepresentation = 7, 0
    dataset.SamplesPerPixel = 1 if encoding in ("mono", "palette") else 3
    if dataset.SamplesPerPixel == 3:
        dataset.PlanarConfiguration = int(encoding == "rgb_planar")
    dataset.PhotometricInterpretation = {
        "jpeg": "YBR_FULL_422",
        "mono": "MONOCHROME2",
        "palette": "PALETTE COLOR",
    }.get(encoding, "RGB")
    if encoding == "jpeg":
        _set_jpeg(dataset, frames, jpeg_quality)
        return
    raw = {"mono": _grey, "palette": _indices, "rgb_planar": _planes}.get(encoding, np.asarray)(frames)
    if encoding == "palette":
        _set_palette(dataset)
    data = np.ascontiguousarray(raw).tobytes()
    dataset.PixelData = data + b"\0" * (len(data) % 2)
    dataset["PixelData"].VR = "OB"
    if encoding == "rle":
        dataset.compress(RLELossless, generate_instance_uid=False)


def _set_jpeg(dataset: Dataset, frames: np.ndarray, quality: int) -> None:
    options = [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, _JPEG_422]
    encoded = []
    for frame in frames:
        done, data = cv2.imencode(".jpg", cv2.cvtColor(frame, cv2.COLOR_RGB2BGR), options)
        assert done, "OpenCV refused a JPEG frame"
        encoded.append(data.tobytes())
    dataset.LossyImageCompression = "01"
    dataset.PixelData = encapsulate(encoded)
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True


def _grey(frames: np.ndarray) -> np.ndarray:
    return np.stack([cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in frames])


def _planes(frames: np.ndarray) -> np.ndarray:
    return frames.transpose(0, 3, 1, 2)


def _palette() -> np.ndarray:
    """(256, 3) uint8: 192 greys, then 4 × 4 × 4 colours."""
    greys = np.repeat(np.round(np.linspace(0, 255, 192))[:, None], 3, 1)
    cube = np.stack(np.meshgrid(*[np.array([0, 85, 170, 255])] * 3, indexing="ij"), -1).reshape(-1, 3)
    return np.concatenate((greys, cube)).astype(np.uint8)


def _indices(frames: np.ndarray) -> np.ndarray:
    """Nearest grey for grey pixels, nearest cube colour for coloured ones: (T, H, W) uint8."""
    low, high = frames.min(-1), frames.max(-1)
    grey = np.round(_grey(frames) * (191 / 255)).astype(np.uint8)
    steps = ((frames.astype(np.uint16) + 42) // 85).astype(np.uint8)
    cube = 192 + 16 * steps[..., 0] + 4 * steps[..., 1] + steps[..., 2]
    return np.where(high - low > 24, cube, grey)


def _set_palette(dataset: Dataset) -> None:
    for name, channel in zip(("Red", "Green", "Blue"), _palette().T, strict=True):
        setattr(dataset, f"{name}PaletteColorLookupTableDescriptor", [256, 0, 16])
        table = (channel.astype("<u2") * 257).tobytes()
        setattr(dataset, f"{name}PaletteColorLookupTableData", table)


def set_rate(dataset: Dataset, tag: str, frame_rate: float, frames: int) -> None:
    """State the frame rate by one tag: "vector", "time", "cine_rate" or "recommended".

    Vendors round CineRate and RecommendedDisplayFrameRate to whole frames a second; so does this.
    """
    milliseconds = 1000 / frame_rate
    if tag == "vector":
        dataset.FrameIncrementPointer = 0x00181065
        dataset.FrameTimeVector = [0.0, *[round(milliseconds, 4)] * (frames - 1)]
    elif tag == "time":
        dataset.FrameIncrementPointer = 0x00181063
        dataset.FrameTime = round(milliseconds, 6)
    elif tag == "cine_rate":
        dataset.CineRate = round(frame_rate)
    else:
        dataset.RecommendedDisplayFrameRate = round(frame_rate)


def set_region(
    dataset: Dataset, box: tuple[int, int, int, int], *, stale: float = 1.0, data_type: int = 1
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
    """
    region = Dataset()
    region.RegionSpatialFormat = 1 if data_type < 3 else 3
    region.RegionDataType = data_type
    region.RegionFlags = 0
    x0, y0, x1, y1 = (round(stale * corner) for corner in box)
    region.RegionLocationMinX0, region.RegionLocationMinY0 = x0, y0
    region.RegionLocationMaxX1, region.RegionLocationMaxY1 = x1, y1
    region.PhysicalUnitsXDirection = region.PhysicalUnitsYDirection = 3
    dataset.SequenceOfUltrasoundRegions = [region]


def still_dataset(
    identity: Identity, picture: np.ndarray, box: tuple[int, int, int, int], *, spectral: bool
) -> Dataset:
    """A single picture, (H, W, 3) uint8, with a region around ``box``; JPEG."""
    dataset = base_dataset(identity, sop_class=STILL, syntax=JPEG)
    set_region(dataset, box, data_type=3 if spectral else 1)
    set_pixels(dataset, picture[None], encoding="jpeg")
    return dataset


def save(dataset: Dataset, path: Path) -> None:
    """Write ``dataset`` as a DICOM file with preamble."""
    path.parent.mkdir(parents=True, exist_ok=True)
    dataset.save_as(path, enforce_file_format=True)


MULTI_FRAME, STILL = str(UltrasoundMultiFrameImageStorage), str(UltrasoundImageStorage)
REPORT = str(BasicTextSRStorage)
RAW, JPEG = str(ExplicitVRLittleEndian), str(JPEGBaseline8Bit)
