"""Cine files whose pixel data is damaged inside, refers elsewhere, or is of another kind of image."""

import numpy as np
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate, generate_frames

from echoclr_core.synthetic.files.encodings import set_pixels
from echoclr_core.synthetic.files.pixel_encoding import H264

_STORAGE = "1.2.840.10008.5.1.4.1.1."
OTHER_IMAGES = {
    "angiogram": ("12.1", "XA"),
    "magnetic_resonance": ("4.1", "MR"),
    "segmentation": ("66.4", "SEG"),
    "volume": ("6.2", "US"),
}
"""Kind to SOP class (below the standard's root) and modality of multi-frame images that are no loops."""

JPEG_QUALITY = 90


def make_other_image(dataset: Dataset, frames: np.ndarray, kind: str) -> None:
    """A loop's dataset made one of OTHER_IMAGES, with the pixels it had."""
    sop_class, dataset.Modality = OTHER_IMAGES[kind]
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = _STORAGE + sop_class
    set_pixels(dataset, frames, encoding="mono")


def set_half_a_scan(dataset: Dataset, frames: np.ndarray) -> None:
    """JPEG whose middle frame lacks half of its coded data; its begin and end are whole."""
    set_pixels(dataset, frames, encoding="jpeg", jpeg_quality=JPEG_QUALITY)
    streams = list(generate_frames(dataset.PixelData, number_of_frames=len(frames)))
    middle = len(frames) // 2
    streams[middle] = streams[middle][: len(streams[middle]) // 2] + b"\xff\xd9"
    _encapsulate(dataset, streams)


def set_without_end(dataset: Dataset, frames: np.ndarray) -> None:
    """JPEG 2000 whose last frame lacks its end marker."""
    set_pixels(dataset, frames, encoding="jpeg_2000")
    streams = list(generate_frames(dataset.PixelData, number_of_frames=len(frames)))
    streams[-1] = streams[-1][: streams[-1].rindex(b"\xff\xd9")]
    _encapsulate(dataset, streams)


def set_reference(dataset: Dataset, frames: np.ndarray) -> None:
    """An H.264 stream that is a text naming another video file, which FFmpeg would read."""
    set_pixels(dataset, frames, encoding="mono")
    dataset.file_meta.TransferSyntaxUID = H264
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 3, "YBR_PARTIAL_420"
    dataset.PlanarConfiguration = 0
    _encapsulate(dataset, [b"ffconcat version 1.0\nfile 'video.mp4'\n"])


def set_unexplained_length(dataset: Dataset, frames: np.ndarray) -> None:
    """Native data with bytes after the last frame that are neither zeros nor frames."""
    set_pixels(dataset, frames, encoding="mono")
    dataset.PixelData += bytes(range(1, 101))


def _encapsulate(dataset: Dataset, streams: list[bytes]) -> None:
    dataset.PixelData = encapsulate([stream + b"\0" * (len(stream) % 2) for stream in streams])
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True


DAMAGED = {
    "half_a_scan": (set_half_a_scan, "corrupt"),
    "no_end_marker": (set_without_end, "truncated"),
    "reference": (set_reference, "corrupt"),
    "unexplained_length": (set_unexplained_length, "corrupt"),
}
"""Kind to the function that sets such pixels, and the outcome."""
