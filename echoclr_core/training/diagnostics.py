"""Diagnostics never lose a finished training: what is out of range is left out and named in the record."""

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd

from echoclr_core.common.tables import Column, Table

FAILURES = (ValueError, ArithmeticError, LookupError, RuntimeError, OSError)
logger = logging.getLogger(__name__)


def checked_rows(
    schema: Table, rows: Sequence[Mapping[str, Any]], log: logging.Logger = logger
) -> tuple[pd.DataFrame, list[str]]:
    """The table of ``rows``, and one warning a value that its column does not allow.

    Such a value is a missing one in the table, where the column may have missing values. In any other column
    it is a defect of the program, and TableError as ever.

    Parameters
    ----------
    schema
        The table's schema.
    rows
        In order.
    log
        Receives the warnings.
    """
    if not rows:
        return schema.empty(), []
    kept, warnings = [], []
    for row in rows:
        wrong = {name: value for name, value in row.items() if _impossible(schema.columns.get(name), value)}
        kept.append({**row, **dict.fromkeys(wrong)})
        warnings += [
            f"{name} of step {row['step']} is {value!r}, which is out of range; it is missing in the table"
            for name, value in wrong.items()
        ]
    for warning in warnings:
        log.warning("%s", warning)
    return schema.check(pd.DataFrame(kept, columns=list(rows[0]))), warnings


def _impossible(column: Column | None, value: Any) -> bool:
    if column is None or not column.nullable or value is None or column.kind not in ("int", "float"):
        return False
    low = float("-inf") if column.low is None else column.low
    high = float("inf") if column.high is None else column.high
    # NaN compares as false with everything.
    return not (low <= value <= high and abs(value) != float("inf"))


def attempt(
    what: str, work: Callable[[], dict[str, Any]], log: logging.Logger = logger
) -> tuple[dict[str, Any], list[str]]:
    """What ``work`` returns and no warnings; or nothing, and a warning with the reason when it fails.

    For work after the last optimisation step: its failure must not lose the weights, which a restart would
    lose in the same way.
    """
    try:
        return work(), []
    except FAILURES as error:
        warning = f"{what} failed ({type(error).__name__}: {error})"
        log.warning("%s", warning, exc_info=True)
        return {}, [warning]
