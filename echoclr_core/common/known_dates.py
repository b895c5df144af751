"""A known date in a text or a number, in every rendering: what is no date by itself is one beside its row."""

import datetime
import itertools
import math
import re
from collections.abc import Collection
from functools import lru_cache

from echoclr_core.common.date_search import Part, parts_of, prepare

EPOCHS = {
    "Excel, 1900": datetime.date(1899, 12, 30),
    "Excel, 1904": datetime.date(1904, 1, 1),
    "SAS and Stata": datetime.date(1960, 1, 1),
    "Unix and R": datetime.date(1970, 1, 1),
}
"""Days that programs count from."""

ORDINAL_SHIFTS = {"Julian day": 1721424.5, "modified Julian day": -678576, "MATLAB": 366}
"""What programs add to the proleptic Gregorian ordinal (1 = 1 January of year 1)."""

OTHER_YEARS = (543, -1911, -1867, -1911, -1925, -1988, -2018)
"""Buddhist and Taiwanese years, Meiji, Taisho, Showa, Heisei and Reiwa: what is added to the year."""

DAY = 86400  # seconds

_EXPONENT = re.compile(r"(?<![\w.,])\d(?:[.,]\d+)?e\+?\d{1,2}(?!\w)")  # 2.0190421E+07
_THOUSANDS = re.compile(r"(?<![\d.,])\d{1,2}[.,'’ ]\d{3}(?![\d.,])")  # 43,576


def exponent_numbers(text: str) -> list[float]:
    """Numbers of a text from ``prepare`` that have an exponent, as spreadsheets show long ones."""
    return [float(match.replace(",", ".")) for match in _EXPONENT.findall(text)]


def holds_known_date(text: str, dates: Collection[datetime.date]) -> bool:
    """Whether ``text`` holds one of ``dates``, whatever the order, separators, calendar or program.

    Looked for are day, month and year as numbers or words, with or without separators; day and month alone
    where they can hardly mean anything else; the day of the year; days and seconds as programs count them.
    """
    plain = prepare(text)
    numbers = [
        *exponent_numbers(plain),
        *(float(re.sub(r"\D", "", match)) for match in _THOUSANDS.findall(plain)),
    ]
    if any(is_known_date(number, dates) for number in numbers):
        return True
    parts = parts_of(plain)
    if len(parts) < 2 and not any(len(part.text) >= 5 for part in parts):
        return False
    return any(_holds(parts, date) for date in dates)


@lru_cache(maxsize=65536)
def _holds(parts: tuple[Part, ...], date: datetime.date) -> bool:
    if any(not part.fraction and _is_date(part, date) for part in parts):
        return True
    if any(_triple(three, date) for three in zip(parts, parts[1:], parts[2:], strict=False)):
        return True
    if any(_pair(*two, date) for two in itertools.pairwise(parts)):
        return True
    return any(joined in _compact(date)[0] for joined in _joined(parts))


def _is_date(part: Part, date: datetime.date) -> bool:
    """Whether one number is the date."""
    if part.months:
        return False
    eight, short = _compact(date)
    digits = part.text
    if digits in short or any(form in digits for form in eight):
        return True
    if len(digits) in (10, 12) and any(digits.startswith(form) for form in short if len(form) == 6):
        return True  # yymmddhhmm[ss]
    return len(digits) >= 5 and is_known_date(float(digits), [date])


@lru_cache(maxsize=65536)
def _compact(date: datetime.date) -> tuple[frozenset[str], frozenset[str]]:
    """The date as 8 digits in any order, and in the shorter forms that hold the year as well."""
    year, two = f"{date.year:04d}", f"{date.year % 100:02d}"
    day, month = f"{date.day:02d}", f"{date.month:02d}"
    eight = {"".join(order) for order in itertools.permutations((year, month, day))}
    short = {"".join(order) for order in itertools.permutations((two, month, day))}
    short |= {"".join(order) for order in itertools.permutations((year, str(date.month), str(date.day)))}
    of_year = f"{date.timetuple().tm_yday:03d}"
    short |= {year + of_year, two + of_year}
    return frozenset(eight), frozenset(short)


