"""Text that comes, goes or moves: looked for when every frame has been seen, before a video is delivered."""

from collections import deque

import cv2
import numpy as np
from numpy.typing import NDArray

from echoclr_core.deidentify.text.ocr import TextLine
from echoclr_core.deidentify.text.static_text import picture_text
from echoclr_core.deidentify.text.writing import GATHERED_AND_FOUND, SEEN_AND_FOUND

LIFT = 40  # grey levels by which what stands for three frames is lifted above what one frame shows
READ_AT = (0.2, 0.8)  # parts of the clip; the frames there are read by themselves


class TransientText:
    """What was shown inside a mask at any time: a picture that gathers frame by frame, and two frames.

    Over time the brightest value of tissue becomes an even grey, and what was drawn stands on it, be it in
    one frame: lines that come or go, that waver, or are too faint or too dark for the search of still
    strokes. What three frames in a row have in common holds less of what moves. So it is lifted above the
    rest, and letters stand clear that would be lost over bright tissue. What moves from frame to frame is
    smeared in that picture, and is read in single frames.

    Parameters
    ----------
    mask
        (H, W) bool, what is kept.
    n_frames
        Frames that are expected; it decides which are read by themselves.
    """

    def __init__(self, mask: NDArray[np.bool_], n_frames: int):
        left, top, width, height = cv2.boundingRect(mask.view(np.uint8))
        self._place = slice(top, top + height), slice(left, left + width)
        self._mask = mask
        self._brightest = np.zeros_like(mask[self._place], np.uint8)
        self._steady = self._brightest.copy()
        self._last: deque[NDArray[np.uint8]] = deque(maxlen=2)
        self._read_at = {round(part * (n_frames - 1)) for part in READ_AT}
        self._single: list[NDArray[np.uint8]] = []
        self._count = 0

    def add(self, frame: NDArray[np.uint8]) -> None:
        """Look at one more frame, (H, W) uint8 and 0 outside the mask; it may not change afterwards."""
        part = frame[self._place]
        cv2.max(self._brightest, part, dst=self._brightest)
        if len(self._last) == 2:
            common = cv2.min(cv2.min(*self._last), part)
            cv2.max(self._steady, common, dst=self._steady)
        self._last.append(part)
        if self._count in self._read_at:
            self._single.append(part.copy())
        self._count += 1

    def gathered_text(self) -> list[TextLine]:
        """Text of the picture that gathered, in pixels of the screen; may name a patient."""
        gathered = cv2.max(self._steady, cv2.subtract(self._brightest, LIFT))
        found = picture_text(gathered, self._mask, self._place, GATHERED_AND_FOUND)
        return [line for line in found if line.is_text]

    def frame_text(self) -> list[TextLine]:
        """Text of the first single frame that holds any, in pixels of the screen; may name a patient."""
        for frame in self._single:
            found = picture_text(frame, self._mask, self._place, SEEN_AND_FOUND)
            if text := [line for line in found if line.is_text]:
                return text
        return []
