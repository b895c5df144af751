"""Cell-by-cell checks of the label table; every problem becomes one line for the user.

Cells of the study, patient and date columns are never repeated in a message: messages reach logs, and those
hold no identifiers. The row number is enough to find the cell.
"""

import difflib
import re
import unicodedata

import pandas as pd

from echoclr_core.cohort.columns import LIMITS, MEASUREMENTS, LabelColumns
from echoclr_core.cohort.key_checks import changed_keys, lost_zeros
from echoclr_core.cohort.number_text import parse_number, year_of_date
from echoclr_core.common.tables import header_of

FORMER_NAMES = {"study_key": "study_id", "patient_key": "patient_id"}
FEW = 12  # distinct wrong values above which the column itself is probably the wrong one
YEARS = (1950, 2100)


class Problems(list):
    """Lines for the user, all beginning with the name of the file; ``warnings`` holds what stops nothing."""

    def __init__(self, file: str):
        super().__init__()
        self.file = file
        self.warnings: list[str] = []

    @classmethod
    def of_file(cls, error: ValueError) -> "Problems":
        """The one problem that a file cannot be read; its message names the file."""
        found = cls("")
        found.append(str(error))
        return found

    def warn(self, text: str) -> None:
        self.warnings.append(f"{self.file}: {text}")

    def add(self, text: str) -> None:
        self.append(f"{self.file}: {text}")

    def cells(self, column: str, cells: pd.Series, rule: str, *, show: bool = True) -> None:
        """One line a distinct wrong value with its rows; one line in all where values may not be shown."""
        if cells.empty:
            return
        if show and cells.nunique() > FEW:
            self.add(
                f"{_rows(cells.index)}: column {column!r}: {cells.nunique()} different values that are not "
                f"allowed: is it the right column? allowed is {rule}"
            )
        elif show:
            for value, rows in cells.groupby(cells):
                self.add(f"{_rows(rows.index)}: column {column!r}: {value!r}; allowed is {rule}")
        else:
            self.add(f"{_rows(cells.index)}: column {column!r}: allowed is {rule}")


def _rows(index: pd.Index) -> str:
    first = ", ".join(str(row) for row in index[:10])
    more = f" and {len(index) - 10} more" if len(index) > 10 else ""
    return f"row{'s' if len(index) > 1 else ''} {first}{more}"


def check_names(table: pd.DataFrame, columns: LabelColumns, problems: Problems) -> None:
    """Every named column must be there; of study_date and study_year one is enough."""
    known = list(table.columns)
    wanted = columns.named() | {f"extra ({name})": name for name in columns.extra}
    years = [wanted[name] for name in ("study_date", "study_year") if name in wanted]
    if any(name in known for name in years):
        wanted = {name: column for name, column in wanted.items() if column in known or column not in years}
    named = set(columns.named().values()) | set(columns.extra)
    for name, column in wanted.items():
        if column not in known and FORMER_NAMES.get(column) in known:
            problems.add(
                f"row 1: the column {FORMER_NAMES[column]!r} is called {column!r} now, as it holds the real "
                f"key (study_id and patient_id are pseudonyms): rename it, or name it in input.columns.{name}"
            )
        elif column not in known:
            near = difflib.get_close_matches(column, known, n=1, cutoff=0.5)
            hint = f"the nearest is {near[0]!r}" if near and named & set(known) else "nothing comes near"
            problems.add(
                f"row 1: there is no column {column!r} (for {name}); {hint}; {header_of(known, named)}. "
                "A column that is not needed is switched off with null"
            )


