"""Numbers and dates as people of different countries write them."""

import datetime
import math
import re

import pandas as pd

COMMA = re.compile(r"([+-]?\d+),(\d+)")
THOUSANDS = re.compile(r"[+-]?\d{1,3},\d{3}")
YEAR_FIRST = re.compile(r"(\d{4})([-./]?)(\d{2})\2(\d{2})(?:[ T].*)?")
YEAR_LAST = re.compile(r"(\d{1,2})([-./])(\d{1,2})\2(\d{4})(?:[ T].*)?")


def parse_number(text: str, low: float = -math.inf, high: float = math.inf) -> float | None:
    """A finite number from ``low`` to ``high`` with a decimal point or an unambiguous decimal comma, or None.

    "96,5" is 96.5. "1,234" may be 1234 or 1.234: it is read where one of the two alone is allowed.
    """
    readings = {text}
    if match := COMMA.fullmatch(text):
        readings = {f"{match[1]}.{match[2]}"}
        if THOUSANDS.fullmatch(text):
            readings.add(text.replace(",", ""))
    allowed = {value for value in map(_float, readings) if value is not None and low <= value <= high}
    return allowed.pop() if len(allowed) == 1 else None


def _float(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def with_decimal_points(cells: pd.Series) -> pd.Series:
    """The cells (text or NA) with points for decimal commas, where all are numbers and none is ambiguous."""
    known = cells.dropna()
    if not known.str.contains(",", regex=False).any() or known.map(parse_number).isna().any():
        return cells
    return cells.str.replace(COMMA, r"\1.\2", regex=True)


def year_of_date(text: str) -> int | None:
    """Year of a date, or None where it is none.

    Read are YYYY-MM-DD, YYYYMMDD, with dots and slashes too, and DD.MM.YYYY. Whether 03/04/2019 is in March
    or in April does not matter to its year.
    """
    if match := YEAR_FIRST.fullmatch(text):
        return _year(int(match[1]), int(match[3]), int(match[4]))
    if match := YEAR_LAST.fullmatch(text):
        first, second, year = int(match[1]), int(match[3]), int(match[4])
        day_first = _year(year, second, first)
        return day_first if day_first or match[2] == "." else _year(year, first, second)
    return None


def _year(year: int, month: int, day: int) -> int | None:
    try:
        return datetime.date(year, month, day).year
    except ValueError:  # a 13th month
        return None
