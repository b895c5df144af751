"""Ages leave as numbers up to a limit: the old are few, and age, sex and year together can name them."""

import re
from collections.abc import Collection

import pandas as pd

from echoclr_core.cohort.columns import LabelColumns
from echoclr_core.cohort.label_checks import Problems
from echoclr_core.common.date_words import fold

MAX_YEARS = 125  # the oldest person known reached 122
YEARS = (1850, 2100)
YEAR = re.compile(r"(?<!\d)(?<!\d[.,])(?:1[89]|20)\d\d(?!\d|[.,][1-9])")
AGE = r"^\D{0,2}(\d+(?:\.\d+)?)(?:\s*[a-zA-Z]*)?$"

_NAMES = """
age ages alter lebensalter âge edad età eta idade leeftijd ålder alder ikä ika wiek věk vek kor
életkor vârstă yaş yas възраст возраст вік ηλικία عمر גיל आयु उम्र อายุ umur usia 年龄 年齡 年齢 나이 연령
ageatstudy agestudy patientage ageyears
"""
AGE_WORDS = frozenset(fold(word) for word in _NAMES.split())
_UNITS = """
years? yrs? y yo jahren? jahrig ans años? anos? anni jaar år vuotta lat let rokov éves yaş лет года год ετών
歳 才 岁 歲 세 살 سنة سنوات عاما שנה שנים ปี साल वर्ष tuổi jahrige jahriger jahrigen ani
"""
_UNIT = "|".join(fold(unit) for unit in _UNITS.split())
_WITH_UNIT = re.compile(
    rf"(?<!\d)(?<!\d[.,])(\d{{1,3}})(?:[.,]\d+)?[\s\-+(\[]*(?:/?(?:{_UNIT})(?![^\W\d_])|y/o)"
)
_AFTER_WORD = re.compile(
    rf"(?<![^\W\d_])(?:{'|'.join(sorted(AGE_WORDS))}|aged|agee?)[\W_]{{0,3}}(\d{{1,3}})(?!\d)"
)
_NUMBER = re.compile(r"(?<!\d)\d{1,3}(?!\d)")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


def is_age_name(name: str) -> bool:
    """Whether the name of a column says age: one of its words does, in one of many languages."""
    words = re.split(r"[\W\d_]+", _CAMEL.sub(" ", name))
    return any(fold(word) in AGE_WORDS for word in words)


def check_ages(table: pd.DataFrame, columns: LabelColumns, years: pd.Series, problems: Problems) -> None:
    """Add cells of the age column that are no number of years, and ages above the limit in other columns:
    written as text, or as a year so long before the study's (``years``, missing where unknown).

    A column whose name or texts say age, but that is not named as the age column, is a warning: its numbers
    are capped by its name alone.
    """
    for name in columns.extra:
        cells = table[name].dropna()
        if is_age_column(name, columns.age):
            _check_numbers(cells, problems)
            if name != columns.age:
                problems.warn(f"column {name!r} is not spelled as evaluate.age_column: {columns.age!r}")
            continue
        ages = [_ages_in_text(cell, named=is_age_name(name)) for cell in cells]
        if is_age_name(name) or sum(map(bool, ages)) > 0.5 * len(ages):
            problems.warn(
                f"column {name!r} looks like an age; name it in evaluate.age_column, so that its cells are "
                "checked and the old are one category (input.max_age)"
            )
        _check_texts(cells, ages, columns, problems)
        _check_years(cells, years.reindex(cells.index), columns, problems)


def is_age_column(name: str, age: str | None) -> bool:
    """Whether a column is the age column, whatever its case and the space around it."""
    return age is not None and fold(name).strip() == fold(age).strip()


def _check_numbers(cells: pd.Series, problems: Problems) -> None:
    years = pd.to_numeric(cells, errors="coerce").astype("Float64")
    wrong = cells[~years.between(0, MAX_YEARS).fillna(False).astype(bool)]
    shapes = wrong.map(shape_of)
    rule = f"an age in years as a number from 0 to {MAX_YEARS} (decimal point, no unit) or an empty cell"
    for shape, rows in shapes.groupby(shapes):
        problems.cells(str(cells.name), rows, f"{rule}; these cells have the form {shape!r}", show=False)


def shape_of(text: str) -> str:
    """The form of a text: digits as 9, letters as a; it can stand in a message where the text may not."""
    return re.sub(r"[^\W\d_]", "a", re.sub(r"\d", "9", text))[:24]


def _ages_in_text(text: str, *, named: bool) -> list[int]:
    """The numbers of a text that a unit of years follows or a word for age precedes; all if ``named`` age."""
    plain = fold(text)
    found = _NUMBER.findall(plain) if named else _WITH_UNIT.findall(plain) + _AFTER_WORD.findall(plain)
    return [int(number) for number in found]


def _check_texts(cells: pd.Series, ages: list[list[int]], columns: LabelColumns, problems: Problems) -> None:
    """Ages above the limit in text; numbers of a column named age are capped instead."""
    if columns.max_age is None or cells.name in columns.released:
        return
    old = [any(columns.max_age < age <= MAX_YEARS for age in found) for found in ages]
    text = pd.to_numeric(cells, errors="coerce").isna()
    rule = f"a text without an age above input.max_age ({columns.max_age:g})"
    problems.cells(
        str(cells.name), cells[text & pd.Series(old, index=cells.index, dtype=bool)], rule, show=False
    )


def _check_years(cells: pd.Series, studies: pd.Series, columns: LabelColumns, problems: Problems) -> None:
    """Years that lie further before the study than the highest age: somebody's year of birth."""
    if columns.max_age is None or cells.name in columns.released:
        return
    numbers = pd.to_numeric(cells, errors="coerce")
    are_years = bool(numbers.dropna().isin(range(*YEARS)).all())
    texts = cells.where(numbers.isna() | are_years, "").map(fold)
    old = [
        not pd.isna(study)
        and any(columns.max_age < study - int(year) <= MAX_YEARS for year in YEAR.findall(text))
        for text, study in zip(texts, studies, strict=True)
    ]
    rule = f"a year at most input.max_age ({columns.max_age:g}) years before the study's"
    problems.cells(str(cells.name), cells[pd.Series(old, index=cells.index, dtype=bool)], rule, show=False)


def age_columns(names: Collection[str], age: str | None) -> list[str]:
    """Which of ``names`` hold ages: the age column, and those whose name says so."""
    return [name for name in names if is_age_column(name, age) or is_age_name(name)]


def cap_ages(labels: pd.DataFrame, column: str, most: float | None) -> pd.DataFrame:
    """The labels with every age above ``most`` written as ``most``; as they are without the column or limit.

    Few people are so old that year, sex and age together name them; HIPAA's Safe Harbor wants one category
    from 90. Cells may be numbers or text with a unit ("094Y", "94 years").
    """
    if most is None or column not in labels.columns:
        return labels
    numbers = labels[column].astype("string").str.extract(AGE)[0].astype("Float64")
    old = (numbers > most).fillna(False).astype(bool)
    cap = most if pd.api.types.is_numeric_dtype(labels[column]) else f"{most:g}"
    return labels.assign(**{column: labels[column].mask(old, cap)})
