"""Names in many scripts and fonts that have their letters."""

import shutil
import subprocess
from functools import cache
from pathlib import Path

import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont

NAMES = {
    "latin": ("en", ("DOE JANE", "Ng", "Li Bo", "Müller, Anna", "MRN 48-1207")),
    "cyrillic": ("ru", ("Иванов Пётр", "Петрова")),
    "greek": ("el", ("Παπαδόπουλος", "Νίκος")),
    "arabic": ("ar", ("محمد أحمد", "فاطمة الزهراء")),
    "hebrew": ("he", ("יוסף כהן", "שרה לוי")),
    "georgian": ("ka", ("გიორგი ბერიძე", "ნინო")),
    "armenian": ("hy", ("Արմեն Սարգսյան", "Անի")),
    "hangul": ("ko", ("박지훈 67세", "김민준", "이서연 환자")),
    "thai": ("th", ("สมชาย ใจดี", "นางสาวมาลี")),
    "devanagari": ("hi", ("राजेश कुमार", "सुनीता देवी")),
    "ethiopic": ("am", ("አበበ ቢቂላ", "ሰላማዊት")),
    "han": ("zh-cn", ("王伟", "李小明", "欧阳娜娜")),
    "kana": ("ja", ("やまだ たろう", "タナカ ハナコ")),
    "tamil": ("ta", ("முருகன்", "செல்வி")),
    "bengali": ("bn", ("রহিম উদ্দিন", "সুমন")),
    "khmer": ("km", ("សុខ សុភា",)),
    "myanmar": ("my", ("အောင်အောင်",)),
}
"""Script to its language for fontconfig and to names."""

# Scripts whose letters are in the font that comes with Matplotlib.
DEJAVU = (
    "latin",
    "cyrillic",
    "greek",
    "arabic",
    "hebrew",
    "georgian",
    "armenian",
)


@cache
def fonts(script: str) -> tuple[Path, ...]:
    """Fonts for a script: Matplotlib's where it has the letters, and all that fontconfig knows."""
    found = []
    if script in DEJAVU:
        found.append(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf")
    if shutil.which("fc-list"):
        command = ["fc-list", f":lang={NAMES[script][0]}", "file"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        lines = (line.rstrip(": ") for line in done.stdout.splitlines())
        found += sorted(
            Path(line) for line in lines if "Noto" in line and line.endswith(("ttf", "ttc", "otf"))
        )
    return tuple(found)


def scripts() -> list[str]:
    """Scripts of which there is a font here."""
    return [script for script in NAMES if fonts(script)]


def typeset(text: str, font: Path, size: int) -> np.ndarray:
    """(h, w) uint8: how much of each pixel the letters of a font of so many pixels cover."""
    face = ImageFont.truetype(str(font), size)
    left, top, right, bottom = face.getbbox(text)
    image = Image.new("L", (right - left + 2, bottom - top + 2))
    ImageDraw.Draw(image).text((1 - left, 1 - top), text, fill=255, font=face)
    return np.asarray(image)
