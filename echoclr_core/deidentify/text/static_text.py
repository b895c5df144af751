"""Text inside what would be kept: what stands still, by its strokes, and what is seen in a picture.

Two things make text: that it can be read, and that strokes stand as writing does where nothing is read, since
no model knows every script. Reading takes time, so of the picture that stands still it is asked only where
strokes are in a line.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from echoclr_core.deidentify.text.ocr import TextLine, read_text, screen_scale, screen_text
from echoclr_core.deidentify.text.strokes import (
    STEADY_IF_FOUND,
    StillPicture,
    dark_written_lines,
    height_above_surroundings,
    stands_written,
    still_pictures,
    stroke_lines,
    without_rim,
    written_lines,
)
from echoclr_core.deidentify.text.writing import (
    MIN_STROKE_PIXELS,
    STANDING,
    STANDING_AND_FOUND,
    Box,
    WritingLimits,
    box_slices,
    is_writing,
)

SEEN = 0.7  # share of a line's box that was looked at before, from which it is no new line
PICTURE_STROKE = 40  # grey levels above the surroundings, in a picture in which tissue is seen as well
HIGHEST = 98  # percentile
PAD = 0.6  # of a line's height, around what is cut out


def static_text(frames: NDArray[np.uint8], mask: NDArray[np.bool_]) -> list[TextLine]:
    """Text that stands still, with strokes inside a mask.

    Parameters
    ----------
    frames
        (T, H, W) uint8, spread over the clip. Where they are not masked, a line that the mask's edge cuts is
        read whole.
    mask
        (H, W) bool, what would be kept.

    Returns
    -------
    list of TextLine
        Empty where nothing is text. What was read may name a patient: for restricted places only.
    """
    found: list[TextLine] = []
    looked_at = np.zeros(mask.shape, bool)
    for still in still_pictures(frames):
        lines = [
            line for line in stroke_lines(still.strokes, mask) if looked_at[box_slices(line)].mean() < SEEN
        ]
        for line in lines:
            looked_at[box_slices(line)] = True
        found += _read_still(still, lines, mask) if lines else []
        boxes = written_lines(still, mask) + dark_written_lines(still, mask)
        boxes = [box for box in boxes if not covered(box, found)]
        found += [TextLine(x0=x0, y0=y0, x1=x1, y1=y1, writing=True) for x0, y0, x1, y1 in boxes]
        for line in found:
            looked_at[box_slices(line.box)] = True
    return [line for line in found if line.is_text]


def picture_text(
    picture: NDArray[np.uint8], mask: NDArray[np.bool_], place: tuple[slice, slice], limits: WritingLimits
) -> list[TextLine]:
    """Text in a picture in which tissue is seen as well: what the detector finds, and what it is.

    Parameters
    ----------
    picture
        (h, w) uint8, a part of the screen.
    mask
        (H, W) bool of the whole screen, what is kept.
    place
        Rows and columns of the part.
    limits
        What strokes must have at least to be writing.

    Returns
    -------
    list of TextLine
        All that was found, in pixels of the screen, text or not; may name a patient.
    """
    if not picture.any():
        return []
    screen = np.zeros(mask.shape, np.uint8)
    screen[place] = picture
    lines = [line.moved(place[1].start, place[0].start) for line in screen_text(picture, screen=screen)]
    return with_writing(lines, screen, mask, limits)


def with_writing(
    lines: list[TextLine], screen: NDArray[np.uint8], mask: NDArray[np.bool_], limits: WritingLimits
) -> list[TextLine]:
    """The lines that the detector found on a screen (H, W) uint8, with ``writing`` by their strokes.

    Strokes count inside the mask (H, W) bool; ``limits`` is what they must have at least.
    """
    if not lines:
        return []
    height = np.where(without_rim(mask), height_above_surroundings(screen), 0)
    return [
        replace(line, writing=is_writing(screen, _highest(height, line.box), line.box, limits))
        for line in lines
    ]


def _highest(height: NDArray[np.uint8], box: Box) -> NDArray[np.bool_]:
    """(H, W) bool: strokes at least half as high above their surroundings as the highest of a box.

    Speckle between the letters is lower than they are.
    """
    highest = np.percentile(height[box_slices(box)], HIGHEST)
    return height >= max(PICTURE_STROKE, highest / 2)


def without_text(mask: NDArray[np.bool_], lines: list[TextLine]) -> NDArray[np.bool_]:
    """(H, W) bool: the mask without the boxes of the lines and a rim around each."""
    left = mask.copy()
    for line in lines:
        rim = round(PAD * (line.y1 - line.y0))
        left[max(0, line.y0 - rim) : line.y1 + rim, max(0, line.x0 - rim) : line.x1 + rim] = False
    return left


def _read_still(still: StillPicture, lines: list[Box], mask: NDArray[np.bool_]) -> list[TextLine]:
    """What is found of lines of strokes: text, or else markers.

    Over bright tissue letters are lost in the picture, and stand clear among the lines' strokes alone. Where
    nothing but strokes is seen, that the detector marks them says less.
    """
    inside, inner = still.strokes & mask, still.strokes & without_rim(mask)
    markers = []
    for picture, limits, steady in (
        (still.low, STANDING_AND_FOUND, STEADY_IF_FOUND),
        (_only_strokes(still, lines), STANDING, still.steady),
    ):
        read = [
            replace(line, writing=stands_written(still, inner, line.box, limits, steady))
            for line in _read_lines(picture, lines, inside)
        ]
        markers += [line for line in read if line.marker]
        if found := [_expand(line, lines) for line in read if line.is_text]:
            return found + markers
    return markers


def _expand(line: TextLine, lines: list[Box]) -> TextLine:
    """The line with its box grown by the strokes it meets: OCR leaves off ends of words."""
    x0, y0, x1, y1 = line.box
    met = [box for box in lines if box[0] < x1 and x0 < box[2] and box[1] < y1 and y0 < box[3]]
    corners = np.array([line.box, *met])
    (x0, y0), (x1, y1) = corners[:, :2].min(0).tolist(), corners[:, 2:].max(0).tolist()
    return replace(line, x0=x0, y0=y0, x1=x1, y1=y1)


def covered(box: Box, lines: list[TextLine]) -> bool:
    """Whether a box lies in that of a line, but for a rim."""
    rim = (box[3] - box[1]) / 3
    return any(
        line.x0 <= box[0] + rim
        and box[2] - rim <= line.x1
        and line.y0 <= box[1] + rim
        and box[3] - rim <= line.y1
        for line in lines
    )


def _only_strokes(still: StillPicture, lines: list[Box]) -> NDArray[np.uint8]:
    """The picture (H, W) with nothing but the strokes of the lines."""
    picture = np.zeros_like(still.low)
    for line in lines:
        place = box_slices(line)
        picture[place] = np.where(still.strokes[place], still.low[place], 0)
    return picture


def _read_lines(picture: NDArray[np.uint8], lines: list[Box], inside: NDArray[np.bool_]) -> list[TextLine]:
    """What is read in the part of a picture (H, W) that holds all the lines, where strokes are inside."""
    boxes = np.array(lines)
    rim = round(2 * float(np.median(boxes[:, 3] - boxes[:, 1])))
    x0, y0 = np.maximum(boxes[:, :2].min(0) - rim, 0).tolist()
    x1, y1 = (boxes[:, 2:].max(0) + rim).tolist()
    strokes = inside[y0:y1, x0:x1]
    read = read_text(
        picture[y0:y1, x0:x1],
        scale=screen_scale(picture),
        wanted=lambda box: strokes[box_slices(box)].sum() >= MIN_STROKE_PIXELS,
    )
    return [line.moved(x0, y0) for line in read]
