"""RGB or YCbCr: what the samples themselves say, since markers and tags often do not say the truth.

Decompressing archives leave YBR_FULL_422 on samples that are RGB; JPEG encoders call YCbCr RGB, and leave out
the marker. Taken for the wrong one, black becomes grey level 90, and grey becomes colour.
"""

import math

import numpy as np

DARK = 16  # first component of what is taken for black
MIN_SHARE = 0.01  # of the picture, and
MIN_PIXELS = 8  # so many pixels that must agree
MAX_DISSENT = 0.25  # of these, as many may say the opposite
CHROMA_SPREAD = 40  # grey levels around 128 of the colour differences of what is dark
DARK_SPREAD = 64  # grey levels of the other two components of what is dark in RGB
GREY_SPREAD = 8  # grey levels by which components of a grey pixel differ
MAX_PIXELS = 1 << 16  # that are looked at, evenly spread
GREY_SHARE = 0.6  # of the pixels that can tell, as many must be grey

RGB, YBR = "RGB", "YBR"


def colour_space_of(samples: np.ndarray) -> str | None:
    """The colour space of a picture by its content.

    Two rules, the first that applies:

    1. Where the first component is below 16, the other two are near 128 in YCbCr, and near 0 in RGB.
    2. Grey pixels, which are most of an ultrasound picture, have colour differences of 128 in YCbCr and three
       equal components in RGB; those whose first component is near 128 cannot tell.

    Parameters
    ----------
    samples
        (H, W, 3) uint8, as stored or decoded without any conversion of colours.

    Returns
    -------
    str or None
        "RGB", "YBR", or None where the picture does not say.
    """
    step = math.isqrt(samples.shape[0] * samples.shape[1] // MAX_PIXELS) + 1
    taken = samples[::step, ::step].astype(np.int16)
    first, second, third = (taken[..., channel] for channel in range(3))
    dark = first < DARK
    ybr = dark & _near(second, 128, CHROMA_SPREAD) & _near(third, 128, CHROMA_SPREAD)
    rgb = dark & (second <= DARK_SPREAD) & (third <= DARK_SPREAD)
    needed = max(MIN_PIXELS, MIN_SHARE * first.size)
    found = _majority(np.count_nonzero(ybr), np.count_nonzero(rgb), needed)
    if found is not None:
        return found
    telling = ~_near(first, 128, 3 * GREY_SPREAD)
    ybr = telling & _near(second, 128, GREY_SPREAD) & _near(third, 128, GREY_SPREAD)
    rgb = telling & _near(second, first, GREY_SPREAD) & _near(third, first, GREY_SPREAD)
    needed = max(needed, GREY_SHARE * np.count_nonzero(telling))
    return _majority(np.count_nonzero(ybr), np.count_nonzero(rgb), needed)


def _near(values: np.ndarray, centre: np.ndarray | int, spread: int) -> np.ndarray:
    return np.abs(values - centre) <= spread


def _majority(ybr: int, rgb: int, needed: float) -> str | None:
    if max(ybr, rgb) < needed or min(ybr, rgb) > MAX_DISSENT * max(ybr, rgb):
        return None
    return YBR if ybr > rgb else RGB


def converted_photometric(photometric: str, space: str | None) -> str:
    """The photometric interpretation that decoded samples of a colour space have.

    ``photometric`` where the content does not say (``space`` None), or where it agrees.
    """
    if space is None:
        return photometric
    if space == RGB:
        return "RGB"
    return photometric if photometric.startswith(("YBR_FULL", "YBR_PARTIAL")) else "YBR_FULL"
