"""Pixel data that contradicts its header or markers, as decompressing archives and some encoders leave it.

Every reader can find the truth in the samples or in the length of the data: the pictures are whole.
"""

from functools import partial

import cv2
import imagecodecs
import numpy as np

from echoclr_core.synthetic.files.pixel_encoding import JPEG, JPEG_LOSSLESS, JPEG_LS, Encoding, ybr_of

_ROW_PADDING = 3  # bytes


def _as_stored(frames: np.ndarray) -> np.ndarray:
    return frames


def _planes(frames: np.ndarray) -> np.ndarray:
    return frames.transpose(0, 3, 1, 2)


def _padded_frames(frames: np.ndarray) -> np.ndarray:
    """A byte after every frame: (T, bytes)."""
    return np.pad(frames.reshape(len(frames), -1), ((0, 0), (0, 1)))


def _padded_rows(frames: np.ndarray) -> np.ndarray:
    """Three bytes after every row: (T, H, bytes)."""
    return np.pad(frames.reshape(*frames.shape[:2], -1), ((0, 0), (0, 0), (0, _ROW_PADDING)))


def _padded_pairs(frames: np.ndarray) -> np.ndarray:
    """Y0 Y1 Cb Cr for every two pixels; an odd row has its last pixel twice: (T, H, W' / 2, 4)."""
    even = np.pad(ybr_of(frames), ((0, 0), (0, 0), (0, frames.shape[2] % 2), (0, 0)), mode="edge")
    pairs = even.reshape(*even.shape[:2], -1, 2, 3)
    chroma = pairs[..., 1:].mean(3).round().astype(np.uint8)
    return np.concatenate((pairs[..., 0], chroma), -1)


def _jpeg_without_marker(frames: np.ndarray, quality: int) -> list[bytes]:
    """YCbCr without the JFIF marker that would say so."""
    options = [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, 0x111111]
    encoded = [
        cv2.imencode(".jpg", cv2.cvtColor(frame, cv2.COLOR_RGB2BGR), options)[1].tobytes() for frame in frames
    ]
    return [data[:2] + data[4 + int.from_bytes(data[4:6], "big") :] for data in encoded]


def _lossless_jpeg(frames: np.ndarray, quality: int) -> list[bytes]:
    spaces = {"colorspace": "RGB", "outcolorspace": "RGB"}  # the components as they stand
    return [
        bytes(imagecodecs.jpeg8_encode(np.ascontiguousarray(frame), lossless=True, **spaces))
        for frame in ybr_of(frames)
    ]


def _jpeg_ls_with_zeros(frames: np.ndarray, quality: int, zeros: int) -> list[bytes]:
    encoded = [bytes(imagecodecs.jpegls_encode(frame, out=2 * frame.nbytes + 4096)) for frame in frames]
    return [data[:-2] + bytes(zeros) + data[-2:] for data in encoded]


CONTRADICTING: dict[str, Encoding] = {
    "jpeg_called_rgb": Encoding(syntax=JPEG, packed=_jpeg_without_marker),
    "jpeg_lossless_called_rgb": Encoding(syntax=JPEG_LOSSLESS, packed=_lossless_jpeg),
    "jpeg_ls_zero": Encoding(syntax=JPEG_LS, packed=partial(_jpeg_ls_with_zeros, zeros=1)),
    "rgb_called_ybr_422": Encoding(photometric="YBR_FULL_422", native=_as_stored),
    "ybr_called_rgb": Encoding(native=ybr_of),
    "planes_called_pixels": Encoding(native=_planes),
    "pixels_called_planes": Encoding(planar=1, native=_as_stored),
    "padded_frames": Encoding(native=_padded_frames),
    "padded_rows": Encoding(native=_padded_rows),
    "padded_pairs": Encoding(photometric="YBR_FULL_422", native=_padded_pairs),
}
"""Name to encoding; ``settings.CONTRADICTING`` lists the same names."""
