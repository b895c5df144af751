"""DICOM files made to measure, and where the real ones are."""

import os
import sys
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import ExplicitVRLittleEndian

sys.path.insert(0, str(Path(__file__).parent))  # for the processes that tests start: the helpers beside them
ROOT = Path(__file__).resolve().parents[2]
ULTRASOUND_MULTIFRAME = "1.2.840.10008.5.1.4.1.1.3.1"


@pytest.fixture(scope="session")
def real_folder() -> Path:
    folder = Path(os.path.normpath(ROOT / ".." / "shared" / "real"))
    if not folder.is_dir():
        pytest.skip("the folder ../shared/real with real files is not there")
    return folder


@pytest.fixture
def make_dicom(tmp_path):
    """Write a multi-frame ultrasound file and return its path.

    ``frames`` is either one array (T, H, W) or (T, H, W, 3), written natively, or a list of codestreams,
    which are encapsulated. Keywords given by name are set on the dataset; None deletes one.
    """

    def make(frames, *, syntax=ExplicitVRLittleEndian, name="cine.dcm", shape=None, raw=None, **tags) -> Path:
        dataset = Dataset()
        dataset.SOPClassUID = ULTRASOUND_MULTIFRAME
        dataset.SOPInstanceUID = "1.2.3.4"
        dataset.AccessionNumber = "A1"
        dataset.PatientID = "P1"
        dataset.StudyDate = "20200131"
        encapsulated = isinstance(frames, list)
        shape = shape or frames.shape
        depth = 8 if encapsulated else frames.dtype.itemsize * 8
        dataset.NumberOfFrames = len(frames)
        dataset.Rows, dataset.Columns = shape[1:3]
        dataset.SamplesPerPixel = 3 if len(shape) == 4 else 1
        dataset.PhotometricInterpretation = "RGB" if len(shape) == 4 else "MONOCHROME2"
        dataset.PlanarConfiguration = 0
        dataset.BitsAllocated = dataset.BitsStored = depth
        dataset.HighBit = depth - 1
        dataset.PixelRepresentation = 0
        for keyword, value in tags.items():
            if value is None:
                delattr(dataset, keyword)
            else:
                setattr(dataset, keyword, value)
        dataset.file_meta = FileMetaDataset()
        # pydicom refuses to write JPEG XL under its own UID: another of the same length is put there first
        jpeg_xl = syntax.startswith("1.2.840.10008.1.2.4.11")
        dataset.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.4.100" if jpeg_xl else syntax
        if encapsulated:
            dataset.PixelData = encapsulate(frames)
            dataset["PixelData"].VR = "OB"
            dataset["PixelData"].is_undefined_length = True
        else:
            big = syntax == "1.2.840.10008.1.2.2"
            data = (
                frames.astype(frames.dtype.newbyteorder(">" if big else "<")).tobytes()
                if raw is None
                else raw
            )
            dataset.PixelData = data + b"\0" * (len(data) % 2)
            dataset["PixelData"].VR = "OW" if dataset.BitsAllocated == 16 else "OB"
        path = tmp_path / name
        dataset.save_as(path, enforce_file_format=True)
        if jpeg_xl:
            path.write_bytes(path.read_bytes().replace(b"1.2.840.10008.1.2.4.100", syntax.encode(), 1))
        return path

    return make


@pytest.fixture
def moving() -> np.ndarray:
    """(5, 24, 32, 3) uint8 RGB: smooth colour gradients that move, all colours well inside the gamut."""
    t, y, x = np.mgrid[0:5, 0:24, 0:32]
    red, green, blue = 40 + 5 * x, 60 + 6 * y, 90 + x + y + 8 * t
    return np.stack([red, green, blue], axis=-1).astype(np.uint8)
