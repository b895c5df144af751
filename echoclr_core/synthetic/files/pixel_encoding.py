"""How a pixel encoding of the synthetic archive is described, and its transfer syntaxes."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import cv2
import numpy as np

_ROOT = "1.2.840.10008.1.2"
RAW, IMPLICIT, DEFLATED, BIG_ENDIAN = f"{_ROOT}.1", _ROOT, f"{_ROOT}.1.99", f"{_ROOT}.2"
JPEG, JPEG_LOSSLESS, JPEG_LS = f"{_ROOT}.4.50", f"{_ROOT}.4.70", f"{_ROOT}.4.80"
JPEG_2000, JPEG_XL, H264 = f"{_ROOT}.4.90", f"{_ROOT}.4.110", f"{_ROOT}.4.102"


@dataclass(frozen=True, kw_only=True)
class Encoding:
    """One way to store frames.

    Parameters
    ----------
    syntax
        Transfer Syntax UID.
    photometric
        PhotometricInterpretation.
    samples, bits
        SamplesPerPixel and BitsAllocated.
    planar
        PlanarConfiguration, for three samples.
    native
        (T, H, W, 3) uint8 RGB to the stored array, for uncompressed data.
    packed
        Frames and JPEG quality to codestreams, for compressed data; one of the two is None.
    even
        Whether height and width must be even.
    """

    syntax: str = RAW
    photometric: str = "RGB"
    samples: int = 3
    bits: int = 8
    planar: int = 0
    native: Callable[[np.ndarray], np.ndarray] | None = None
    packed: Callable[[np.ndarray, int], Iterable[bytes]] | None = None
    even: bool = False


def ybr_of(frames: np.ndarray) -> np.ndarray:
    """Full-range luma and colour differences (DICOM PS3.3 C.7.6.3.1.2): (T, H, W, 3) uint8."""
    converted = np.stack([cv2.cvtColor(frame, cv2.COLOR_RGB2YCrCb) for frame in frames])
    return converted[..., [0, 2, 1]]
