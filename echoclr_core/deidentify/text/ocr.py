"""Lines of text in a picture: where they stand, what is read, and whether that says anything."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from echoclr_core.deidentify.text.ocr_models import text_models

MIN_CONFIDENCE = 0.6  # below it, a reading is speckle more often than text
MIN_LETTERS = 3  # letters and digits, for that confidence; speckle reads as one or two
SHORT, SURE = 2, 0.8  # so many letters, digits or ideographs count as well if the reading is as sure as that
MARKERS = re.compile(r"[a-z]?\d?|[12]\d|30|[bmc]?mode|[234]d|cm|mm|hz|db|x\d", re.IGNORECASE)
"""What screens draw in the sector and names nobody: orientation and focus marks, depths in cm, units."""

SURE_MARKER = 0.9  # confidence from which a marker is one, though its strokes stand as writing does
MAX_LETTER_WIDTH = 0.8  # of the line's height; a wider line has more in it than the letters that were read
MAX_HEIGHT = 0.15  # of the screen's; the models now and then take a whole window for a letter or two
MAX_PIXELS = 560_000  # that are searched for lines at once; it takes 200 bytes for each
SHARED_ROWS = 112  # of neighbouring parts, so that each line is whole in one of them
READABLE_ROWS = 720  # smaller screens are enlarged to so many: their letters are too small to be found

Box = tuple[int, int, int, int]  # x0, y0, x1, y1 in pixels, half open


@dataclass(frozen=True, kw_only=True)
class TextLine:
    """One line of text.

    Parameters
    ----------
    x0, y0, x1, y1
        Its bounding box in pixels, half open.
    text
        As read, "" where nothing is; may name a patient: for restricted places only.
    confidence
        0 to 1.
    writing
        Whether its strokes stand as writing does, whatever was read.
    """

    x0: int
    y0: int
    x1: int
    y1: int
    text: str = ""
    confidence: float = 0.0
    writing: bool = False

    @property
    def box(self) -> Box:
        """x0, y0, x1, y1."""
        return self.x0, self.y0, self.x1, self.y1

    def moved(self, x: int, y: int) -> "TextLine":
        """The same line ``x`` pixels to the right and ``y`` down."""
        return replace(self, x0=self.x0 + x, y0=self.y0 + y, x1=self.x1 + x, y1=self.y1 + y)

    @property
    def legible(self) -> bool:
        """Whether what was read is a word or number rather than a marker of the screen or speckle."""
        read = self._letters
        ideographs = sum(ord(letter) >= 0x2E80 for letter in read)
        sure = MIN_CONFIDENCE if len(read) - ideographs >= MIN_LETTERS else SURE
        return len(read) >= SHORT and self.confidence >= sure and not MARKERS.fullmatch(read)

    @property
    def marker(self) -> bool:
        """Whether it is surely a marker of the screen, with nothing beside it in its box."""
        wide, tall = self.x1 - self.x0, self.y1 - self.y0
        read = self._letters
        known = len(read) > 0 and MARKERS.fullmatch(read) is not None and self.confidence >= SURE_MARKER
        return known and wide <= MAX_LETTER_WIDTH * len(read) * tall

    @property
    def is_text(self) -> bool:
        """Whether it may name somebody: it can be read, or is writing that no model reads, and no marker."""
        return self.legible or (self.writing and not self.marker)

    @property
    def _letters(self) -> str:
        return "".join(letter for letter in self.text if letter.isalnum())


def read_text(
    picture: NDArray[np.uint8], *, scale: float = 1.0, wanted: Callable[[Box], bool] = lambda box: True
) -> list[TextLine]:
    """Every line of text in a grey picture.

    Parameters
    ----------
    picture
        (H, W) uint8.
    scale
        The picture is enlarged by this factor first: letters of less than about 12 pixels are not found.
    wanted
        Which lines to read, by their box: x0, y0, x1, y1, half open. To find lines is cheaper than to read
        them.

    Returns
    -------
    list of TextLine
        In coordinates of ``picture``, from top to bottom; legible or not.
    """
    enlarged = picture
    if scale != 1.0:
        enlarged = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    lines = []
    for corners in _find_in_parts(enlarged):
        x0, y0, x1, y1 = _box_of(corners / scale, picture.shape)
        if x0 < x1 and y0 < y1 and wanted((x0, y0, x1, y1)):
            text, confidence = text_models().read(enlarged, corners)
            lines.append(TextLine(x0=x0, y0=y0, x1=x1, y1=y1, text=text, confidence=confidence))
    return sorted(lines, key=lambda line: (line.y0, line.x0))


def legible_text(picture: NDArray[np.uint8]) -> list[TextLine]:
    """What is legible in the picture (H, W) uint8 of a whole screen; may name a patient."""
    return [line for line in screen_text(picture, screen=picture) if line.legible]


def screen_text(picture: NDArray[np.uint8], *, screen: NDArray) -> list[TextLine]:
    """Lines in a picture (h, w) uint8 that is a part of a screen (H, W), legible or not; none is too tall."""
    tallest = MAX_HEIGHT * len(screen)
    return read_text(picture, scale=screen_scale(screen), wanted=lambda box: box[3] - box[1] <= tallest)


def screen_scale(screen: NDArray) -> float:
    """The ``scale`` for a whole screen (H, W), or for a part of it."""
    return max(1.0, READABLE_ROWS / screen.shape[0])


def _find_in_parts(picture: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
    """Corners (4, 2), x and y, of every line that is found in a picture (H, W), part by part."""
    lines = []
    for top, bottom, first, last in _parts(*picture.shape):
        for corners in text_models().find(picture[top:bottom]):
            corners[:, 1] += top
            if first <= corners[:, 1].mean() < last:
                lines.append(corners)
    return lines


def _parts(height: int, width: int) -> list[tuple[int, int, float, float]]:
    """Rows of the parts that a picture is searched in, and between which rows the middles of their lines lie.

    A line that the end of a part cuts has its middle, cut or whole, on the next one's side.
    """
    rows = max(MAX_PIXELS // width, 2 * SHARED_ROWS)
    count = 1 if height <= rows else -(-(height - SHARED_ROWS) // (rows - SHARED_ROWS))
    tops = [round(part * (height - SHARED_ROWS) / count) for part in range(count)]
    bottoms = [*(top + SHARED_ROWS for top in tops[1:]), height]
    middles = [-np.inf, *(top + SHARED_ROWS / 2 for top in tops[1:]), np.inf]
    return list(zip(tops, bottoms, middles, middles[1:], strict=False))


def _box_of(corners: NDArray[np.float32], shape: tuple[int, ...]) -> Box:
    """The bounding box of corners (4, 2), within a picture of the shape."""
    (x0, y0), (x1, y1) = np.floor(corners.min(0)).astype(int), np.ceil(corners.max(0)).astype(int)
    return max(0, int(x0)), max(0, int(y0)), min(shape[1], int(x1)), min(shape[0], int(y1))
