"""Severe aortic stenosis from the reported grade."""

from collections.abc import Collection, Iterable

import pandas as pd

SEVERE_GRADES = ("Severe", "Severe AS")
EXCLUDED_GRADES = (
    "Low gradient AS",
    "Paradoxical AS",
    "Low-flow low-gradient AS",
    "Low-flow, low-gradient AS",
)
"""Names of low-flow low-gradient stenosis, which the paper excludes ("Preprocessing")."""


def severe_as_label(
    grades: Iterable[str | None], severe: Collection[str] = SEVERE_GRADES
) -> pd.arrays.BooleanArray:
    """True for a grade in ``severe``, False for any other text ("None" included), missing stays missing.

    Case and runs of spaces do not count. Excluded grades are not looked at here: such a study leaves the
    cohort before it is labelled (:func:`is_grade` with :data:`EXCLUDED_GRADES`).
    """
    texts = pd.Series(grades, dtype="string")
    return is_grade(texts, severe).astype("boolean").mask(texts.isna()).array


def is_grade(grades: Iterable[str | None], names: Collection[str]) -> pd.Series:
    """Whether each grade is one of ``names`` (case and runs of spaces do not count); False where missing."""
    texts = pd.Series(grades, dtype="string")
    plain = texts.map(_plain, na_action="ignore").astype("string")  # missing cells alone: no type
    return plain.isin([_plain(name) for name in names]).astype(bool)


def grade_counts(
    grades: Iterable[str | None],
    severe: Collection[str] = SEVERE_GRADES,
    excluded: Collection[str] = EXCLUDED_GRADES,
) -> pd.DataFrame:
    """How each text of the grade column is understood: for people to check, since any text is allowed.

    Returns
    -------
    DataFrame
        as_severity (NA for missing), studies, counts_as ("severe", "not severe", "excluded", "missing");
        most frequent first.
    """
    texts = pd.Series(grades, dtype="string").reset_index(drop=True)
    meaning = pd.Series("not severe", index=texts.index, dtype="string")
    meaning[is_grade(texts, severe)] = "severe"
    meaning[is_grade(texts, excluded)] = "excluded"
    meaning[texts.isna()] = "missing"
    frame = pd.DataFrame({"as_severity": texts, "counts_as": meaning})
    counts = frame.groupby(["as_severity", "counts_as"], dropna=False).size().rename("studies").reset_index()
    counts = counts.sort_values(["studies", "as_severity"], ascending=[False, True], ignore_index=True)
    return counts[["as_severity", "studies", "counts_as"]]


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()