def _triple(parts: tuple[Part, ...], date: datetime.date) -> bool:
    """Whether three parts are its day, month and year, in any order."""
    for year, month, day in itertools.permutations(parts):
        if year.months or day.months or not _is_year(year.text, date):
            continue
        months = month.months or {int(month.text)}
        if date.month in months and int(day.text) == date.day:
            return True
    return False


def _is_year(digits: str, date: datetime.date) -> bool:
    if int(digits) == date.year or (len(digits) == 2 and int(digits) == date.year % 100):
        return True
    return any(int(digits) == date.year + shift > 0 for shift in OTHER_YEARS)


def _pair(first: Part, second: Part, date: datetime.date) -> bool:
    """Its day with the name of its month; day and month as 17/03; the year with the day of the year."""
    gap = second.gap
    for month, day in ((first, second), (second, first)):
        if date.month in month.months and not day.months and int(day.text) == date.day and gap is not None:
            return True
    if first.months or second.months or gap is None:
        return False
    numbers = int(first.text), int(second.text)
    day_and_month = sorted(numbers) == [date.month, date.day]
    if day_and_month and gap.strip() in ("/", "-") and date.day > 12 and not first.fraction:
        return True
    of_year = date.timetuple().tm_yday
    return numbers == (date.year, of_year) and (len(second.text) == 3 or of_year > 31)


def _joined(parts: tuple[Part, ...]) -> list[str]:
    """The digits of numbers that nothing but separators divide: 2019 0317, 2 0 1 9 0 3 1 7."""
    found, digits = [], ""
    for part in parts:
        joins = part.gap is not None and not re.search(r"[^\W_]", part.gap)
        measured = part.fraction and len(part.text) > 4  # 3.20190317
        digits = "" if part.months or measured else (digits if joins else "") + part.text
        found.append(digits[-17:])
    return [digits[start : start + 8] for digits in found for start in range(len(digits) - 7)]


def is_known_date(number: float, dates: Collection[datetime.date]) -> bool:
    """Whether a number is one of ``dates``: as digits, days or seconds counted, or a decimal year."""
    if not math.isfinite(number) or abs(number) < 1000:
        return False
    whole, seconds = math.floor(number), _SECOND_UNITS if abs(number) >= 10 * DAY else ()
    for date in dates:
        counted, written = _known_numbers(date)
        if whole in counted or (whole == number and whole in written):
            return True
        if number != whole and _is_decimal_year(number, date):
            return True
        start = (date - EPOCHS["Unix and R"]).days * DAY
        if any(start - DAY <= number / unit < start + 2 * DAY for unit in seconds) and abs(start) > 10 * DAY:
            return True
    return False


_SECOND_UNITS = (1, 1e3, 1e6, 1e9)  # seconds, milliseconds, microseconds, nanoseconds


@lru_cache(maxsize=65536)
def _known_numbers(date: datetime.date) -> tuple[frozenset[int], frozenset[int]]:
    """The date as counts of days, to which a fraction may be added, and as digits read as one number."""
    counts = {(date - epoch).days for epoch in EPOCHS.values()}
    counts |= {math.floor(date.toordinal() + shift) for shift in ORDINAL_SHIFTS.values()}
    # Julian days begin at noon: the date has two of them.
    counts.add(math.ceil(date.toordinal() + ORDINAL_SHIFTS["Julian day"]))
    eight, short = _compact(date)
    written = {int(digits) for digits in (*eight, *short)}
    return frozenset(n for n in counts if abs(n) >= 1000), frozenset(n for n in written if n >= 1000)


def _is_decimal_year(number: float, date: datetime.date) -> bool:
    days = 366 if date.year % 4 == 0 else 365
    return abs(number - date.year - (date.timetuple().tm_yday - 0.5) / days) < 1 / days
