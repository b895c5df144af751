"""Texts of a label column, compared as people read them: without case, punctuation and runs of spaces."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


import difflib
import unicodedata
from collections.abc import Collection, Iterable


def plain_text(text: str) -> str:
    """The text in lower case; everything but letters and digits becomes one space.

    "Low-flow, low-gradient AS" and "low flow low gradient as" are the same text.
    """
    letters = unicodedata.normalize("NFKC", text).casefold()
    return " ".join("".join(c if c.isalnum() else " " for c in letters).split())


def is_one_of(texts: Iterable[str | None], names: Collection[str]) -> pd.Series:
    """Whether each text is one of ``names``; False where it is missing.

    Parameters
    ----------
    texts
        (N,) texts or missing.
    names
        Compared by :func:`plain_text`.

    Returns
    -------
    (N,) bool Series with the index of ``texts`` where that is a Series
    """
    import pandas as pd  # here, as the rules are read without large libraries

    series = pd.Series(texts, dtype="string")
    plain = series.map(plain_text, na_action="ignore").astype("string")  # missing cells alone have no type
    return plain.isin([plain_text(name) for name in names]).astype(bool)


def nearest(text: str, names: Collection[str]) -> str | None:
    """The name that is most like ``text``; None where none is like it."""
    by_plain = {plain_text(name): name for name in names}
    found = difflib.get_close_matches(plain_text(text), by_plain, n=1, cutoff=0.5)
    return by_plain[found[0]] if found else None
