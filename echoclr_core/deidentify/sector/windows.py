"""Screens with several ultrasound windows side by side: how many there are, and which one is kept."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

SAMPLED_SIDE = 300  # pixels of the longer side that are looked at over time
GRID = 72  # cells along the longer side of the picture
MIN_LIT = 24  # grey levels of what is lit, and of what changes over time
MIN_SHARE = 0.3  # of a cell's pixels that must be so
MIN_TEXTURE = 3.0  # mean grey levels between neighbours: speckle has more, panels and bars have none
MIN_AREA = 0.3  # of what is kept, from which on a further piece is a window
MIN_AREA_INSIDE = 0.2  # likewise where the kept shape holds several
OPENING = 5  # cells; lines of text, traces and bars are thinner
APART = 0.4  # of the width of what is kept, by which centres of windows inside it differ
BESIDE = 0.12  # of the picture's size by which centres must differ to name a side


@dataclass(frozen=True, kw_only=True)
class Windows:
    """Windows of a screen.

    Parameters
    ----------
    count
        How many there are, the kept one included.
    kept
        Where the kept one lies among them ("left", "right", "upper", "lower", "upper left", ..., "middle");
        "all" where the fitted shape holds them all; None where it is the only one.
    """

    count: int
    kept: str | None


def find_windows(frames: NDArray[np.uint8], mask: NDArray[np.bool_]) -> Windows:
    """Count the ultrasound windows of a screen, moving or frozen.

    A window is a solid piece of the picture that changes over time, or is lit and textured as speckle is, of
    at least 0.3 of the area that is kept.

    Parameters
    ----------
    frames
        (T, H, W), a sample of the loop.
    mask
        (H, W), what is kept.
    """
    shown = _window_like(frames)
    kept = cv2.resize(mask.astype(np.float32), shown.shape[::-1], interpolation=cv2.INTER_AREA) > 0
    area = np.count_nonzero(kept)
    near = cv2.dilate(kept.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    others = _pieces(shown & ~near, MIN_AREA * area)
    if others:
        ys, xs = np.nonzero(kept)
        away = (np.array([xs.mean(), ys.mean()]) - np.mean(others, axis=0)) / shown.shape[::-1]
        return Windows(count=1 + len(others), kept=_side(*away))
    inside = _pieces(shown & kept, MIN_AREA_INSIDE * area)
    if len(inside) > 1 and np.ptp([x for x, _ in inside]) >= APART * np.ptp(np.nonzero(kept.any(0))[0]):
        return Windows(count=len(inside), kept="all")
    return Windows(count=1, kept=None)


def _pieces(window_like: NDArray[np.bool_], smallest: float) -> list[NDArray[np.float64]]:
    """Centres (x, y) of the solid pieces of at least so many cells."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (OPENING, OPENING))
    solid = cv2.morphologyEx(window_like.astype(np.uint8), cv2.MORPH_OPEN, kernel)
    _, _, stats, centres = cv2.connectedComponentsWithStats(solid, connectivity=4)
    areas = stats[1:, cv2.CC_STAT_AREA]
    return [centre for area, centre in zip(areas, centres[1:], strict=True) if area >= smallest]


def _window_like(frames: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """The cells that change over time, or are lit and textured."""
    step = max(1, max(frames.shape[1:]) // SAMPLED_SIDE)
    taken = frames[:, ::step, ::step]
    brightest, darkest = taken.max(0), taken.min(0)
    middle = frames[len(frames) // 2]
    texture = cv2.absdiff(middle[:, 1:], middle[:, :-1])
    lit, active = ((picture >= MIN_LIT).astype(np.float32) for picture in (brightest, brightest - darkest))
    cell = max(1.0, max(middle.shape) / GRID)
    size = (max(1, round(middle.shape[1] / cell)), max(1, round(middle.shape[0] / cell)))
    lit, active, texture = (
        cv2.resize(picture.astype(np.float32), size, interpolation=cv2.INTER_AREA)
        for picture in (lit, active, texture)
    )
    return (active >= MIN_SHARE) | ((lit >= MIN_SHARE) & (texture >= MIN_TEXTURE))


def _side(right: float, below: float) -> str:
    """The word for a place that lies so much further right and below, in shares of the picture."""
    words = [
        word
        for word, clear in (
            ("lower", below >= BESIDE),
            ("upper", below <= -BESIDE),
            ("right", right >= BESIDE),
            ("left", right <= -BESIDE),
        )
        if clear
    ]
    return " ".join(words) or "middle"
