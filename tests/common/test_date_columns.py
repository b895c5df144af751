"""Columns of numbers that repeat a part of their row's dates, and measurements, which do not."""

import datetime

import numpy as np
import pandas as pd
import pytest

from echoclr_core.common.date_columns import repeated_date_part
from echoclr_core.common.published_text import TableIdentifiers, search_column

N = 40
STUDIES = [datetime.date(2019, 3, 17) + datetime.timedelta(5 * number) for number in range(N)]
BIRTHS = [datetime.date(1948, 2, 3) + datetime.timedelta(311 * number) for number in range(N)]
DATES = pd.Series(list(zip(STUDIES, BIRTHS, strict=True)))
PARTS = {
    "the day of the year": lambda date: date.timetuple().tm_yday,
    "day and month as month and day": lambda date: 100 * date.month + date.day,
    "day and month as day and month": lambda date: 100 * date.day + date.month,
    "day and month with a point": lambda date: date.month + date.day / 100,
    "day and month, the day first": lambda date: date.day + date.month / 100,
    "the day of the month": lambda date: date.day,
    "days counted from or to one day since 2000": lambda date: (date - datetime.date(2000, 1, 1)).days,
    "days counted from or to one day up to now": lambda date: (datetime.date(2026, 11, 29) - date).days,
    "days counted from or to one day with a point for thousands": lambda date: (
        (date - datetime.date(1899, 12, 30)).days / 1000
    ),
}


@pytest.mark.parametrize("name", PARTS)
@pytest.mark.parametrize("dates", [STUDIES, BIRTHS])
def test_a_part_of_the_date_is_found_also_where_some_cells_differ(name, dates):
    numbers = pd.Series([float(PARTS[name](date)) for date in dates])
    assert name.startswith(repeated_date_part(numbers, DATES))
    numbers[::3] = 7.5
    assert name.startswith(repeated_date_part(numbers, DATES))
    found = search_column(numbers.astype("string"), TableIdentifiers(dates=DATES))
    assert [finding.rows.empty for finding in found] == [False]


@pytest.mark.parametrize("span", [7, 30, 1500])
def test_measurements_are_no_part_of_a_date(span):
    rng = np.random.default_rng(span)
    for _ in range(30):
        count = int(rng.integers(3, N))
        first = datetime.date(2019, 1, 1)
        dates = pd.Series([(first + datetime.timedelta(int(day)),) for day in rng.integers(0, span, count)])
        for numbers in (
            rng.integers(0, 5, count),
            rng.normal(70, 12, count).round(),
            rng.normal(4, 0.6, count),
        ):
            assert repeated_date_part(pd.Series(numbers, dtype=float).round(2), dates) is None


def test_without_dates_nothing_is_repeated():
    assert repeated_date_part(pd.Series([1.0, 2.0]), pd.Series([(), ()])) is None
    assert repeated_date_part(pd.Series([], dtype=float), pd.Series([], dtype=object)) is None


def test_the_digits_of_a_key_with_letters_are_the_key():
    keys = pd.Series([f"MRN{7000 + 13 * number}" for number in range(N)], dtype="string")
    digits = keys.str.slice(3)
    (finding,) = search_column(digits, TableIdentifiers(keys={"patient_key": keys}))
    assert "the patient_key of its row" in finding.allowed
    years = pd.Series(["2019"] * N, dtype="string")
    keys = pd.Series([f"2019-{5000 + number}" for number in range(N)], dtype="string")
    assert search_column(years, TableIdentifiers(keys={"study_key": keys})) == []
