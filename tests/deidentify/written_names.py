"""Names in many scripts, for the tests, where there are fonts; and strokes that only look like a script."""

import shutil
import subprocess
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

NAMES = {
    "ko": "박지훈 67세",
    "th": "สมชาย ใจดี",
    "hi": "राजेश कुमार",
    "ar": "محمد أحمد",
    "he": "יוסף כהן",
    "ka": "გიორგი ბერიძე",
    "hy": "Արմեն Սարգսյան",
    "am": "አበበ ቢቂላ",
    "zh-cn": "欧阳娜娜",
    "ja": "やまだ たろう",
    "ta": "முருகன் செல்வி",
    "bn": "রহিম উদ্দিন",
    "km": "សុខ សុភា",
    "ru": "Иванов Пётр",
    "el": "Παπαδόπουλος",
    "en": "Li Bo",
}
"""Language of fontconfig to a name in its script."""

DEJAVU = ("ar", "he", "ka", "hy", "ru", "el", "en")
"""Languages of which the font that comes with Matplotlib has the letters: these need no font installed."""


def font_file(language: str) -> Path | None:
    """A font with the letters of a language, or None where neither Matplotlib nor fontconfig knows one."""
    if language in DEJAVU:
        import matplotlib

        return Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"
    if shutil.which("fc-list") is None:
        return None
    done = subprocess.run(
        ["fc-list", f":lang={language}", "file"], capture_output=True, text=True, check=True
    )
    found = sorted(line.rstrip(": ") for line in done.stdout.splitlines() if "Regular" in line)
    return Path(found[0]) if found else None


def typeset(text: str, font: Path, size: int) -> np.ndarray:
    """(h, w) uint8 coverage of a text in a font of so many pixels."""
    face = ImageFont.truetype(str(font), size)
    left, top, right, bottom = face.getbbox(text)
    image = Image.new("L", (right - left, bottom - top))
    ImageDraw.Draw(image).text((-left, -top), text, fill=255, font=face)
    return np.asarray(image)


def scrawl(rng: np.random.Generator, letters: int, size: int) -> np.ndarray:
    """(h, w) uint8 coverage of a line of so many letters of no script: a few strokes and arcs in each."""
    step = round(0.8 * size)
    line = np.zeros((size, letters * step), np.uint8)
    thick = max(1, size // 10)
    for letter in range(letters):
        left = letter * step + thick

        def point(left: int = left) -> tuple[int, int]:
            x, y = rng.integers(0, step - 3 * thick), rng.integers(thick, size - thick)
            return int(left + x), int(y)

        right, middle = left + step - 3 * thick, int(rng.integers(size // 3, 2 * size // 3))
        cv2.line(line, (left, thick), (left, size - 1 - thick), 255, thick, cv2.LINE_AA)
        cv2.line(line, (left, middle), (right, middle), 255, thick, cv2.LINE_AA)
        cv2.line(line, (right, middle), point(), 255, thick, cv2.LINE_AA)
    return line


def put(frames: np.ndarray, coverage: np.ndarray, places: np.ndarray, grey: int) -> np.ndarray:
    """Frames (T, H, W) uint8 with a coverage in grey; ``places`` (T, 2) are x and y, NaN for not there."""
    drawn = frames.copy()
    height, width = frames.shape[1:]
    for frame, (x, y) in zip(drawn, np.broadcast_to(places, (len(frames), 2)), strict=True):
        if not np.isnan(x):
            shift = np.float32([[1, 0, x], [0, 1, y]])
            share = cv2.warpAffine(coverage, shift, (width, height)).astype(np.float32) / 255
            frame[:] = np.round(frame * (1 - share) + grey * share)
    return drawn