def check_ids(table: pd.DataFrame, columns: LabelColumns, floating: list[str], problems: Problems) -> None:
    """Study keys present and unique; neither key changed by a spreadsheet."""
    for column in filter(None, (columns.study_key, columns.patient_key)):
        if column in floating:
            problems.add(f"column {column!r} is stored as floating-point numbers; store the keys as text")
        for rows, what in changed_keys(column, table[column]):
            problems.add(f"{_rows(rows)}: {what}")
        if warning := lost_zeros(column, table[column]):
            problems.warn(warning)
    ids = table[columns.study_key]
    problems.cells(columns.study_key, ids[ids.isna()], "a study key: it is missing", show=False)
    names = ids.dropna().map(lambda key: unicodedata.normalize("NFC", key))
    rule = "one row a study is allowed"
    if columns.several_patients and columns.patient_key:
        rule = "one row for each patient of a study is allowed (cohort.several_patients: split)"
        patients = table[columns.patient_key].reindex(names.index).groupby(names)
        different = patients.transform("nunique") == patients.transform("size")
        names = names[~different]
    for _, rows in names.groupby(names):
        if len(rows) > 1:
            problems.add(f"{_rows(rows.index)}: column {columns.study_key!r}: the same study; {rule}")


def parse_sex(table: pd.DataFrame, columns: LabelColumns, problems: Problems) -> pd.Series:
    """ "female", "male" or NA for each row."""
    if columns.sex is None:
        return pd.Series(pd.NA, index=table.index, dtype="string")
    cells = table[columns.sex]
    sex = cells.str.casefold().map(columns.sex_spellings, na_action="ignore")
    problems.cells(
        columns.sex,
        cells[sex.isna() & cells.notna()],
        f"one of {list(columns.sex_spellings)} (any case) or empty",
    )
    return sex.replace("", pd.NA).astype("string")


def parse_numbers(table: pd.DataFrame, columns: LabelColumns, name: str, problems: Problems) -> pd.Series:
    """Finite numbers (Float64) within the limits of ``name``, or NA."""
    column = getattr(columns, name)
    if column is None:
        return pd.Series(pd.NA, index=table.index, dtype="Float64")
    low, high, unit = LIMITS[name]
    cells = table[column].dropna()
    numbers = cells.map(lambda text: parse_number(text, low, high)).astype("Float64")
    allowed = numbers.notna()
    rule = f"a number from {low} to {high} ({unit}; with a decimal point) or an empty cell"
    problems.cells(column, cells[~allowed], rule)
    return numbers[allowed].reindex(table.index)


def parse_year(table: pd.DataFrame, columns: LabelColumns, problems: Problems) -> pd.Series:
    """Year of each study (Int64), from the date, else from the year column; they must not disagree."""
    years = pd.Series(pd.NA, index=table.index, dtype="Int64")
    absent = pd.Series(True, index=table.index)
    rules = {
        "study_date": (_year_of_date, "a date YYYY-MM-DD, YYYYMMDD, YYYY.MM.DD, YYYY/MM/DD or DD.MM.YYYY"),
        "study_year": (_year, "a year in four digits"),
    }
    for name, (parse, rule) in rules.items():
        column = getattr(columns, name)
        if column is None or column not in table.columns:
            continue
        cells = table[column].dropna()
        found = cells.map(parse).astype("Int64")
        rule = f"{rule}, from {YEARS[0]} to {YEARS[1]}"
        problems.cells(column, cells[found.isna()], rule, show=False)
        differs = (years.reindex(cells.index) != found).fillna(False)
        problems.cells(column, cells[differs], "the year of the study's date in the same row", show=False)
        years = years.fillna(found.reindex(table.index))
        absent &= table[column].isna()
    name = columns.study_date or columns.study_year
    if name is not None:
        missing = table.index.to_series()[absent]
        problems.cells(name, missing, "a date or year: it is missing", show=False)
    return years


def _year_of_date(text: str) -> int | None:
    year = year_of_date(text)
    return None if year is None else _year(str(year))


def _year(text: str) -> int | None:
    year = int(text) if re.fullmatch(r"\d{4}", text) else None
    return year if year is not None and YEARS[0] <= year <= YEARS[1] else None


def parse_measurements(table: pd.DataFrame, columns: LabelColumns, problems: Problems) -> pd.DataFrame:
    """The five measurements (Float64), NA where missing."""
    return pd.DataFrame({name: parse_numbers(table, columns, name, problems) for name in MEASUREMENTS})
