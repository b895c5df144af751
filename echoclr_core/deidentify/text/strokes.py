"""What is drawn: strokes that are the same in every frame, thin and brighter than what surrounds them.

Speckle and tissue move. The darkest value of each pixel over time shows what is drawn and little else.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from echoclr_core.deidentify.text.writing import (
    MAX_LINE_HEIGHT,
    MIN_LINE_ASPECT,
    MIN_LINE_HEIGHT,
    MIN_STROKE_PIXELS,
    STANDING,
    Box,
    WritingLimits,
    box_slices,
    is_writing,
)

SEGMENTS = 4  # parts of the clip that are looked at apart: text may come or go within it
MIN_FRAMES = 8  # a part; fewer leave too much tissue standing still
STILL = 24  # grey levels; compression makes drawn strokes waver by so much
STROKE = 28  # grey levels above the surroundings
LIT = 48  # grey levels
MAX_STROKE_WIDTH = 0.016  # of the picture's height, and at least 5 pixels
RIM = 2  # pixels along the mask's edge
STEADY = 16  # grey levels by which tissue that is still, and sharp by chance, wavers over time, at least
STEADY_IF_FOUND = 20  # the same where the text detector marks a line as well
BARE = 120  # grey levels of contrast that tissue hardly has, however still it is


@dataclass(frozen=True, kw_only=True)
class StillPicture:
    """What stands still in some frames.

    Parameters
    ----------
    low
        (H, W) uint8, the darkest value of each pixel: what is drawn, and little of what moves.
    spread
        (H, W) uint8, the brightest value less the darkest.
    strokes
        (H, W) bool, pixels of drawn strokes.
    steady
        Grey levels by which strokes may waver, median over a line, to be writing by their pattern alone.
    n_frames
        Number of frames.
    """

    low: NDArray[np.uint8]
    spread: NDArray[np.uint8]
    strokes: NDArray[np.bool_]
    steady: float
    n_frames: int

    def negative(self) -> "StillPicture":
        """The same with dark and bright exchanged, in which dark strokes on bright tissue stand."""
        low = cv2.bitwise_not(cv2.add(self.low, self.spread))
        return replace(self, low=low, strokes=bright_strokes(low) & (self.spread <= STILL))


def still_picture(frames: NDArray[np.uint8], steady: float = STEADY) -> StillPicture:
    """What stands still in frames (T, H, W) uint8."""
    low = frames.min(0)
    spread = cv2.subtract(frames.max(0), low)
    strokes = bright_strokes(low) & (spread <= STILL)
    return StillPicture(low=low, spread=spread, strokes=strokes, steady=steady, n_frames=len(frames))


def still_pictures(frames: NDArray[np.uint8]) -> Iterator[StillPicture]:
    """What stands still in frames (T, H, W) uint8: of the clip, then of its parts.

    In few frames tissue wavers less, and steadiness is asked for twice as strictly.
    """
    yield still_picture(frames, STEADY if len(frames) >= MIN_FRAMES else STEADY / 2)
    parts = min(SEGMENTS, len(frames) // MIN_FRAMES)
    for part in np.array_split(frames, parts) if parts > 1 else ():
        yield still_picture(part, STEADY / 2)


def bright_strokes(picture: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """(H, W) bool: what is thin, lit, and brighter than its surroundings in a picture (H, W) uint8."""
    return (height_above_surroundings(picture) >= STROKE) & (picture >= LIT)


def height_above_surroundings(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(H, W) uint8: grey levels by which thin things are brighter than what is around them, 0 elsewhere."""
    width = max(5, round(MAX_STROKE_WIDTH * picture.shape[0])) | 1
    kernel = cv2.getStructuringElement(cv2.MORPH_RECT, (2 * width + 1, 2 * width + 1))
    return cv2.morphologyEx(picture, cv2.MORPH_TOPHAT, kernel)


def without_rim(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """A mask (H, W) without the pixels at its edge, which itself is a sharp line."""
    return cv2.erode(mask.astype(np.uint8), np.ones((2 * RIM + 1, 2 * RIM + 1), np.uint8)) > 0


def written_lines(still: StillPicture, mask: NDArray[np.bool_]) -> list[Box]:
    """Boxes of what stands inside a mask (H, W) bool as writing does, in whatever script.

    Nothing is read, and no model asked: the test knows strokes alone.
    """
    inner = without_rim(mask)
    strokes = still.strokes & inner
    lines = stroke_lines(strokes, inner)
    return [box for box in lines if stands_written(still, strokes, box, STANDING, still.steady)]


def dark_written_lines(still: StillPicture, mask: NDArray[np.bool_]) -> list[Box]:
    """Boxes of writing that is darker than the tissue around it, inside a mask (H, W) bool.

    None in clips so short that shadows and cavities stand still as well.
    """
    return written_lines(still.negative(), mask) if still.n_frames >= MIN_FRAMES else []


def stands_written(
    still: StillPicture, strokes: NDArray[np.bool_], box: Box, limits: WritingLimits, steady: float
) -> bool:
    """Whether strokes (H, W) bool in a box are writing that wavers by so many grey levels at most.

    Strokes far brighter than their surroundings may waver by more: tissue is not like that.
    """
    if not is_writing(still.low, strokes, box, limits):
        return False
    place = box_slices(box)
    if float(np.median(still.spread[place][strokes[place]])) <= steady:
        return True
    return is_writing(still.low, strokes, box, replace(limits, contrast=BARE))


def stroke_lines(strokes: NDArray[np.bool_], mask: NDArray[np.bool_]) -> list[Box]:
    """Boxes of strokes (H, W) bool in a row, with enough of them inside a mask (H, W) bool."""
    inside = strokes & mask
    if np.count_nonzero(inside) < MIN_STROKE_PIXELS:  # most loops: nothing is drawn there
        return []
    height = strokes.shape[0]
    gap = max(5, round(0.02 * height))
    joined = cv2.morphologyEx(strokes.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, gap), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    held = np.bincount(labels[inside], minlength=count)
    lines, figures = [], []
    for label in range(1, count):
        x, y, wide, tall, _ = (int(value) for value in stats[label])
        if held[label] < MIN_STROKE_PIXELS or tall < MIN_LINE_HEIGHT:
            continue
        if tall <= MAX_LINE_HEIGHT * height and wide >= MIN_LINE_ASPECT * tall:
            lines.append((x, y, x + wide, y + tall))
        else:
            figures.append(label)
    return lines + (_bands(strokes & np.isin(labels, figures), inside) if figures else [])


def _bands(strokes: NDArray[np.bool_], inside: NDArray[np.bool_]) -> list[Box]:
    """Boxes of the text in drawn figures: a line over the outline of a colour box, say, or several lines.

    Joined along the rows, letters make a band some pixels high; an outline stays thin, however long.
    """
    gap = max(9, round(0.03 * strokes.shape[0]))
    closed = cv2.morphologyEx(strokes.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((1, gap), np.uint8))
    kernel = np.ones((MIN_LINE_HEIGHT - 1, 2 * gap), np.uint8)
    solid = cv2.morphologyEx(closed, cv2.MORPH_OPEN, kernel)
    _, _, stats, _ = cv2.connectedComponentsWithStats(solid, connectivity=8)
    boxes = [(int(x), int(y), int(x + wide), int(y + tall)) for x, y, wide, tall, _ in stats[1:]]
    return [box for box in boxes if inside[box_slices(box)].sum() >= MIN_STROKE_PIXELS]
