"""Pseudonyms by keyed hash, and the catalogue that carries them."""

import base64
import hashlib
import hmac
import unicodedata
from collections.abc import Callable

import pandas as pd

from echoclr_core.common.tables import Column, Table
from echoclr_core.dicom.tables import CATALOGUE

OPTIONAL = ("patient_issuer", "study_uid", "content")  # columns of a catalogue that may be missing
LETTERS = 16  # of base32: 80 bits, so that a million files share one with a chance of 1 in 2 million million

RESTRICTED_CATALOGUE = Table(
    "restricted catalogue",
    {
        **CATALOGUE.columns,
        "patient_id": Column(
            kind="str", description="pseudonym of PatientID and its issuer, where it has one", nullable=True
        ),
        "unissued_patient_id": Column(
            kind="str",
            description="pseudonym of the PatientID alone, only where it has an issuer",
            nullable=True,
        ),
        "study_uid_id": Column(kind="str", description="pseudonym of StudyInstanceUID", nullable=True),
        "study_id": Column(kind="str", description="pseudonym of the study", nullable=True),
        "video_id": Column(kind="str", description="pseudonym of the file"),
        "study_year": Column(kind="int", description="year of the study", nullable=True, low=1900, high=2199),
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
        """ "p_" and 16 base32 letters. Where PatientID has an issuer, ``value`` is "PatientID^^^issuer"."""
        return self._hash("p", value)

    def study(self, value: str) -> str:
        """ "s_" and 16 base32 letters."""
        return self._hash("s", value)

    def video(self, value: str) -> str:
        """ "v_" and 16 base32 letters."""
        return self._hash("v", value)

    def study_uid(self, value: str) -> str:
        """ "u_" and 16 base32 letters."""
        return self._hash("u", value)

    def uid(self, kind: str, value: str) -> str:
        """A new DICOM UID, "2.25." and a UUID of version 8 (PS3.5, B.2), for a study, series or instance."""
        number = int.from_bytes(self._digest(f"uid {kind}", value)[:16], "big")
        number = number & ~(0xF << 76) | 8 << 76  # version
        number = number & ~(0x3 << 62) | 2 << 62  # variant
        return f"2.25.{number}"

    def path(self, value: str) -> str:
        """ "v_" and 16 base32 letters, for a file that goes by its path: every byte of it counts."""
        return _letters("v", self._keyed("path", value))

    def days(self, patient: str, most: int) -> int:
        """The days by which all dates of a patient are moved: 1 to ``most``, either way, never 0."""
        if most < 1:
            raise ValueError(f"deidentify.date_shift_days is {most!r}; allowed is 1 or more, or null")
        number = int.from_bytes(self._digest("d", patient)[:8], "big") % (2 * most)
        return number - most if number < most else number - most + 1

    def _hash(self, kind: str, value: str) -> str:
        return _letters(kind, self._digest(kind, value))

    def _digest(self, kind: str, value: str) -> bytes:
        text = _normal(value)
        if not text:
            raise ValueError("an empty identifier has no pseudonym")
        return self._keyed(kind, text)

    def _keyed(self, kind: str, text: str) -> bytes:
        # Broken headers and paths may hold lone surrogates.
        message = f"{kind}\x1f{text}".encode("utf-8", errors="surrogatepass")
        return hmac.new(self._key, message, hashlib.sha256).digest()


def _normal(value: str) -> str:
    return unicodedata.normalize("NFC", str(value).strip())


def _letters(kind: str, digest: bytes) -> str:
    return f"{kind}_{base64.b32encode(digest).decode()[:LETTERS].lower()}"


def shard_of(study_id: str, shards: int) -> int:
    """The shard, from 0 to ``shards`` - 1, of a study (or of a file without one), by a stable hash."""
    if shards < 1:
        raise ValueError(f"input.shards is {shards!r}; allowed is 1 or more")
    return int.from_bytes(hashlib.sha256(study_id.encode()).digest()[:8], "big") % shards


def pseudonymise(catalogue: pd.DataFrame, pseudonyms: Pseudonyms, shards: int) -> pd.DataFrame:
    """Give every row of a catalogue its pseudonyms, year and shard.

    A file is known by its SOP Instance UID. Of several usable files with one UID the first by path keeps it;
    the others, and files without a UID, are known by their path. Those of the same study and content are
    "duplicate"; other loops under the same UID stay usable. Should two files come to one pseudonym all the
    same, the later one is "pseudonym_collision".

    Parameters
    ----------
    catalogue
        CATALOGUE rows. Of patient_issuer, study_uid and content, columns that are missing count as empty.
    pseudonyms
        The keyed hash.
    shards
        Number of shards. Files without a study go by their own pseudonym.

    Returns
    -------
    DataFrame
        RESTRICTED_CATALOGUE, sorted by path; identifiers inside.
    """
    lacking = [name for name in OPTIONAL if name not in catalogue.columns]
    catalogue = CATALOGUE.check(catalogue.assign(**dict.fromkeys(lacking)))
    rows = catalogue.sort_values("path", ignore_index=True)
    rows["study_id"] = _optional(rows["study_key"], pseudonyms.study)
    rows["study_uid_id"] = _optional(rows["study_uid"], pseudonyms.study_uid)
    issuers = _issuers(rows)
    rows["patient_id"] = _optional(_persons(rows["patient_key"], issuers), pseudonyms.patient)
    unissued = _optional(rows["patient_key"], pseudonyms.patient)
    rows["unissued_patient_id"] = pd.Series(unissued, dtype="string").where(issuers.notna())
    _name_videos(rows, pseudonyms)
    rows["study_year"] = rows["study_date"].map(_year, na_action="ignore").astype("Int64")
    places = rows["study_id"].fillna(rows["video_id"])
    rows["shard"] = [shard_of(place, shards) for place in places]
    return RESTRICTED_CATALOGUE.check(rows)


def persons(rows: pd.DataFrame) -> pd.Series:
    """What a patient's pseudonym is made of, in each row of a catalogue; missing without a patient."""
    return _persons(rows["patient_key"], _issuers(rows))


def _name_videos(rows: pd.DataFrame, pseudonyms: Pseudonyms) -> None:
    """Set video_id, and the outcome of copies and of files whose pseudonym is taken."""
    known = [None if pd.isna(uid) else _normal(uid) or None for uid in rows["sop_uid"]]
    uids = pd.Series(known, index=rows.index, dtype="string")
    usable = rows["outcome"] == "ok"
    # In the order of the paths, usable files before others.
    order = rows.assign(uid=uids, unusable=~usable).sort_values("unusable", kind="stable")
    owners = (~order.duplicated("uid")).reindex(rows.index) & uids.notna()
    copies = order.duplicated(["uid", "study_id", "content"]).reindex(rows.index) & uids.notna() & usable
    rows.loc[copies, "outcome"] = "duplicate"
    rows["video_id"] = [
        pseudonyms.video(uid) if owner else pseudonyms.path(path)
        for uid, path, owner in zip(uids, rows["path"], owners, strict=True)
    ]
    rows.loc[rows.duplicated("video_id"), "outcome"] = "pseudonym_collision"
    numbers = rows.groupby("video_id").cumcount()
    rows["video_id"] = [
        f"{video_id}-{number}" if number else video_id
        for video_id, number in zip(rows["video_id"], numbers, strict=True)
    ]


def _issuers(rows: pd.DataFrame) -> pd.Series:
    """Issuer of each row's PatientID; without one, the only one that it has in the study, or in the archive.

    Devices of one hospital differ in whether they write the issuer: this makes no second patient.
    """
    stated = rows["patient_issuer"].str.strip().replace("", pd.NA)
    issuers = stated
    for keys in (["study_key", "patient_key"], ["patient_key"]):
        named = rows[keys].assign(issuer=stated).dropna()
        named = named.drop_duplicates().drop_duplicates(keys, keep=False)
        found = rows[keys].merge(named, how="left", on=keys)["issuer"]
        issuers = issuers.fillna(found.set_axis(rows.index))
    return issuers


def _persons(keys: pd.Series, issuers: pd.Series) -> pd.Series:
    """PatientID, followed by its issuer where it has one (HL7's form, ID^^^issuer); missing without an ID."""
    keys = keys.str.strip().replace("", pd.NA)
    return keys.where(issuers.isna(), keys + "^^^" + issuers)


def _optional(values: pd.Series, pseudonym: Callable[[str], str]) -> list[str | None]:
    return [None if pd.isna(value) or not value.strip() else pseudonym(value) for value in values]


def _year(date: str) -> int | None:
    year = int(date[:4]) if date[:4].isdigit() else 0
    return year if 1900 <= year <= 2199 else None
