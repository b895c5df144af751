"""Columns of numbers that repeat a part of their row's dates, which with the year is the date."""

import datetime
import math
from collections import Counter

import pandas as pd

MIN_HITS = 5
"""Rows, and different dates among them, from which a repetition is no chance."""


def repeated_date_part(numbers: pd.Series, dates: pd.Series) -> str | None:
    """What of its row's dates most numbers of a column repeat; None where they repeat nothing.

    Looked for are the day of the year, day and month as one number (321, 2103, 3.21, 21.03), the day of the
    month, and days counted from, or to, any one day.

    Parameters
    ----------
    numbers
        Float, no cell missing.
    dates
        For each row (index of ``numbers``) the dates that its cells mean.
    """
    rows = [(number, row) for number, row in zip(numbers, dates.reindex(numbers.index), strict=True) if row]
    for name, repeats in _PARTS.items():
        if _are_most([[date for date in row if repeats(number, date)] for number, row in rows], len(numbers)):
            return name
    if not rows:
        return None
    for scale in (1, 1000):  # 43.576: days with a sign for the thousands
        for sign in (1, -1):
            offsets = [{date: _offset(scale * number, date, sign) for date in row} for number, row in rows]
            [(usual, _)] = Counter(value for row in offsets for value in set(row.values())).most_common(1)
            same = [[date for date, value in row.items() if value == usual] for row in offsets]
            if _are_most(same, len(numbers)):
                return "days counted from or to one day"
    return None


def _are_most(hits: list[list[datetime.date]], rows: int) -> bool:
    """Whether most rows repeat one of their dates, and several of them; ``hits``: those of each row."""
    count = sum(map(bool, hits))
    return count >= MIN_HITS and 2 * count > rows and len({date for row in hits for date in row}) >= MIN_HITS


def _offset(number: float, date: datetime.date, sign: int) -> int:
    """The day (Gregorian ordinal) from or to which a number of days is counted, if it means the date."""
    return date.toordinal() - sign * math.floor(number)


def _is_day_of_year(number: float, date: datetime.date) -> bool:
    return number == date.timetuple().tm_yday


def _is_day_and_month(number: float, date: datetime.date) -> bool:
    forms = (100 * date.month + date.day, 100 * date.day + date.month)
    return number in forms or (number % 1 != 0 and round(100 * number, 6) in forms)


def _is_day(number: float, date: datetime.date) -> bool:
    return number == date.day


_PARTS = {
    "the day of the year": _is_day_of_year,
    "day and month": _is_day_and_month,
    "the day of the month": _is_day,
}
