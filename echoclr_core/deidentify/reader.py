"""Read text in a picture: RapidOCR, whose models come in its wheel, so that nothing is fetched."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

LEAST_SURE = 0.6  # confidence below which a reading is speckle more often than text
LEAST_LETTERS = 3  # letters and digits; markers of two ("V2", "7") name nobody, and speckle reads as such
TALLEST = 0.15  # of the screen's height; the models now and then take a whole window for a letter or two
IDEOGRAPHS = 2  # a name of two characters is usual
SURE_IDEOGRAPHS = 0.8  # speckle reads as rare characters more readily than as Latin letters

Box = tuple[int, int, int, int]  # x0, y0, x1, y1 in pixels, half open
FINDER = "ch_PP-OCRv4_det_infer.onnx"  # the model that finds lines; another reads them
MOST_PIXELS = 560_000  # that are searched for lines at once; it takes 200 bytes for each
SHARED_ROWS = 112  # of neighbouring parts, so that each line is whole in one of them
READABLE_ROWS = 720  # smaller screens are enlarged to so many: their letters are too small to be found


@dataclass(frozen=True, kw_only=True)
class Reading:
    """One line of text.

    Parameters
    ----------
    x0, y0, x1, y1
        Its bounding box in pixels, half open.
    text
        As read; may name a patient: for restricted places only.
    confidence
        0 to 1.
    """

    x0: int
    y0: int
    x1: int
    y1: int
    text: str
    confidence: float

    @property
    def box(self) -> Box:
        """x0, y0, x1, y1."""
        return self.x0, self.y0, self.x1, self.y1

    def moved(self, x: int, y: int) -> "Reading":
        """The same line ``x`` pixels to the right and ``y`` down."""
        return replace(self, x0=self.x0 + x, y0=self.y0 + y, x1=self.x1 + x, y1=self.y1 + y)

    @property
    def legible(self) -> bool:
        """Whether it is a word or number rather than a marker or speckle."""
        letters = sum(letter.isalnum() for letter in self.text)
        ideographs = sum(letter.isalnum() and ord(letter) >= 0x2E80 for letter in self.text)
        if letters - ideographs >= LEAST_LETTERS:
            return self.confidence >= LEAST_SURE
        return ideographs >= IDEOGRAPHS and self.confidence >= SURE_IDEOGRAPHS


def read_text(
    picture: NDArray[np.uint8], *, scale: float = 1.0, wanted: Callable[[Box], bool] = lambda box: True
) -> list[Reading]:
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
    list of Reading
        In coordinates of ``picture``, from top to bottom; legible or not.
    """
    enlarged = picture
    if scale != 1.0:
        enlarged = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    enlarged = cv2.cvtColor(enlarged, cv2.COLOR_GRAY2BGR)
    lines = [
        (corners, _box_of(corners / scale, picture.shape))
        for corners in _corners_of_lines(enlarged)
        if _sides(corners).min() >= 1  # pixels; what is found in the rim that narrow pictures get has less
    ]
    lines = [(corners, box) for corners, box in lines if wanted(box)]
    if not lines:
        return []
    texts, _ = _engine().text_rec(_engine().get_crop_img_list(enlarged, [corners for corners, _ in lines]))
    return [
        Reading(x0=x0, y0=y0, x1=x1, y1=y1, text=text, confidence=float(confidence))
        for (_, (x0, y0, x1, y1)), (text, confidence) in zip(lines, texts, strict=True)
    ]


def _corners_of_lines(picture: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
    """Corners (4, 2), x and y, of every line that is found in a picture (H, W, 3), part by part."""
    lines = []
    for top, bottom, first, last in _parts(*picture.shape[:2]):
        found, _ = _engine()(picture[top:bottom], use_cls=False, use_rec=False)
        for corners in np.float32(found or ()):
            corners[:, 1] += top
            if first <= corners[:, 1].mean() < last:
                lines.append(corners)
    return lines


def _parts(height: int, width: int) -> list[tuple[int, int, float, float]]:
    """Rows of the parts that a picture is searched in, and between which rows the middles of their lines lie.

    A line that the end of a part cuts has its middle, cut or whole, on the next one's side.
    """
    rows = max(MOST_PIXELS // width, 2 * SHARED_ROWS)
    count = 1 if height <= rows else -(-(height - SHARED_ROWS) // (rows - SHARED_ROWS))
    tops = [round(part * (height - SHARED_ROWS) / count) for part in range(count)]
    bottoms = [*(top + SHARED_ROWS for top in tops[1:]), height]
    middles = [-np.inf, *(top + SHARED_ROWS / 2 for top in tops[1:]), np.inf]
    return list(zip(tops, bottoms, middles, middles[1:], strict=False))


def _sides(corners: NDArray[np.float32]) -> NDArray[np.float32]:
    """Height and width of the quadrangle (4, 2)."""
    return np.linalg.norm(corners - np.roll(corners, 1, axis=0), axis=1).reshape(2, 2).max(0)


def _box_of(corners: NDArray[np.float32], shape: tuple[int, ...]) -> Box:
    """The bounding box of corners (4, 2), within a picture of the shape."""
    (x0, y0), (x1, y1) = np.floor(corners.min(0)).astype(int), np.ceil(corners.max(0)).astype(int)
    return max(0, int(x0)), max(0, int(y0)), min(shape[1], int(x1)), min(shape[0], int(y1))


def legible_readings(picture: NDArray[np.uint8], *, screen: NDArray | None = None) -> list[Reading]:
    """What is read in a picture (H, W) uint8 and is legible, and no taller than TALLEST; may name a patient.

    ``screen`` is the whole screen (H, W) where the picture is a part of it.
    """
    screen = picture if screen is None else screen
    tallest = TALLEST * len(screen)
    lines = read_text(picture, scale=screen_scale(screen), wanted=lambda box: box[3] - box[1] <= tallest)
    return [line for line in lines if line.legible]


def screen_scale(screen: NDArray) -> float:
    """The ``scale`` for a whole screen (H, W), or for a part of it."""
    return max(1.0, READABLE_ROWS / screen.shape[0])


@cache
def _engine():
    """The models, loaded once a process, on one thread: the workers fill the cores."""
    # Only here: most processes never read, and the import takes a third of a second.
    import onnxruntime
    import rapidocr_onnxruntime

    logging.getLogger("RapidOCR").setLevel(logging.CRITICAL)
    model = str(Path(rapidocr_onnxruntime.__file__).with_name("models") / FINDER)
    # "max" leaves small crops at their size; the default enlarges every one to 736 pixels.
    engine = rapidocr_onnxruntime.RapidOCR(
        intra_op_num_threads=1,
        inter_op_num_threads=1,
        det_model_path=model,
        det_limit_type="max",
        det_limit_side_len=1280,
    )
    finder = engine.text_det
    # Its own session gives the memory of every layer back and takes it again, a fifth of its time, and its
    # means make all arithmetic before it double.
    options = finder.infer.session.get_session_options()
    options.enable_cpu_mem_arena = True
    options.enable_mem_pattern = False  # would hold as much again for pictures of a size met before
    provider = ("CPUExecutionProvider", {"arena_extend_strategy": "kSameAsRequested"})
    finder.infer.session = onnxruntime.InferenceSession(model, options, providers=[provider])
    finder.mean, finder.std = np.float32(finder.mean), np.float32(finder.std)
    return engine
