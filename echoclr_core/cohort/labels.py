"""The label table: read, checked whole, and freed of identifiers."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from echoclr_core.cohort.ages import check_ages
from echoclr_core.cohort.columns import LabelColumns
from echoclr_core.cohort.label_checks import (
    Problems,
    check_ids,
    check_names,
    parse_measurements,
    parse_numbers,
    parse_sex,
    parse_year,
)
from echoclr_core.cohort.label_tables import KEYED_LABELS, LABELS
from echoclr_core.cohort.lvh import lv_mass_index
from echoclr_core.cohort.number_text import with_decimal_points
from echoclr_core.cohort.published_columns import check_published
from echoclr_core.common.text_table import read_text_table


def read_labels(path: str | Path, columns: LabelColumns) -> pd.DataFrame:
    """Read and check the label table.

    Parameters
    ----------
    path
        CSV or Parquet, one row a study; see :mod:`echoclr_core.common.text_table`.
    columns
        Names of its columns.

    Returns
    -------
    DataFrame
        Schema :data:`KEYED_LABELS` (for ``restricted/`` only; see :func:`apply_pseudonyms`) and the extra
        columns: numbers if every cell is one, else text. Exact dates are not carried. The mass index comes
        from the measurements only where it is missing and all five are given.

    Raises
    ------
    ValueError
        With all problems of the table in one message.
    """
    labels, problems = parse_label_file(path, columns)
    raise_problems(problems, "the label table")
    return KEYED_LABELS.check(labels, where=Path(path).name)


def raise_problems(problems: Problems, table: str) -> None:
    """One ValueError with all problems, if there are any."""
    if problems:
        count = f"{len(problems)} problem{'s' if len(problems) > 1 else ''}"
        raise ValueError(f"{table} has {count}:\n" + "\n".join(f"- {line}" for line in problems))


def apply_pseudonyms(
    labels: pd.DataFrame, *, study: Callable[[str], str], patient: Callable[[str], str]
) -> pd.DataFrame:
    """LABELS of KEYED_LABELS, keys replaced by pseudonyms, sorted by them; a missing patient stays missing.

    Raises
    ------
    ValueError
        If two studies get one pseudonym (keys that differ only in surrounding space, say).
    """
    coded = labels.drop(columns=["study_key", "patient_key"]).assign(
        study_id=labels["study_key"].map(study),
        patient_id=labels["patient_key"].map(patient, na_action="ignore"),
    )
    # Two rows of one study and of different patients: see LabelColumns.several_patients.
    twice = coded.duplicated(["study_id", "patient_id"])
    twice |= coded["study_id"].duplicated() & ~labels["study_key"].duplicated()
    if twice.any():
        raise ValueError(
            f"labels: {int(twice.sum())} studies share a pseudonym with another; "
            "their keys differ only in characters that the pseudonym ignores"
        )
    return LABELS.check(coded.sort_values("study_id", ignore_index=True))


def parse_label_file(path: str | Path, columns: LabelColumns) -> tuple[pd.DataFrame, Problems]:
    problems = Problems(Path(path).name)
    table, floating, notes = read_text_table(path)
    problems.warnings += notes
    return parse_labels(table, floating, columns, problems)


def parse_labels(
    table: pd.DataFrame, floating: list[str], columns: LabelColumns, problems: Problems
) -> tuple[pd.DataFrame, Problems]:
    """KEYED_LABELS from the cells of a table, one row a study; adds to ``problems``."""
    before = len(problems)
    check_names(table, columns, problems)
    if len(problems) > before:  # nothing more can be said of a table without its columns
        return KEYED_LABELS.empty(), problems
    if table.empty:
        problems.add("the table has no rows; one row a study is needed")
        return KEYED_LABELS.empty(), problems
    table = table.assign(**{name: with_decimal_points(table[name]) for name in columns.extra})
    check_ids(table, columns, floating, problems)
    check_published(table, columns, problems)
    years = parse_year(table, columns, problems)
    check_ages(table, columns, years, problems)
    index = parse_numbers(table, columns, "lv_mass_index", problems)
    measured = parse_measurements(table, columns, problems)
    computed = pd.Series(lv_mass_index(**measured), index=table.index).astype("Float64")
    source = index.notna().map({True: "table", False: pd.NA})
    source = source.mask(index.isna() & computed.notna(), "measurements")
    nothing = pd.Series(pd.NA, index=table.index, dtype="string")
    labels = pd.DataFrame(
        {
            "study_key": table[columns.study_key],
            "patient_key": table[columns.patient_key] if columns.patient_key else nothing,
            "study_year": years,
            "sex": parse_sex(table, columns, problems),
            "as_severity": table[columns.as_severity] if columns.as_severity else nothing,
            "lv_mass_index": index.fillna(computed),
            "lv_mass_index_from": source,
        }
        | {name: _extra(table[name]) for name in columns.extra}
    )
    if columns.ivsd:
        labels["wall_thickness"] = measured[["ivsd", "pwtd"]].max(axis=1, skipna=False)
    return labels, problems


def _extra(cells: pd.Series) -> pd.Series:
    numbers = pd.to_numeric(cells, errors="coerce").astype("Float64")
    return numbers if numbers.notna().equals(cells.notna()) else cells
