"""Exact dates in free text: any text that is plainly a full date, in whatever form it was written.

A year, a month with its year, an age and a measurement are no exact dates.
"""

import datetime
import html
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote

from echoclr_core.common.date_words import (
    FILLERS,
    MONTH_NAMES,
    MONTHS,
    NUMBER_MARKS,
    ROMAN,
    cjk_numbers_to_digits,
    fold,
)

YEARS = range(1900, 2100)
MAX_GAP = 4  # characters between two parts of a date that are no letters, digits or fillers
WEEK_DATE = re.compile(r"(?<!\d)(?:19|20)\d\d[-_/ ]?w[0-5]\d[-_/ ]?[1-7](?!\d)")
_SPACED = re.compile(r"(?<!\d)\d(?: \d){3}(?!\d)(?:[ .\-/]+\d)*(?!\d)")  # 2 0 1 9 - 0 3 - 1 7
_DAY_AND_YEAR = re.compile(r"\d{1,2}[ ./_-]+(?:19|20)\d\d(?!\d)")
_PART = re.compile(r"\d+|[^\W\d_]+")
_SEPARATORS = frozenset("-./_\\|~·:'’‐‑‒–—−・⁄∕")
_MARKS = frozenset("년월일年月日号") | frozenset(fold("년월일"))


@dataclass(frozen=True, kw_only=True)
class Part:
    """A number or the name of a month in a text.

    Parameters
    ----------
    text
        Digits, or the word.
    months
        What the word means as a month, 1 … 12; empty for a number.
    gap
        What stands before it since the last part, without fillers; None where a word of no date stands there.
    marks
        Whether fillers stand in that gap that only join a date with the name of a month.
    fraction
        Whether it is the digits after a decimal point.
    """

    text: str
    months: frozenset[int] = frozenset()
    gap: str | None = None
    marks: bool = False
    fraction: bool = False

    @property
    def number(self) -> int | None:
        """The number, or None for a word."""
        return None if self.months else int(self.text)


@lru_cache(maxsize=65536)
def prepare(text: str) -> str:
    """``text`` as the searches read it: see :func:`~echoclr_core.common.date_words.fold`."""
    if text.isalnum() and text.isascii():
        return text.lower()
    return fold(cjk_numbers_to_digits(html.unescape(unquote(text))))


@lru_cache(maxsize=65536)
def parts_of(text: str) -> tuple[Part, ...]:
    """Numbers and months of a text from :func:`prepare`, in their order."""
    found, gap, marks, end = [], "", False, 0
    for match in _PART.finditer(text):
        between = text[end : match.start()]
        gap = None if gap is None else gap + between
        word, end = match[0], match.end()
        months = _months(word, text, match, found)
        if word[0].isdigit() or months:
            fraction = bool(found) and between in (".", ",") and not found[-1].months and word.isdigit()
            fraction = fraction and not found[-1].fraction and gap == between
            found.append(Part(text=word, months=months, gap=gap, marks=marks, fraction=fraction))
            gap, marks = "", False
        elif word in FILLERS:
            marks = marks or word not in NUMBER_MARKS
            gap = gap if gap is None else gap + ("年" if word in _MARKS else "")
        else:
            gap = None
    return tuple(found)


def _months(word: str, text: str, match: re.Match, found: list[Part]) -> frozenset[int]:
    """What the word means as a month; a Roman numeral counts between two numbers, or before day and year."""
    if word in ROMAN:
        after = text[match.end() :].lstrip(" ./-_")
        before = text[: match.start()].rstrip(" ./-_")
        between = bool(found) and before[-1:].isdigit() and after[:1].isdigit()
        first = not before and _DAY_AND_YEAR.match(after)  # IV-21-2019
        return ROMAN[word] if between or first else frozenset()
    return MONTHS.get(word, frozenset())


@lru_cache(maxsize=65536)
def find_dates(text: str) -> tuple[datetime.date, ...]:
    """Every reading as a full date of what is plainly one; day and month may be read either way.

    Parameters
    ----------
    text
        Any text; years 1900 to 2099 are looked for, two digits are of either century.

    Returns
    -------
    The dates; empty where there is none. A day with the full name of a month and no year has the year 1904.
    """
    folded = prepare(text)
    parts = parts_of(_SPACED.sub(lambda match: re.sub(r"\D", "", match[0]), folded))
    numbers = [part.text for part in parts if not (part.fraction or part.months)]
    found = [date for digits in numbers for date in compact_dates(digits)]
    for three in zip(parts, parts[1:], parts[2:], strict=False):
        found += _dates_of_three(*three)
    for first, second in itertools.pairwise(parts):
        found += _dates_of_two(first, second)
    for match in WEEK_DATE.finditer(folded):
        found += _week_date(match[0])
    return tuple(dict.fromkeys(found))


