"""The label columns that leave restricted/ as they were typed: searched for what can name a patient."""

import datetime

import pandas as pd

from echoclr_core.cohort.columns import LabelColumns
from echoclr_core.cohort.label_checks import Problems
from echoclr_core.common.date_search import find_dates
from echoclr_core.common.published_text import TableIdentifiers, search_column

DATED_SHARE = 0.8  # of a column's cells that are dates where it is a column of dates
SAMPLE = 50  # cells by which this is judged
RELEASE = "; a column that names no patient can be released by name in input.released_columns"


def check_published(table: pd.DataFrame, columns: LabelColumns, problems: Problems) -> None:
    """Add what in grades and extra columns may not leave; messages name rows, never the cells.

    Looked for are dates and keys of each row, other dates and keys, long numbers, addresses, names, and
    columns of texts that are no categories; see :mod:`echoclr_core.common.published_text`.
    """
    published = [name for name in (columns.as_severity, *columns.extra) if name]
    identifiers = label_identifiers(table, columns, published)
    for name in dict.fromkeys(published):
        check_column(
            table[name],
            identifiers,
            problems,
            released=name in columns.released,
            as_levels=name == columns.as_severity,
        )


def check_column(
    cells: pd.Series,
    identifiers: TableIdentifiers,
    problems: Problems,
    *,
    released: bool,
    as_levels: bool = True,
) -> None:
    """Add what in one column may not leave; the column's name is that of the series."""
    for finding in search_column(cells, identifiers, released=released, as_levels=as_levels):
        rule = finding.allowed + ("" if released else RELEASE)
        problems.cells(str(cells.name), cells.loc[finding.rows], rule, show=False)


def label_identifiers(
    table: pd.DataFrame, columns: LabelColumns, published: list[str], *, keys: tuple[str, ...] = ()
) -> TableIdentifiers:
    """Keys, dates and patients of the rows; ``keys`` names further columns that identify (files)."""
    named = dict.fromkeys(
        name for name in (columns.study_key, columns.patient_key, *keys) if name in table.columns
    )
    units = table[columns.study_key]
    if columns.patient_key in table.columns:
        units = table[columns.patient_key].fillna(units)
    others = [name for name in table.columns if name not in (*named, *published)]
    return TableIdentifiers(
        keys={name: table[name] for name in named}, dates=_row_dates(table[others]), units=units
    )


def _row_dates(table: pd.DataFrame) -> pd.Series:
    """All dates of each row: of every column that holds dates, named in the configuration or not."""
    found: list[set[datetime.date]] = [set() for _ in range(len(table))]
    for name in table.columns:
        cells = table[name]
        sample = cells.dropna().head(SAMPLE)
        dated = [bool(find_dates(cell)) for cell in sample]
        if not dated or sum(dated) < DATED_SHARE * len(dated):
            continue
        for dates, cell in zip(found, cells, strict=True):
            dates.update(() if pd.isna(cell) else find_dates(cell))
    return pd.Series([tuple(sorted(dates)) for dates in found], index=table.index, dtype="object")
