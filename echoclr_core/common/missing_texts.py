"""Texts that programs write for a missing value: told as such, never taken for a value."""

from collections.abc import Collection

import pandas as pd

MISSING_TEXTS = frozenset(
    (
        *("na", "n/a", "n.a.", "k.a.", "<na>", "nan", "null", "<null>", "(null)", "nil", "\\n"),
        *("#n/a", "#na", "#null!", "#value!", "#ref!", "unknown", "missing"),
        *(".", "-", "--", "---", "\u2013", "\u2014", "?"),
    )
)
"""R writes NA, SQL NULL, pandas NaN or <NA>, Excel #N/A, SAS a dot. "None" is not here: it is a grade."""


def missing_texts(cells: pd.Series, allowed: Collection[str] = ()) -> pd.Series:
    """The cells (text, index kept) that hold a text for a missing value; case does not count.

    Parameters
    ----------
    cells
        Text or NA.
    allowed
        Texts that have a meaning of their own here.
    """
    known = cells.dropna().astype("string")
    plain = known.str.strip().str.casefold()
    meant = {text.strip().casefold() for text in allowed}
    return known[plain.isin(MISSING_TEXTS - meant).astype(bool)]


def missing_text_lines(column: str, cells: pd.Series, allowed: Collection[str] = ()) -> list[str]:
    """One line for each such text with its count and rows (the index), and the cure."""
    found = missing_texts(cells, allowed)
    return [
        f"{_rows(rows.index)}: column {column!r}: {text!r} ({len(rows)} cells) stands for a missing value; "
        "leave the cells empty"
        for text, rows in found.groupby(found)
    ]


def _rows(index: pd.Index) -> str:
    first = ", ".join(map(str, index[:10]))
    more = f" and {len(index) - 10} more" if len(index) > 10 else ""
    return f"row{'s' * (len(index) > 1)} {first}{more}"
