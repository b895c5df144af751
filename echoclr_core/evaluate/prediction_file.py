"""A table of anybody's predictions, checked: one row a study, or one row a study and model."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from echoclr_core.cohort.number_text import parse_number
from echoclr_core.common.text_table import read_text_table

SUBGROUP_NAMES = ("age", "sex", "year", "race", "ethnicity", "site", "vendor", "manufacturer")
"""Columns that are never taken for a model's probabilities by themselves."""
SHOWN_ROWS = 10


@dataclass(frozen=True, kw_only=True)
class PredictionColumns:
    """Names of the columns.

    Parameters
    ----------
    study, label
        Must be there.
    task, set, patient
        Used where they are there. With patients, whole patients are resampled.
    models
        Columns of probabilities; None: every other column that mostly holds numbers in [0, 1], and not only 0
        and 1.
    subgroups
        None: all other columns.
    """

    study: str = "study"
    label: str = "label"
    task: str = "task"
    set: str = "set"
    patient: str = "patient"
    models: Sequence[str] | None = None
    subgroups: Sequence[str] | None = None


@dataclass(frozen=True, kw_only=True)
class Predictions:
    """What a table holds.

    Parameters
    ----------
    rows
        One row a task, set and study: task, set, study (str), patient (str, if the table has it), label (0 or
        1), one float column a model, text columns of subgroups.
    models, subgroups
        Their columns.
    notes
        What was left out, and what was taken for what; no value of a study.
    """

    rows: pd.DataFrame
    models: list[str]
    subgroups: list[str]
    notes: list[str]


def read_predictions(path: str | Path, columns: PredictionColumns | None = None) -> Predictions:
    """Read and check a CSV or Parquet table of predictions.

    The long form, columns model and probability instead of one column a model, is recognised by them.

    Raises
    ------
    ValueError
        A column is missing, a label is not 0 or 1, a probability is not a number in [0, 1], a study stands
        there twice, or nothing is left. The message names file, column, rows and what is allowed.
    """
    columns = columns or PredictionColumns()
    name, table = Path(path).name, read_text_table(path).cells
    _require(name, table, [columns.study, columns.label])
    notes: list[str] = []
    table = _labelled(name, table, columns, notes)
    fixed = [columns.study, columns.label, columns.task, columns.set, columns.patient]
    keys = [column for column in (columns.task, columns.set, columns.study) if column in table]
    if {"model", "probability"} <= set(table.columns) and columns.models is None:
        table, models = _wide(name, table, keys, columns)
    else:
        models = _models(name, table, columns, fixed)
    _refuse_repeated(name, table, keys)
    rest = [column for column in table if column not in (*fixed, *models, "model", "probability")]
    subgroups = list(rest if columns.subgroups is None else columns.subgroups)
    _require(name, table, subgroups)
    rows = pd.DataFrame(
        {
            "task": table.get(columns.task, "prediction"),
            "set": table.get(columns.set, "all"),
            "study": table[columns.study],
            "label": table[columns.label].astype("int64"),
        }
    )
    if columns.patient in table:
        rows["patient"] = table[columns.patient].fillna(table[columns.study])
    for column in ("task", "set", "study"):
        _refuse(name, column, rows.index[rows[column].isna()], "a value; the cell is empty")
    for model in models:
        rows[model] = _probabilities(name, table[model], model)
    rows[subgroups] = table[subgroups]
    notes.append(f"models: {', '.join(models)}; subgroups: {', '.join(subgroups) or 'none'}")
    return Predictions(rows=rows.reset_index(drop=True), models=models, subgroups=subgroups, notes=notes)


def _require(name: str, table: pd.DataFrame, wanted: Sequence[str]) -> None:
    for column in wanted:
        if column not in table:
            there = ", ".join(map(repr, table.columns))
            raise ValueError(f"{name}: row 1: there is no column {column!r}; there are {there}")


