"""Where and when a loop shows most strokes: frames and places that are read by themselves.

Text that moves, or that one or two frames show, is in no picture gathered over time. But it is thin, sharp
and bright, so the frame and the place in which such strokes are densest are worth a look at close range. Two
rankings choose: density above its mean over time favours what comes, goes or drifts; density as such favours
what shakes in one place.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from echoclr_core.deidentify.text.strokes import height_above_surroundings

SHARP = 40  # grey level difference within 3 x 3 pixels from which an edge may be a stroke's
CELL_ROWS = 120  # rows to which the density of strokes is reduced
LINE = (13, 5)  # cells, width and height, over which strokes are averaged: about a short line of text
APART = (14, 7)  # cells, in x and y, that peaks of one ranking lie apart
PEAKS = 6  # of each ranking


@dataclass(frozen=True, kw_only=True)
class Peak:
    """A frame and a place in it, in pixels."""

    frame: int
    x: int
    y: int


class StrokePeaks:
    """Density of strokes over a loop: largest and mean of each place, and the frame of the largest.

    Parameters
    ----------
    mask
        (h, w) bool, the pixels that count.
    screen_rows
        Rows of the whole screen, of which (h, w) may be a part; it decides what is a short line.
    """

    def __init__(self, mask: NDArray[np.bool_], screen_rows: int):
        self._mask = mask.view(np.uint8) * np.uint8(255)
        self._cell = max(1, screen_rows // CELL_ROWS)
        self._cells = tuple(max(1, size // self._cell) for size in mask.shape[::-1])
        self._largest = np.zeros(self._cells[::-1], np.uint8)
        self._sum = np.zeros(self._cells[::-1], np.uint32)
        self._frame = np.zeros(self._cells[::-1], np.int32)
        self._count = 0

    def add(self, picture: NDArray[np.uint8]) -> None:
        """Look at the next frame (h, w) uint8."""
        change = cv2.morphologyEx(picture, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
        sharp = cv2.bitwise_and(cv2.threshold(change, SHARP - 1, 255, cv2.THRESH_BINARY)[1], self._mask)
        strokes = cv2.bitwise_and(height_above_surroundings(picture), sharp)
        density = cv2.blur(cv2.resize(strokes, self._cells, interpolation=cv2.INTER_AREA), LINE)
        larger = density > self._largest
        self._largest[larger] = density[larger]
        self._frame[larger] = self._count
        self._sum += density
        self._count += 1

    def peaks(self) -> list[Peak]:
        """At most 2 x PEAKS places in the order of their frames, each at the frame of its largest density."""
        if self._count == 0:
            return []
        largest = self._largest.astype(np.float32)
        found: set[tuple[int, int, int]] = set()
        for density in (largest - self._sum / self._count, largest):
            found |= {(int(self._frame[row, column]), column, row) for column, row in _highest(density)}
        half = self._cell // 2
        return [
            Peak(frame=frame, x=column * self._cell + half, y=row * self._cell + half)
            for frame, column, row in sorted(found)
        ]


def _highest(density: NDArray[np.float32]) -> list[tuple[int, int]]:
    """Columns and rows of the highest peaks above 0; none lies near a higher one."""
    left, found = density.copy(), []
    for _ in range(PEAKS):
        _, highest, _, (column, row) = cv2.minMaxLoc(left)
        if highest <= 0:
            break
        found.append((column, row))
        left[
            max(0, row - APART[1]) : row + APART[1] + 1, max(0, column - APART[0]) : column + APART[0] + 1
        ] = 0
    return found
