"""The two networks that find and read lines of text: PP-OCR models out of a wheel, run by ONNX Runtime."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

PACKAGE = "rapidocr_onnxruntime"  # its wheel carries the models; its code is not imported
DETECTOR, RECOGNISER = "ch_PP-OCRv4_det_infer.onnx", "ch_PP-OCRv4_rec_infer.onnx"
STRIDE = 32  # pixels; the detector takes multiples of it
MIN_PROBABILITY = 0.3  # of a pixel to be text
MIN_BOX_PROBABILITY = 0.5  # mean over a line's box
MIN_SIDE = 3  # pixels, of what the detector marks
GROWTH = 1.6  # the detector marks the core of a line; by area over perimeter its box is grown
LINE_HEIGHT, MIN_LINE_WIDTH = 48, 320  # pixels, of the recogniser's input
UPRIGHT = 1.5  # height over width from which a line is turned before it is read


class TextModels:
    """Find lines of text in a picture, and read them.

    Parameters
    ----------
    folder
        Where DETECTOR and RECOGNISER lie.

    Raises
    ------
    ModuleNotFoundError
        ONNX Runtime is not installed.
    FileNotFoundError
        A model is missing.
    """

    def __init__(self, folder: Path):
        self._detector = _session(folder / DETECTOR)
        self._recogniser = _session(folder / RECOGNISER)
        characters = self._recogniser.get_modelmeta().custom_metadata_map["character"].split("\n")
        self._characters = ["", *characters, " "]  # the first class is "no character"

    def find(self, picture: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
        """Lines of text in a grey picture (H, W) uint8: corners (4, 2) of each, x and y, clockwise.

        The first corner is the upper left one of the text.
        """
        probability = self._probability(picture)
        marked = cv2.dilate((probability > MIN_PROBABILITY).astype(np.uint8), np.ones((2, 2), np.uint8))
        outlines, _ = cv2.findContours(marked, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
        scale = np.divide(picture.shape[::-1], probability.shape[::-1])
        last = np.subtract(picture.shape[::-1], 1)
        found = []
        for outline in outlines:
            centre, (width, height), angle = cv2.minAreaRect(outline)
            core = cv2.boxPoints((centre, (width, height), angle))
            if min(width, height) < MIN_SIDE or _mean_inside(probability, core) < MIN_BOX_PROBABILITY:
                continue
            rim = width * height * GROWTH / (width + height)  # both sides together
            corners = cv2.boxPoints((centre, (width + rim, height + rim), angle)) * scale
            corners = _clockwise(np.clip(corners, 0, last)).astype(np.float32)
            if _sides(corners).min() > MIN_SIDE:
                found.append(corners)
        return found

    def read(self, picture: NDArray[np.uint8], corners: NDArray[np.float32]) -> tuple[str, float]:
        """Text of the line with corners (4, 2) in a grey picture (H, W) uint8, and confidence, 0 to 1."""
        line = _cut_out(picture, corners)
        width = max(1, round(LINE_HEIGHT * line.shape[1] / line.shape[0]))
        values = np.zeros((1, 3, LINE_HEIGHT, max(width, MIN_LINE_WIDTH)), np.float32)
        values[..., :width] = _normalised(cv2.resize(line, (width, LINE_HEIGHT)))
        scores = _run(self._recogniser, values)[0]  # (steps, characters)
        best, confidence = scores.argmax(1), scores.max(1)
        new = (best > 0) & np.append(True, best[1:] != best[:-1])
        text = "".join(self._characters[index] for index in best[new])
        return text, float(confidence[new].mean()) if new.any() else 0.0

    def _probability(self, picture: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(h, w) probability of text; h and w are those of the picture in multiples of STRIDE."""
        height, width = (max(STRIDE, round(size / STRIDE) * STRIDE) for size in picture.shape)
        grey = _normalised(cv2.resize(picture, (width, height)))
        values = np.ascontiguousarray(np.broadcast_to(grey, (1, 3, height, width)))
        return _run(self._detector, values)[0, 0]


@cache
def text_models() -> TextModels:
    """The models of the installed wheel, loaded once a process."""
    package = find_spec(PACKAGE)
    if package is None or package.origin is None:
        raise ModuleNotFoundError(f"{PACKAGE} is not installed: its models find and read text")
    return TextModels(Path(package.origin).with_name("models"))


def _session(model: Path):
    """A model on one thread, since the workers fill the cores, that keeps its memory from run to run."""
    import onnxruntime  # only here: most processes never read, and the import takes its time

    if not model.exists():
        raise FileNotFoundError(f"{model} is missing: it finds or reads text")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_mem_pattern = False  # would hold as much again for pictures of a size met before
    options.log_severity_level = 4
    provider = ("CPUExecutionProvider", {"arena_extend_strategy": "kSameAsRequested"})
    return onnxruntime.InferenceSession(str(model), options, providers=[provider])


def _run(session, values: NDArray[np.float32]) -> NDArray[np.float32]:
    [result] = session.run(None, {session.get_inputs()[0].name: values})
    return result


def _normalised(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    return picture.astype(np.float32) / np.float32(127.5) - np.float32(1)


def _mean_inside(values: NDArray[np.float32], corners: NDArray[np.float32]) -> float:
    """Mean of values (H, W) inside a quadrangle (4, 2)."""
    (x0, y0), (x1, y1) = np.floor(corners.min(0)).astype(int), np.ceil(corners.max(0)).astype(int)
    x0, y0 = max(x0, 0), max(y0, 0)
    part = values[y0 : y1 + 1, x0 : x1 + 1]
    inside = np.zeros(part.shape, np.uint8)
    cv2.fillPoly(inside, [(corners - (x0, y0)).astype(np.int32)], 1)
    return cv2.mean(part, inside)[0]


def _sides(corners: NDArray[np.float32]) -> NDArray[np.float32]:
    """(4,) lengths of the sides of a quadrangle (4, 2), from the first corner on."""
    return np.linalg.norm(corners - np.roll(corners, -1, axis=0), axis=1)


def _clockwise(corners: NDArray[np.float32]) -> NDArray[np.float32]:
    """Corners (4, 2) from the upper left one on, clockwise."""
    left, right = np.split(corners[np.argsort(corners[:, 0], kind="stable")], 2)
    upper_left, lower_left = left[np.argsort(left[:, 1], kind="stable")]
    upper_right, lower_right = right[np.argsort(right[:, 1], kind="stable")]
    return np.stack([upper_left, upper_right, lower_right, lower_left])


def _cut_out(picture: NDArray[np.uint8], corners: NDArray[np.float32]) -> NDArray[np.uint8]:
    """The line within corners (4, 2), as an upright rectangle (h, w) uint8; tall lines are turned."""
    sides = _sides(corners)
    width, height = max(1, int(max(sides[0], sides[2]))), max(1, int(max(sides[1], sides[3])))
    target = np.float32([[0, 0], [width, 0], [width, height], [0, height]])
    turn = cv2.getPerspectiveTransform(np.float32(corners), target)
    line = cv2.warpPerspective(
        picture, turn, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return np.rot90(line).copy() if height >= UPRIGHT * width else line