def compact_dates(digits: str) -> list[datetime.date]:
    """Dates that a row of 8 digits, or of 10, 12, 14 or 17 with the time after them, may mean."""
    if len(digits) not in (8, 10, 12, 14, 17):
        return []
    a, b, c, year = digits[:4], digits[4:6], digits[6:8], digits[4:8]
    orders = [(a, b, c), (a, c, b), (year, digits[2:4], digits[:2]), (year, digits[:2], digits[2:4])]
    return [date for order in orders for date in _date(*map(int, order))]


def _date(year: int, month: int, day: int) -> list[datetime.date]:
    try:
        return [datetime.date(year, month, day)] if year in YEARS else []
    except ValueError:  # a 13th month
        return []


def _years(part: Part) -> list[int]:
    """Years that a number may mean: four digits, or two of either century."""
    if part.months or (part.fraction and len(part.text) != 4):
        return []
    if len(part.text) == 4:
        return [int(part.text)]
    return [1900 + int(part.text), 2000 + int(part.text)] if len(part.text) == 2 else []


def _gap(part: Part) -> str | None:
    """The separator before a part without its spaces; None where the gap is too wide for a date."""
    if part.gap is None or len(part.gap) > MAX_GAP + 2:
        return None
    return part.gap.strip(" \t'’`")  # 17 Mar '19


def _dates_of_three(first: Part, second: Part, third: Part) -> Iterator[datetime.date]:
    gaps = _gap(second), _gap(third)
    if None in gaps:
        return
    parts = (first, second, third)
    named = [part for part in parts if part.months]
    if len(named) == 1:
        yield from _with_month(parts, named[0], gaps)
    elif not named and not (second.marks or third.marks):
        yield from _numbers_only(parts, gaps)


def _with_month(parts: tuple[Part, ...], month: Part, gaps: tuple) -> Iterator[datetime.date]:
    a, b = (part for part in parts if part is not month)
    orders = [(b, a)] if len(a.text) <= 2 else []
    orders += [(a, b)] if len(b.text) <= 2 else []
    # "sep 12 10" is the septum as well: with the month first, a mark must set the year of two digits off.
    if parts[0] is month and len(b.text) != 4 and not gaps[1]:
        return
    for year, day in orders:
        for number in _years(year):
            for m in month.months:
                yield from _date(number, m, int(day.text))


def _numbers_only(parts: tuple[Part, ...], gaps: tuple) -> Iterator[datetime.date]:
    lengths = [len(part.text) for part in parts]
    separators = {mark for gap in gaps for mark in gap}
    cjk = "年" in separators
    alike = gaps[0] == gaps[1]
    usual = separators <= _SEPARATORS | {",", "."} or (alike and 4 in lengths)  # 17;03;2019
    if not cjk and (not usual or max(map(len, gaps)) > 1):
        return
    if 4 in lengths:
        if not (alike or cjk or ("," not in separators and all(gaps))):
            return
    elif not (cjk or (alike and gaps[0] and gaps[0] not in ",:")):
        return
    a, b, c = parts
    orders = [(a, b, c)] if lengths[0] == 4 or lengths == [2, 2, 2] or cjk else []
    orders += [(a, c, b)] if lengths[0] == 4 else []
    orders += [(c, b, a), (c, a, b)] if lengths[0] != 4 else []
    for year, month, day in orders:
        if len(month.text) > 2 or len(day.text) > 2:
            continue
        for number in _years(year):
            yield from _date(number, int(month.text), int(day.text))


def _dates_of_two(first: Part, second: Part) -> Iterator[datetime.date]:
    """A day and the full name of a month; year and 3 digits for its day; year and month-day in 4 digits."""
    gap = _gap(second)
    if gap is None or first.fraction:
        return
    for word, day in ((first, second), (second, first)):
        if word.text in MONTH_NAMES and not day.months and len(day.text) <= 2:
            for month in word.months:
                yield from _date(1904, month, int(day.text))
    if first.months or second.months:
        return
    if "年" in gap and first.gap is not None and len(first.text) <= 2 and len(second.text) <= 2:
        yield from _date(1904, int(first.text), int(second.text))
    if len(first.text) == 4 and len(second.text) == 4 and len(gap) <= 1 and not second.marks:
        for digits in (first.text + second.text, second.text + first.text):
            yield from compact_dates(digits)


def _week_date(text: str) -> list[datetime.date]:
    year, rest = text[:4], re.sub(r"\D", "", text[4:])
    try:
        return [datetime.date.fromisocalendar(int(year), int(rest[:2]), int(rest[2]))]
    except ValueError:  # week 54
        return []
