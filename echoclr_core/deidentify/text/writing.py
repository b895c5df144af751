"""Whether drawn strokes stand as writing does, in whatever script: no alphabet is needed for that.

A line of writing is crossed by several strokes along each of its rows, and by more than one along its
columns. Depth ticks, the dots of a calliper and the line of an ECG are crossed once along their columns, an
outline is too tall, and a single marker too narrow. Tissue that the text detector takes for a line (the
near field, a valve, the corner of a chamber) makes a tall box with few strokes of little contrast: the taller
a line, the more of both writing has. Limits were set on names in seventeen scripts, typed into loops of the
phantom and real ones, and on loops without.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Box = tuple[int, int, int, int]  # x0, y0, x1, y1 in pixels, half open

MIN_STROKE_PIXELS = 16  # of a line's strokes that lie inside what is kept
MIN_LINE_HEIGHT = 5  # pixels
MAX_LINE_HEIGHT = 0.11  # of the picture's height
MAX_FOUND_HEIGHT = 0.15  # the same where the text detector marks the line; its box is larger than the letters
MIN_LINE_ASPECT = 1.1  # width over height
MIN_MOST_CROSSINGS = 3  # strokes that are crossed by the row that crosses most
MIN_LAYERS, MAX_LAYERS = (
    1.15,
    3.2,
)  # strokes that a column crosses, mean over the columns that cross any
MIN_DENSITY, MAX_DENSITY = 0.8, 3.5  # strokes that a row crosses, for each height along the line's width
MAX_FILL = 0.55  # share of the line's box; more is a bar


@dataclass(frozen=True, kw_only=True)
class WritingLimits:
    """What strokes must have at least to be taken for writing; the less else speaks for it, the more.

    Parameters
    ----------
    crossings
        Strokes that a row of the line crosses, mean over the rows that cross any.
    contrast
        Median grey level difference within 3 x 3 pixels, at the strokes.
    strength
        Product of the two, over the square root of the line's height as a share of the screen's.
    tallest
        Height of a line at most, as a share of the screen's.
    """

    crossings: float
    contrast: float
    strength: float = 0.0
    tallest: float = MAX_LINE_HEIGHT


STANDING = WritingLimits(crossings=2.0, contrast=48, strength=1000)  # strokes stand still
# and the text detector marks a line there
STANDING_AND_FOUND = WritingLimits(crossings=1.8, contrast=36, strength=1000)
# marked in a picture gathered over time, whose contrast is lower
GATHERED_AND_FOUND = WritingLimits(crossings=1.8, contrast=40, strength=400, tallest=MAX_FOUND_HEIGHT)
# marked in a single frame
SEEN_AND_FOUND = WritingLimits(crossings=2.0, contrast=40, strength=930, tallest=MAX_FOUND_HEIGHT)
# marked in the brightest values over time
BRIGHTEST_AND_FOUND = WritingLimits(crossings=2.0, contrast=80, strength=900, tallest=MAX_FOUND_HEIGHT)


@dataclass(frozen=True, kw_only=True)
class StrokePattern:
    """How the strokes of one line are arranged.

    Parameters
    ----------
    pixels
        Number of stroke pixels.
    fill
        Their share of the line's box.
    crossings, most_crossings
        Strokes that a row crosses: mean over the rows that cross any, and largest.
    density
        ``crossings`` for each height of the line along its width.
    layers
        Strokes that a column crosses: mean over the columns that cross any.
    contrast
        Median grey level difference within 3 x 3 pixels, at the strokes.
    """

    pixels: int
    fill: float
    crossings: float
    most_crossings: int
    density: float
    layers: float
    contrast: float

    def resembles_writing(self, limits: WritingLimits) -> bool:
        """Whether writing has such a pattern, and ticks, outlines, curves and tissue have not."""
        return (
            self.pixels >= MIN_STROKE_PIXELS
            and self.fill <= MAX_FILL
            and self.crossings >= limits.crossings
            and self.most_crossings >= MIN_MOST_CROSSINGS
            and MIN_DENSITY <= self.density <= MAX_DENSITY
            and MIN_LAYERS <= self.layers <= MAX_LAYERS
            and self.contrast >= limits.contrast
        )


def stroke_pattern(strokes: NDArray[np.bool_], picture: NDArray[np.uint8]) -> StrokePattern | None:
    """The pattern of strokes (H, W) bool drawn in a picture (H, W) uint8 of one line; None of none."""
    begins = np.diff(np.pad(strokes, ((0, 0), (1, 0))).astype(np.int8), axis=1) == 1
    tops = np.diff(np.pad(strokes, ((1, 0), (0, 0))).astype(np.int8), axis=0) == 1
    along, down = begins.sum(1), tops.sum(0)
    if not along.any():
        return None
    crossings = float(along[along > 0].mean())
    change = cv2.morphologyEx(picture, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
    return StrokePattern(
        pixels=int(strokes.sum()),
        fill=float(strokes.mean()),
        crossings=crossings,
        most_crossings=int(along.max()),
        density=crossings * strokes.shape[0] / strokes.shape[1],
        layers=float(down[down > 0].mean()),
        contrast=float(np.median(change[strokes])),
    )


def is_writing(
    picture: NDArray[np.uint8], strokes: NDArray[np.bool_], box: Box, limits: WritingLimits
) -> bool:
    """Whether a box is shaped as a line, and strokes (H, W) bool of a picture are like writing there."""
    if not is_line(box, len(picture), limits.tallest):
        return False
    place = box_slices(box)
    pattern = stroke_pattern(strokes[place], picture[place])
    if pattern is None or not pattern.resembles_writing(limits):
        return False
    share = (box[3] - box[1]) / len(picture)
    return pattern.crossings * pattern.contrast / share**0.5 >= limits.strength


def is_line(box: Box, height: int, tallest: float) -> bool:
    """Whether a box is shaped as a line of text: at most ``tallest`` of a screen of so many rows high."""
    wide, tall = box[2] - box[0], box[3] - box[1]
    return MIN_LINE_HEIGHT <= tall <= tallest * height and wide >= MIN_LINE_ASPECT * tall


def box_slices(box: Box) -> tuple[slice, slice]:
    """Rows and columns of a box."""
    return slice(box[1], box[3]), slice(box[0], box[2])
