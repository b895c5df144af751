"""Dates of the studies, moved by a secret number of days of each patient."""

from datetime import date, datetime, timedelta

import pandas as pd

from echoclr_core.common.tables import Column, Table
from echoclr_core.deidentify.identifiers.pseudonyms import Pseudonyms, persons

SHIFTED_DATES = Table(
    "shifted dates",
    {
        "video_id": Column(kind="str", description="pseudonym of the file"),
        "study_id": Column(kind="str", description="pseudonym of the study", nullable=True),
        "shifted_date": Column(
            kind="str",
            description="date of the study, YYYY-MM-DD, moved by the patient's number of days",
            nullable=True,
        ),
    },
    key=("video_id",),
)


def shifted_dates(catalogue: pd.DataFrame, pseudonyms: Pseudonyms, most: int) -> pd.DataFrame:
    """The moved date of every file.

    All dates of a patient (of a study, where the patient is not named) move by the same number of days,
    which follows from the key, so that the time between two studies stays.

    Parameters
    ----------
    catalogue
        RESTRICTED_CATALOGUE rows.
    pseudonyms
        The keyed hash.
    most
        Most days by which a patient's dates are moved, either way.

    Returns
    -------
    DataFrame
        SHIFTED_DATES in the order of ``catalogue``. A file without a date, or without a patient or study
        that it could go by, has none.
    """
    owners = persons(catalogue).fillna(catalogue["study_key"])
    moved = [
        _moved(day, owner, pseudonyms, most)
        for day, owner in zip(catalogue["study_date"], owners, strict=True)
    ]
    rows = catalogue[["video_id", "study_id"]].assign(
        shifted_date=pd.Series(moved, catalogue.index, "string")
    )
    return SHIFTED_DATES.check(rows.reset_index(drop=True))


def _moved(text: str | None, owner: str | None, pseudonyms: Pseudonyms, most: int) -> str | None:
    day = None if pd.isna(text) else _day(text)
    if day is None or pd.isna(owner) or not owner.strip():
        return None
    return (day + timedelta(days=pseudonyms.days(owner, most))).isoformat()


def _day(text: str) -> date | None:
    try:
        return datetime.strptime(text, "%Y%m%d").date()
    except ValueError:
        return None
