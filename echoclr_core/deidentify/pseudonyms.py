"""Pseudonyms by keyed hash, and the catalogue that carries them."""

import base64
import hashlib
import hmac
import unicodedata
from datetime import date, datetime, timedelta

import pandas as pd

from echoclr_core.common.tables import Column, Table
from echoclr_core.dicom.tables import CATALOGUE

LETTERS = 16  # of base32: 80 bits, so that a million files share one with a chance of 1 in 2 million million

RESTRICTED_CATALOGUE = Table(
    "restricted catalogue",
    {
        **CATALOGUE.columns,
        "patient_id": Column(kind="str", description="pseudonym of the patient", nullable=True),
        "study_id": Column(kind="str", description="pseudonym of the study", nullable=True),
        "video_id": Column(kind="str", description="pseudonym of the file"),
        "study_year": Column(kind="int", description="year of the study", nullable=True, low=1900, high=2199),
        "shifted_date": Column(
            kind="str",
            description="date of the study, YYYY-MM-DD, moved by the patient's number of days",
            nullable=True,
        ),
        "shard": Column(kind="int", description="shard of the study, from 0", low=0),
    },
    key=("video_id",),
)


class Pseudonyms:
    """HMAC-SHA-256 of an identifier under one key: the same in, the same out, and no way back.

    Values are stripped of surrounding blanks and brought to Unicode normal form C first, since the same
    identifier comes padded from one system and not from another. The kinds are kept apart: a study and a
    patient of the same number get unrelated pseudonyms.

    Parameters
    ----------
    key
        At least 32 bytes; see :func:`load_key`.
    """

    def __init__(self, key: bytes):
        if len(key) < 32:
            raise ValueError(f"the pseudonym key has {len(key)} bytes; allowed are 32 or more")
        self._key = key

    def patient(self, value: str) -> str:
        """ "p_" and 16 base32 letters."""
        return self._hash("p", value)

    def study(self, value: str) -> str:
        """ "s_" and 16 base32 letters."""
        return self._hash("s", value)

    def video(self, value: str) -> str:
        """ "v_" and 16 base32 letters."""
        return self._hash("v", value)

    def days(self, patient: str, most: int) -> int:
        """The days by which all dates of a patient are moved: 1 to ``most``, either way, never 0."""
        if most < 1:
            raise ValueError(f"deidentify.date_shift_days is {most!r}; allowed is 1 or more, or null")
        number = int.from_bytes(self._digest("d", patient)[:8], "big") % (2 * most)
        return number - most if number < most else number - most + 1

    def _hash(self, kind: str, value: str) -> str:
        digest = self._digest(kind, value)
        return f"{kind}_{base64.b32encode(digest).decode()[:LETTERS].lower()}"

    def _digest(self, kind: str, value: str) -> bytes:
        text = unicodedata.normalize("NFC", str(value).strip())
        if not text:
            raise ValueError("an empty identifier has no pseudonym")
        # A path may hold bytes that are no text; they come as lone surrogates.
        message = f"{kind}\x1f{text}".encode("utf-8", errors="surrogatepass")
        return hmac.new(self._key, message, hashlib.sha256).digest()


def shard_of(study_id: str, shards: int) -> int:
    """The shard, from 0 to ``shards`` - 1, of a study (or of a file without one), by a stable hash."""
    if shards < 1:
        raise ValueError(f"input.shards is {shards!r}; allowed is 1 or more")
    return int.from_bytes(hashlib.sha256(study_id.encode()).digest()[:8], "big") % shards


def pseudonymise(
    catalogue: pd.DataFrame, pseudonyms: Pseudonyms, shards: int, *, date_shift_days: int | None = None
) -> pd.DataFrame:
    """Give every row of a catalogue its pseudonyms, year and shard.

    A file is known by its SOP Instance UID. Of several usable files with one UID the first by path keeps
    it and the others become outcome "duplicate"; they, and files without a UID, are known by their path.

    Parameters
    ----------
    catalogue
        CATALOGUE rows.
    pseudonyms
        The keyed hash.
    shards
        Number of shards. Files without a study go by their own pseudonym.
    date_shift_days
        Most days by which a patient's dates are moved; None leaves dates out but for the year. All dates of
        a patient (of a study, where the patient is not named) move by the same number of days, which
        follows from the key, so that the time between two studies stays.

    Returns
    -------
    DataFrame
        RESTRICTED_CATALOGUE, sorted by path; identifiers inside.
    """
    rows = CATALOGUE.check(catalogue).sort_values("path", ignore_index=True)
    owners = _owners(rows)
    repeated = rows["sop_uid"].notna() & (rows["outcome"] == "ok") & ~owners
    rows.loc[repeated, "outcome"] = "duplicate"
    rows["patient_id"] = _optional(rows["patient_key"], pseudonyms.patient)
    rows["study_id"] = _optional(rows["study_key"], pseudonyms.study)
    rows["video_id"] = [
        pseudonyms.video(uid if owner else f"path\x1f{path}")
        for uid, path, owner in zip(rows["sop_uid"], rows["path"], owners, strict=True)
    ]
    rows["study_year"] = rows["study_date"].map(_year, na_action="ignore").astype("Int64")
    rows["shifted_date"] = None if date_shift_days is None else _shifted(rows, pseudonyms, date_shift_days)
    places = rows["study_id"].fillna(rows["video_id"])
    rows["shard"] = [shard_of(place, shards) for place in places]
    return RESTRICTED_CATALOGUE.check(rows)


def _owners(rows: pd.DataFrame) -> pd.Series:
    """True for the one row of each SOP Instance UID that is known by it: the first usable one."""
    order = rows.assign(unusable=rows["outcome"] != "ok").sort_values("unusable", kind="stable")
    first = ~order.duplicated("sop_uid")
    return first.reindex(rows.index) & rows["sop_uid"].fillna("").str.strip().ne("")


def _optional(values: pd.Series, pseudonym) -> list[str | None]:
    return [None if pd.isna(value) or not value.strip() else pseudonym(value) for value in values]


def _shifted(rows: pd.DataFrame, pseudonyms: Pseudonyms, most: int) -> list[str | None]:
    """The moved date of each row; None without a date, or without a patient or study it could go by."""
    owners = rows["patient_key"].fillna(rows["study_key"])
    found = []
    for text, owner in zip(rows["study_date"], owners, strict=True):
        day = None if pd.isna(text) else _day(text)
        if day is None or pd.isna(owner) or not owner.strip():
            found.append(None)
        else:
            found.append((day + timedelta(days=pseudonyms.days(owner, most))).isoformat())
    return found


def _day(text: str) -> date | None:
    try:
        return datetime.strptime(text, "%Y%m%d").date()
    except ValueError:
        return None


def _year(date: str) -> int | None:
    year = int(date[:4]) if date[:4].isdigit() else 0
    return year if 1900 <= year <= 2199 else None