def _labelled(name: str, table: pd.DataFrame, columns: PredictionColumns, notes: list[str]) -> pd.DataFrame:
    """The rows with a label; a missing one is counted, any other text than 0 and 1 refused."""
    numbers = pd.to_numeric(table[columns.label], errors="coerce")
    wrong = table[columns.label].notna() & ~numbers.isin([0, 1])
    _refuse(name, columns.label, table.index[wrong], "0 or 1, or an empty cell for no label")
    unlabelled = int(numbers.isna().sum())
    if unlabelled:
        notes.append(f"{unlabelled} row(s) without a label are left out")
    if unlabelled == len(table):
        raise ValueError(f"{name}: no row has a label in column {columns.label!r}")
    return table.assign(**{columns.label: numbers}).dropna(subset=columns.label)


def _wide(
    name: str, table: pd.DataFrame, keys: list[str], columns: PredictionColumns
) -> tuple[pd.DataFrame, list[str]]:
    """One row a study from one row a study and model; every model must have scored every study."""
    _refuse(name, "model", table.index[table["model"].isna()], "the name of a model")
    _refuse_repeated(name, table, [*keys, "model"])
    labels = table.groupby(keys)[columns.label].transform("nunique")
    _refuse(name, columns.label, table.index[labels > 1], "the same label for all models of a study")
    models = list(dict.fromkeys(table["model"]))
    scores = table.pivot(index=keys, columns="model", values="probability")
    first = table.drop(columns=["model", "probability"]).drop_duplicates(keys)
    wide = first.merge(scores.reset_index(), on=keys, how="left").set_axis(first.index)
    return wide, models


def _models(name: str, table: pd.DataFrame, columns: PredictionColumns, fixed: Sequence[str]) -> list[str]:
    if columns.models is not None:
        _require(name, table, columns.models)
        return list(columns.models)
    apart = {*fixed, *(columns.subgroups or ())}
    found = [column for column in table if column not in apart and _looks_like_model(table[column])]
    if not found:
        raise ValueError(
            f"{name}: no column holds probabilities (numbers from 0 to 1); name them, and turn a logit x "
            "into one by 1 / (1 + exp(-x)). Columns: " + ", ".join(map(repr, table.columns))
        )
    return found


def _looks_like_model(cells: pd.Series) -> bool:
    if str(cells.name).casefold() in SUBGROUP_NAMES:
        return False
    numbers = _numbers(cells.dropna())
    inside = numbers.notna()
    return bool(inside.mean() > 0.5 and not numbers[inside].isin([0, 1]).all())


def _probabilities(name: str, cells: pd.Series, model: str) -> pd.Series:
    numbers = _numbers(cells)
    _refuse(name, model, cells.index[numbers.isna()], "a probability from 0 to 1")
    return numbers


def _numbers(cells: pd.Series) -> pd.Series:
    """Probabilities as float64, with a decimal point or comma; NaN where a cell is none."""
    values = [None if pd.isna(cell) else parse_number(str(cell), 0, 1) for cell in cells]
    return pd.Series(values, index=cells.index, dtype="float64")


def _refuse_repeated(name: str, table: pd.DataFrame, keys: list[str]) -> None:
    repeated = table.index[table.duplicated(keys, keep=False)]
    what = "one row a study" + " and model" * ("model" in keys) + "; average the rows of its videos first"
    _refuse(name, ", ".join(keys), repeated, what)


def _refuse(name: str, column: str, rows: pd.Index, allowed: str) -> None:
    """ValueError naming the rows, as a spreadsheet numbers them; never a cell, which may be a patient's."""
    if len(rows):
        shown = ", ".join(map(str, rows[:SHOWN_ROWS])) + f" and {len(rows) - SHOWN_ROWS} more" * (
            len(rows) > SHOWN_ROWS
        )
        raise ValueError(f"{name}: column {column!r}: row(s) {shown}; allowed is {allowed}")
