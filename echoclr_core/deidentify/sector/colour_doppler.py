"""The share of strongly coloured pixels: separates colour Doppler from B-mode without trusting the header."""

import cv2
import numpy as np
from numpy.typing import NDArray

MIN_COLOUR_SPREAD = (
    64  # grey levels between the largest and the smallest of R, G, B; tinted grey maps stay below
)
SAMPLED_FRAMES = 4  # frames; decoding colour costs several times as much as luma


def colour_share(frames: NDArray[np.uint8], mask: NDArray[np.bool_]) -> float:
    """Mean share of strongly coloured pixels inside a mask.

    Parameters
    ----------
    frames
        (T, H, W, 3) uint8 RGB.
    mask
        (H, W) bool; not empty.

    Returns
    -------
    float
        0 to 1.
    """
    assert mask.any()
    keep = np.where(mask, np.uint8(255), np.uint8(0))
    strong = 0
    for frame in frames:
        red, green, blue = cv2.split(frame)
        spread = cv2.subtract(cv2.max(cv2.max(red, green), blue), cv2.min(cv2.min(red, green), blue))
        strong += cv2.countNonZero(cv2.bitwise_and(cv2.compare(spread, MIN_COLOUR_SPREAD, cv2.CMP_GE), keep))
    return strong / (len(frames) * np.count_nonzero(mask))
