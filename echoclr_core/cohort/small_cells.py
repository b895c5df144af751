"""Cells of Table 1 that are hidden because few studies stand behind them."""

from collections.abc import Mapping

import pandas as pd

from echoclr_core.common.small_counts import HIDDEN, hide_counts

Cells = dict[tuple[str, str], str]
"""(level, part) to what stands in place of the cell."""


def hidden_totals(parts: Mapping[str, pd.DataFrame], least: int) -> dict[str, Cells]:
    """Cells of the rows Studies, Videos and Patients; a part's videos are hidden with its studies."""
    studies = _one_row({name: len(part) for name, part in parts.items()}, least)
    patients = _one_row({name: part["patient_id"].nunique() for name, part in parts.items()}, least)
    return {"Studies": studies, "Videos": dict.fromkeys(studies, HIDDEN), "Patients": patients}


def hidden_cells(name: str, parts: Mapping[str, pd.DataFrame], least: int, *, is_number: bool) -> Cells:
    """Cells of one characteristic: small counts, means of few studies, and what they would follow from.

    Parameters
    ----------
    name
        Column of the studies.
    parts
        Set to its studies; the last one, overall, holds all of them.
    least
        See :func:`~echoclr_core.common.small_counts.hide_counts`.
    is_number
        Whether the row shows a mean: it is hidden where few values are known.
    """
    values = {part: rows[name] for part, rows in parts.items()}
    is_flag = pd.api.types.is_bool_dtype(next(iter(values.values())))
    known = {part: int(cells.notna().sum()) for part, cells in values.items()}
    counts = {part: _level_counts(cells, is_flag, is_number) for part, cells in values.items()}
    frame = pd.DataFrame(counts).fillna(0).astype(int)[list(parts)]
    unshown = tuple(level for level in (_NOT, _KNOWN) if level in frame.index)
    hidden = hide_counts(frame, least, unshown=unshown)
    found = {
        (level, part): text
        for level in hidden.index.difference(unshown)
        for part, text in hidden.loc[level].items()
        if text
    }
    return found | (_one_row(known, least, text=HIDDEN) if is_number else {})


_NOT, _KNOWN = "\0not", "\0known"  # levels that are printed nowhere


def _level_counts(cells: pd.Series, is_flag: bool, is_number: bool) -> dict[str, int]:
    known = cells.dropna()
    missing = {"missing": int(cells.isna().sum())}
    if is_number:
        return {_KNOWN: len(known)} | missing
    if is_flag:
        return {"": int(known.sum()), _NOT: int((~known.astype(bool)).sum())} | missing
    return {str(level): int(count) for level, count in known.value_counts().items()} | missing


def _one_row(counts: Mapping[str, int], least: int, *, text: str | None = None) -> Cells:
    """Cells of a row whose parts sum to the last one; ``text`` in place of the number that is small."""
    hidden = hide_counts(pd.DataFrame([counts], index=[""]), least).loc[""]
    return {("", part): text or found for part, found in hidden.items() if found}
