"""Dates of studies, moved by a secret number of days of each patient."""

import hashlib

import pandas as pd
import pytest

from echoclr_core.deidentify.identifiers.pseudonyms import Pseudonyms, pseudonymise
from echoclr_core.deidentify.identifiers.shifted_dates import SHIFTED_DATES, shifted_dates

KEY = hashlib.sha256(b"key").digest()
NAMES = Pseudonyms(KEY)


def catalogue(rows):
    """RESTRICTED_CATALOGUE rows of (study, patient, issuer, date)."""
    columns = ["study_key", "patient_key", "patient_issuer", "study_date"]
    table = pd.DataFrame(rows, columns=columns).assign(bytes=1, mtime_ns=0, outcome="ok", study_uid=None)
    table["path"] = [f"file{number}" for number in range(len(table))]
    table["sop_uid"] = [f"1.2.{number}" for number in range(len(table))]
    return pseudonymise(table, NAMES, 1)


def test_dates_are_moved_by_a_secret_number_of_days_of_the_patient():
    rows = [
        ("A1", "P1", None, "20190312"),
        ("A2", "P1 ", None, "20190412"),
        ("A3", "P2", None, "20190312"),
        ("A4", None, None, "20190312"),
        ("A5", "P1", None, "00000000"),
        (None, None, None, "20190312"),
        ("A6", "P1", None, None),
    ]
    table = catalogue(rows)
    found = shifted_dates(table, NAMES, 100)
    assert found[["video_id", "study_id"]].equals(table[["video_id", "study_id"]])
    dates = found["shifted_date"]
    assert dates.isna().tolist() == [False] * 4 + [True] * 3
    true = pd.to_datetime(["2019-03-12", "2019-04-12"] + ["2019-03-12"] * 2)
    moved = (pd.to_datetime(dates[:4]) - true).dt.days
    assert moved[0] == moved[1] == NAMES.days("P1", 100)
    assert moved[3] == NAMES.days("A4", 100)


def test_patients_of_one_number_and_two_issuers_have_days_of_their_own():
    rows = [("A", "7", "S1", "20190312"), ("B", "7", "S2", "20190312"), ("C", "7", "S2", "20190312")]
    first, second, third = shifted_dates(catalogue(rows), NAMES, 1000)["shifted_date"]
    assert first != second == third


def test_days_go_either_way_and_are_never_none():
    assert {NAMES.days(str(number), 3) for number in range(99)} == {-3, -2, -1, 1, 2, 3}
    with pytest.raises(ValueError, match="date_shift_days is 0"):
        NAMES.days("P1", 0)


def test_an_empty_archive_has_no_dates(tmp_path):
    table = shifted_dates(catalogue([]), NAMES, 5)
    SHIFTED_DATES.write(table, tmp_path / "dates.parquet")
    assert len(SHIFTED_DATES.read(tmp_path / "dates.parquet")) == 0
