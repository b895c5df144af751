"""Keys of studies and patients that a spreadsheet has changed on the way."""

import re

import pandas as pd

EXPONENT = re.compile(r"\d+([.,]\d+)?[eE]\+\d+")  # 1.67683E+15
DECIMAL = re.compile(r"\d+[.,]0+")  # 12345678.0
CURE = "format the column as text before the table is saved, and export it again"
MAX_SHORTER = 0.2  # of the keys; more different lengths are no trace of leading zeros


def changed_keys(column: str, keys: pd.Series) -> list[tuple[pd.Index, str]]:
    """(rows, what is wrong with them and the cure) of keys that are no longer those of the DICOM files.

    Parameters
    ----------
    column
        Name of the column.
    keys
        Text or NA; the index is what rows are named by. No key is repeated in the answer.
    """
    known = keys.dropna().astype("string")
    rules = {
        EXPONENT: "a number with an exponent, as spreadsheets shorten long keys: the last digits are lost",
        DECIMAL: "a number with a decimal part of zero: leading zeros of the key may be lost",
    }
    found = []
    for pattern, what in rules.items():
        rows = known.index[known.map(lambda key, p=pattern: p.fullmatch(key) is not None).astype(bool)]
        if len(rows):
            found.append((rows, f"column {column!r}: {what}; {CURE}"))
    return found


def lost_zeros(column: str, keys: pd.Series) -> str | None:
    """A warning where keys may have lost leading zeros; None otherwise.

    All are numbers, none begins with a zero, and a few are shorter than the length that the others share.
    """
    known = keys.dropna().astype("string").drop_duplicates()
    if len(known) < 10 or not known.str.fullmatch(r"[1-9]\d*").all():
        return None
    lengths = known.str.len()
    shorter = int((lengths < lengths.max()).sum())
    if not 0 < shorter <= MAX_SHORTER * len(known):
        return None
    return (
        f"column {column!r}: {shorter} of {len(known)} keys have fewer than {int(lengths.max())} digits, and "
        f"none begins with 0; if keys of the DICOM files do, a spreadsheet has removed the zeros: {CURE}"
    )
