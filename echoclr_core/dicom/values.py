"""Header values by keyword, one at a time: what cannot be read is missing, and nothing else is touched.

A loop over all elements would stop at the first broken one, a stray delimiter after PixelData included.
"""

import logging
import math
import re
import struct
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date
from functools import cache

from pydicom import config
from pydicom.datadict import tag_for_keyword
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.tag import BaseTag, Tag

ASCII_VRS = {"AS", "CS", "DA", "DS", "DT", "IS", "TM", "UI"}  # text that no character set changes
NUMBER_FORMATS = {"US": "H", "SS": "h", "UL": "L", "SL": "l", "FL": "f", "FD": "d"}
_QUIET = ContextVar("quiet", default=False)


@contextmanager
def quiet_pydicom() -> Iterator[None]:
    """Silence pydicom's warnings and log: they quote header values, which may name a patient."""
    if _QUIET.get():  # inside another one
        yield
        return
    logger = logging.getLogger("pydicom")
    level = logger.level
    mode = config.settings.reading_validation_mode
    logger.setLevel(logging.CRITICAL + 1)
    config.settings.reading_validation_mode = config.IGNORE
    token = _QUIET.set(True)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        _QUIET.reset(token)
        config.settings.reading_validation_mode = mode
        logger.setLevel(level)


@cache
def tag_of(keyword: str) -> BaseTag | None:
    """The tag of a keyword, as pydicom keeps its elements; None of what is no keyword."""
    tag = tag_for_keyword(keyword)
    return None if tag is None else Tag(tag)


def strings(dataset: Dataset, keyword: str) -> list[str]:
    """The non-empty values of a keyword as text, without padding; [] where it is missing or empty."""
    tag = tag_of(keyword)
    # deferred: empty, to be converted below
    element = None if tag is None else dataset.get_item(tag, keep_deferred=True)
    if element is None:
        return []
    value = _plain_value(element)
    if value is None:
        try:
            value = dataset[tag].value
        except MemoryError:  # tells of the process, not of the file
            raise
        except Exception:  # any broken value ends here: the bytes as they stand are still worth naming
            value = element.value
    if value is None:
        return []
    if isinstance(value, bytes):
        value = value.decode("latin-1").split("\\")
    elif isinstance(value, str) or not hasattr(value, "__iter__") or hasattr(value, "family_name"):
        value = [value]
    texts = (str(item).encode("utf-8", "replace").decode().strip(" \0\t\r\n") for item in value)
    return [text for text in texts if text]


def _plain_value(element: DataElement | RawDataElement) -> bytes | tuple[float, ...] | None:
    """The bytes of text, or the numbers, of an element that pydicom has not converted yet; None of any other.

    pydicom's conversion, to classes that also write and compare, takes half the time of an archive's scan.
    """
    if not isinstance(element, RawDataElement) or not element.value:
        return None
    if element.VR in ASCII_VRS:
        return element.value if element.value.isascii() else None
    if (letter := NUMBER_FORMATS.get(element.VR)) is None:
        return None
    order = "<" if element.is_little_endian else ">"
    count, rest = divmod(len(element.value), struct.calcsize(order + letter))
    return None if rest else struct.unpack(f"{order}{count}{letter}", element.value)


def text(dataset: Dataset, keyword: str) -> str | None:
    """All values of a keyword joined by a backslash, in file order; None where there is none."""
    return "\\".join(strings(dataset, keyword)) or None


def numbers(dataset: Dataset, keyword: str) -> list[float] | None:
    """All values of a keyword as finite floats; None if it is missing or any of them is not a number."""
    return _floats(strings(dataset, keyword))


def _floats(items: Iterable[str]) -> list[float] | None:
    found = []
    for item in items:
        try:
            number = float(item.strip())  # as pydicom does: float() refuses some control characters
        except ValueError:
            return None
        if not math.isfinite(number):
            return None
        found.append(number)
    return found or None


def decimals(dataset: Dataset, keyword: str) -> list[float] | None:
    """As :func:`numbers`, of a keyword that holds decimal numbers: a comma in one is a decimal comma.

    No comma can stand in a decimal string (PS3.5 6.2), and exporters with a German or French locale write one
    for the point. With a point, or several commas, a value is not a number.
    """
    return _floats(re.sub(r"^([+-]?\d*),(\d+)$", r"\1.\2", item) for item in strings(dataset, keyword))


def tags(dataset: Dataset, keyword: str) -> list[int]:
    """The tags that a keyword (of VR AT) names, as integers; those that cannot be read are left out."""
    found = []
    for item in strings(dataset, keyword):
        digits = re.sub(r"[^0-9A-Fa-f]", "", item)
        if len(digits) == 8:
            found.append(int(digits, 16))
    return found


def number(dataset: Dataset, keyword: str) -> float | None:
    """The first value of a keyword as a finite float, or None."""
    found = numbers(dataset, keyword)
    return found[0] if found else None


def integer(dataset: Dataset, keyword: str) -> int | None:
    """The first value of a keyword as a whole number, or None where it is not one."""
    found = number(dataset, keyword)
    return int(found) if found is not None and found == int(found) else None


def day(dataset: Dataset, keyword: str) -> str | None:
    """A date as YYYYMMDD, or None where no day of 1900 to 2199 can be read.

    Dots, dashes and slashes between year, month and day are dropped (1994.01.30, ACR-NEMA's form); of a
    range or several values the first day counts; a time of day behind the date is ignored.
    """
    for item in strings(dataset, keyword):
        match = re.match(r"(\d{4})[.\-/ ]?(\d{2})[.\-/ ]?(\d{2})", item)
        if match is None:
            continue
        try:
            found = date(*map(int, match.groups()))
        except ValueError:
            continue
        if 1900 <= found.year < 2200:
            return found.strftime("%Y%m%d")
    return None
