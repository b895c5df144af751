"""Text inside what would be kept: that which stands still, by its strokes; and that which was shown at all.

Drawn strokes are the same in every frame and thin; speckle and tissue are not. Reading is dear, so of the
picture that stands still it is asked only where such strokes are in a line. What comes and goes is read when
every frame has been seen.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from echoclr_core.deidentify.reader import Box, Reading, legible_readings, read_text, screen_scale

SEGMENTS = 4  # parts of the clip that are looked at apart: text may come or go within it
LEAST_FRAMES = 8  # a part; fewer leave too much tissue standing still
STILL = 24  # grey levels; compression makes drawn strokes waver by so much
STROKE = 28  # grey levels above the surroundings
LIT = 48  # grey levels
WIDEST_STROKE = 0.016  # of the picture's height, and at least 5 pixels
LEAST_STROKES = 16  # pixels of a line's strokes that lie inside what is kept
SEEN = 0.7  # share of a line's box that was looked at before, from which it is no new line
LETTER = (5, 0.11)  # pixels, share of the picture's height: the least and the largest line of text
LIFT = 40  # grey levels by which what stands for three frames is lifted above what one frame shows
PAD = 0.6  # of a line's height, around what is read and around what is cut out


def standing_text(frames: NDArray[np.uint8], mask: NDArray[np.bool_]) -> list[Reading]:
    """Legible text with strokes inside a mask.

    Parameters
    ----------
    frames
        (T, H, W) uint8, spread over the clip. Where they are not masked, a line that the mask's edge cuts is
        read whole.
    mask
        (H, W) bool, what would be kept.

    Returns
    -------
    list of Reading
        Empty where nothing is read. Texts may name a patient: for restricted places only.
    """
    found: list[Reading] = []
    looked_at = np.zeros(mask.shape, bool)
    for low, strokes in _still_pictures(frames):
        lines = [line for line in _lines(strokes, mask) if looked_at[_slices(line)].mean() < SEEN]
        if not lines:
            continue
        for line in lines:
            looked_at[_slices(line)] = True
        inside = strokes & mask
        # Over bright tissue letters are lost in the picture, and stand clear among the lines' strokes alone.
        for picture in (low, _only(low, strokes, lines)):
            read = _read_lines(picture, lines, inside)
            readings = [_grown(reading, lines) for reading in read if reading.legible]
            if readings:
                found += readings
                for reading in readings:
                    looked_at[_slices(reading.box)] = True
                break
    return found


class Shown:
    """What was shown inside a mask at any time, be it in one frame: a picture that gathers frame by frame.

    Over time the brightest value of tissue becomes an even grey, and what was drawn stands on it: lines that
    come or go, that waver, or are too faint or too dark for :func:`standing_text`. What three frames in a
    row have in common holds less of what moves. So it is lifted above the rest, and letters stand clear that
    would be lost over bright tissue.

    Parameters
    ----------
    mask
        (H, W) bool, what is kept.
    """

    def __init__(self, mask: NDArray[np.bool_]):
        self._left, self._top, width, height = cv2.boundingRect(mask.view(np.uint8))
        self._part = _slices((self._left, self._top, self._left + width, self._top + height))
        self._screen = mask
        self._brightest = np.zeros_like(mask[self._part], np.uint8)
        self._steady = self._brightest.copy()
        self._last: deque[NDArray[np.uint8]] = deque(maxlen=2)

    def add(self, frame: NDArray[np.uint8]) -> None:
        """Look at one more frame, (H, W) uint8 and 0 outside the mask; it may not change afterwards."""
        part = frame[self._part]
        cv2.max(self._brightest, part, dst=self._brightest)
        if len(self._last) == 2:
            common = cv2.min(cv2.min(*self._last), part)
            cv2.max(self._steady, common, dst=self._steady)
        self._last.append(part)

    def text(self) -> list[Reading]:
        """Legible text of any frame, in pixels of the screen; may name a patient."""
        if not self._brightest.any():
            return []
        picture = cv2.max(self._steady, cv2.subtract(self._brightest, LIFT))
        found = legible_readings(picture, screen=self._screen)
        return [line.moved(self._left, self._top) for line in found]


def without_text(mask: NDArray[np.bool_], readings: list[Reading]) -> NDArray[np.bool_]:
    """(H, W) bool: the mask without the boxes of the readings and a rim around each."""
    left = mask.copy()
    for reading in readings:
        rim = round(PAD * (reading.y1 - reading.y0))
        left[
            max(0, reading.y0 - rim) : reading.y1 + rim,
            max(0, reading.x0 - rim) : reading.x1 + rim,
        ] = False
    return left


def _grown(reading: Reading, lines: list[Box]) -> Reading:
    """The reading with its box grown by the lines of strokes it meets: OCR leaves off ends of words."""
    x0, y0, x1, y1 = reading.box
    met = [line for line in lines if line[0] < x1 and x0 < line[2] and line[1] < y1 and y0 < line[3]]
    corners = np.array([reading.box, *met])
    (x0, y0), (x1, y1) = corners[:, :2].min(0).tolist(), corners[:, 2:].max(0).tolist()
    return replace(reading, x0=x0, y0=y0, x1=x1, y1=y1)


def _slices(box: Box) -> tuple[slice, slice]:
    return slice(box[1], box[3]), slice(box[0], box[2])


def _still_pictures(frames) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.bool_]]]:
    """The darkest value of each pixel, and where drawn strokes may stand; of the clip, then of its parts."""
    parts = min(SEGMENTS, len(frames) // LEAST_FRAMES)
    width = max(5, round(WIDEST_STROKE * frames.shape[1])) | 1
    kernel = cv2.getStructuringElement(cv2.MORPH_RECT, (2 * width + 1, 2 * width + 1))
    for part in (frames, *(np.array_split(frames, parts) if parts > 1 else ())):
        low = part.min(0)
        raised = cv2.morphologyEx(low, cv2.MORPH_TOPHAT, kernel)
        yield low, (raised >= STROKE) & (low >= LIT) & (part.max(0) - low <= STILL)


def _lines(strokes: NDArray[np.bool_], mask: NDArray[np.bool_]) -> list[Box]:
    """Boxes x0, y0, x1, y1 of strokes in a row, with enough of them inside the mask."""
    inside = strokes & mask
    if np.count_nonzero(inside) < LEAST_STROKES:  # most loops: nothing is drawn there
        return []
    height = strokes.shape[0]
    gap = max(5, round(0.02 * height))
    joined = cv2.morphologyEx(strokes.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, gap), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    held = np.bincount(labels[inside], minlength=count)
    lines, figures = [], []
    for label in range(1, count):
        x, y, wide, tall, _ = stats[label]
        if held[label] < LEAST_STROKES or tall < LETTER[0]:
            continue
        if tall <= LETTER[1] * height and wide >= 1.2 * tall:
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
    solid = cv2.morphologyEx(closed, cv2.MORPH_OPEN, np.ones((LETTER[0] - 1, 2 * gap), np.uint8))
    _, _, stats, _ = cv2.connectedComponentsWithStats(solid, connectivity=8)
    boxes = [(x, y, x + wide, y + tall) for x, y, wide, tall, _ in stats[1:]]
    return [box for box in boxes if inside[_slices(box)].sum() >= LEAST_STROKES]


def _only(low: NDArray[np.uint8], strokes: NDArray[np.bool_], lines: list[Box]) -> NDArray[np.uint8]:
    """The picture with nothing but the strokes of the lines."""
    picture = np.zeros_like(low)
    for line in lines:
        place = _slices(line)
        picture[place] = np.where(strokes[place], low[place], 0)
    return picture


def _read_lines(picture: NDArray[np.uint8], lines: list[Box], inside: NDArray[np.bool_]) -> list[Reading]:
    """What is read in the part of a picture (H, W) that holds all the lines, where strokes are inside."""
    boxes = np.array(lines)
    rim = round(2 * float(np.median(boxes[:, 3] - boxes[:, 1])))
    x0, y0 = np.maximum(boxes[:, :2].min(0) - rim, 0).tolist()
    x1, y1 = (boxes[:, 2:].max(0) + rim).tolist()
    strokes = inside[y0:y1, x0:x1]
    readings = read_text(
        picture[y0:y1, x0:x1],
        scale=screen_scale(picture),
        wanted=lambda box: strokes[_slices(box)].sum() >= LEAST_STROKES,
    )
    return [line.moved(x0, y0) for line in readings]
