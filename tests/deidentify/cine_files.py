"""Small uncompressed DICOM cine loops, written for the tests."""

from pathlib import Path

import numpy as np
import pandas as pd
from phantom_screens import random_shape, screen
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, UltrasoundMultiFrameImageStorage

from echoclr_core.deidentify.identifiers.pseudonyms import Pseudonyms, pseudonymise
from echoclr_core.dicom.catalogue import scan_archive

KEY = bytes(range(32))
NAME = "Zółkiewska^Émilie"


def write_cine(
    path: Path, frames: np.ndarray, *, uid: str, study: str = "ACC-77", fps: float | None = 25.0
) -> None:
    """Write (T, H, W) or (T, H, W, 3) uint8 frames as a DICOM file with identifiers in its header."""
    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.file_meta.MediaStorageSOPClassUID = data.SOPClassUID = UltrasoundMultiFrameImageStorage
    data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID = uid
    data.SpecificCharacterSet = "ISO_IR 192"
    data.PatientName, data.PatientID, data.AccessionNumber = NAME, "MRN 0042", study
    data.StudyDate, data.Modality = "20190312", "US"
    data.Manufacturer, data.ManufacturerModelName = "Philips Medical Systems", "EPIQ 7C of Dr. Kowalski"
    if fps:
        data.FrameTime = f"{1000 / fps:.6g}"
    colour = frames.ndim == 4
    data.SamplesPerPixel = 3 if colour else 1
    data.PhotometricInterpretation = "RGB" if colour else "MONOCHROME2"
    if colour:
        data.PlanarConfiguration = 0
    data.NumberOfFrames, data.Rows, data.Columns = frames.shape[:3]
    data.BitsAllocated = data.BitsStored = 8
    data.HighBit, data.PixelRepresentation = 7, 0
    pixels = frames.tobytes()
    data.PixelData = pixels + b"\0" * (len(pixels) % 2)
    path.parent.mkdir(parents=True, exist_ok=True)
    data.save_as(path, enforce_file_format=True)


def phantom(
    seed: int = 0, *, height: int = 120, width: int = 160, count: int = 8
) -> tuple[np.ndarray, np.ndarray]:
    """Frames (count, H, W) uint8 of a phased-array screen and the true window (H, W) bool."""
    rng = np.random.default_rng(seed)
    return screen(rng, random_shape(rng, "phased", height, width), height, width, count=count, trace=False)


def archive(root: Path, names: list[str], *, count: int = 8) -> pd.DataFrame:
    """Write one phantom a name below ``root`` and return its restricted catalogue, all in shard 0."""
    for number, name in enumerate(names):
        frames, _ = phantom(number, count=count)
        write_cine(root / name, frames, uid=f"1.2.826.0.1.{number + 1}")
    return pseudonymise(scan_archive(root), Pseudonyms(KEY), 1)
