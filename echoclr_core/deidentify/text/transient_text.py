"""Text that comes, goes or moves: looked for when every frame has been seen, before a video is delivered."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from echoclr_core.deidentify.text.ocr import MAX_HEIGHT, TextLine, read_text
from echoclr_core.deidentify.text.static_text import picture_text, with_writing
from echoclr_core.deidentify.text.stroke_peaks import Peak, StrokePeaks
from echoclr_core.deidentify.text.strokes import without_rim
from echoclr_core.deidentify.text.writing import GATHERED_AND_FOUND, SEEN_AND_FOUND

LIFT = 40  # grey levels by which what stands for three frames is lifted above what one frame shows
CLOSE_ROWS, CLOSE_COLUMNS = 0.1, 0.2  # of the screen's height, on each side of a peak: what is read with it
CLOSE_UP = 1080  # rows to which smaller screens are enlarged there: letters over tissue are found more often


class TransientText:
    """What was shown inside a mask at any time: a picture that gathers frame by frame, and single frames.

    Over time the brightest value of tissue becomes an even grey, and what was drawn stands on it, be it in
    one frame: lines that come or go, that waver, or are too faint or too dark for the search of still
    strokes. What three frames in a row have in common holds less of what moves. So it is lifted above the
    rest, and letters stand clear that would be lost over bright tissue. What moves from frame to frame is
    smeared in that picture, and what few frames show may be lost over bright tissue. Both are read in single
    frames, where strokes are densest; see ``stroke_peaks``.

    Parameters
    ----------
    mask
        (H, W) bool, what is kept.
    """

    def __init__(self, mask: NDArray[np.bool_]):
        left, top, width, height = cv2.boundingRect(mask.view(np.uint8))
        self._place = slice(top, top + height), slice(left, left + width)
        self._mask = mask
        self._brightest = np.zeros_like(mask[self._place], np.uint8)
        self._steady = self._brightest.copy()
        self._last: deque[NDArray[np.uint8]] = deque(maxlen=2)
        self._strokes = StrokePeaks(without_rim(mask)[self._place], len(mask))

    def add(self, frame: NDArray[np.uint8]) -> None:
        """Look at one more frame, (H, W) uint8 and 0 outside the mask; it may not change afterwards."""
        part = frame[self._place]
        cv2.max(self._brightest, part, dst=self._brightest)
        if len(self._last) == 2:
            common = cv2.min(cv2.min(*self._last), part)
            cv2.max(self._steady, common, dst=self._steady)
        self._last.append(part)
        self._strokes.add(part)

    def gathered_text(self) -> list[TextLine]:
        """Text of the picture that gathered, in pixels of the screen; may name a patient."""
        gathered = cv2.max(self._steady, cv2.subtract(self._brightest, LIFT))
        found = picture_text(gathered, self._mask, self._place, GATHERED_AND_FOUND)
        return [line for line in found if line.is_text]

    def frame_text(self, read: Callable[[Sequence[int]], Iterable[NDArray[np.uint8]]]) -> list[TextLine]:
        """Text of the first single frame that holds any; as :meth:`frame_texts`."""
        return next((text for text in self.frame_texts(read) if text), [])

    def frame_texts(
        self, read: Callable[[Sequence[int]], Iterable[NDArray[np.uint8]]]
    ) -> Iterator[list[TextLine]]:
        """Text of each single frame that is read, in pixels of the screen; may name a patient.

        Parameters
        ----------
        read
            Gives the frames (H, W) uint8 of ascending numbers, masked or not.
        """
        places: dict[int, list[Peak]] = {}
        for peak in self._strokes.peaks():
            places.setdefault(peak.frame, []).append(peak)
        if not places:
            return
        for frame, peaks in zip(read(list(places)), places.values(), strict=True):
            masked = np.where(self._mask, frame, np.uint8(0))
            lines = [line for peak in peaks for line in self._close_up(masked, peak)]
            found = with_writing(lines, masked, self._mask, SEEN_AND_FOUND)
            yield [line for line in found if line.is_text]

    def _close_up(self, frame: NDArray[np.uint8], peak: Peak) -> list[TextLine]:
        """Lines around a peak in a masked frame (H, W) uint8, text or not."""
        height = len(frame)
        x, y = peak.x + self._place[1].start, peak.y + self._place[0].start
        top, left = max(0, y - round(CLOSE_ROWS * height)), max(0, x - round(CLOSE_COLUMNS * height))
        part = frame[top : y + round(CLOSE_ROWS * height), left : x + round(CLOSE_COLUMNS * height)]
        lines = read_text(
            part,
            scale=max(1.0, CLOSE_UP / height),
            wanted=lambda box: box[3] - box[1] <= MAX_HEIGHT * height,
        )
        return [line.moved(left, top) for line in lines]
