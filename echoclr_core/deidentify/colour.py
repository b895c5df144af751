"""The share of strongly coloured pixels: how colour Doppler is told from B-mode, whatever the tags say."""

import numpy as np
from numpy.typing import NDArray

STRONG = 64  # grey levels between the largest and the smallest of R, G, B; tinted grey maps stay below
SAMPLED = 4  # frames; decoding colour costs several times as much as luma


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
    inside = frames[:, mask]  # (T, pixels, 3)
    strong = inside.max(axis=2) - inside.min(axis=2) >= STRONG
    return float(strong.mean())
