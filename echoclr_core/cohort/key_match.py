"""Whether the study keys of a label table are those of the archive, and why not where none is."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from echoclr_core.common.text_table import read_text_table

OTHER_KEYS = {"study_uid": "StudyInstanceUID", "patient_key": "PatientID", "sop_uid": "SOPInstanceUID"}
"""Columns of a catalogue that label tables hold by mistake, with their DICOM keywords."""


class UnmatchedLabelsError(ValueError):
    """No study of the label table is in the archive. The message holds counts and patterns, no key."""

    holds_no_identifier = True


@dataclass(frozen=True, kw_only=True)
class KeyMatch:
    """How label table and archive match.

    Parameters
    ----------
    n_labels, n_archive
        Different study keys of either.
    n_common
        Keys in both.
    reason
        Why none is in both, and the cure; "" unless ``n_common`` is 0. It never holds a key.
    """

    n_labels: int
    n_archive: int
    n_common: int
    reason: str = ""


def match_keys(label_keys: Iterable[object], catalogue: pd.DataFrame) -> KeyMatch:
    """Compare study keys, white space at either end and Unicode composition apart.

    Parameters
    ----------
    label_keys
        Study keys of the label table; missing ones are left out.
    catalogue
        Column study_key; study_uid, patient_key and sop_uid are looked at where they are there.
    """
    labels, archive = _keys(label_keys), _keys(catalogue["study_key"])
    common = len(labels & archive)
    reason = _reason(labels, archive, catalogue) if labels and archive and not common else ""
    return KeyMatch(n_labels=len(labels), n_archive=len(archive), n_common=common, reason=reason)


def match_label_file(path: str, column: str, catalogue: pd.DataFrame) -> KeyMatch | None:
    """:func:`match_keys` of a column of a label table; None without such a file, table or column."""
    if not path or not Path(path).is_file():
        return None
    try:
        table = read_text_table(path).cells
    except ValueError:
        return None
    return match_keys(table[column], catalogue) if column in table else None


def require_match(match: KeyMatch | None) -> None:
    """Raise UnmatchedLabelsError where labels and archive have studies and none in common."""
    if match is not None and match.reason:
        raise UnmatchedLabelsError(
            f"input.labels: none of the {match.n_labels} studies of the label table is among the "
            f"{match.n_archive} of the archive; {match.reason}"
        )


def _keys(values: Iterable[object]) -> set[str]:
    texts = (unicodedata.normalize("NFC", str(value)).strip() for value in values if not pd.isna(value))
    return set(filter(None, texts))


def _reason(labels: set[str], archive: set[str], catalogue: pd.DataFrame) -> str:
    for column, keyword in OTHER_KEYS.items():
        if column in catalogue and labels & _keys(catalogue[column]):
            name = "input.study_key: StudyInstanceUID" if column == "study_uid" else "another column"
            return f"its keys are those of {keyword}: use {name}"
    if {key.lstrip("0") for key in labels} & {key.lstrip("0") for key in archive}:
        return "leading zeros differ, as a spreadsheet removes them: export the table with keys as text"
    if {key.casefold() for key in labels} & {key.casefold() for key in archive}:
        return "capital and small letters differ: write the keys as the DICOM files do"
    return (
        f"its keys look like {_pattern(labels)}, those of the archive like {_pattern(archive)} (9: a digit, "
        "A: a letter): input.columns.study_key must name the column with the values of the DICOM keyword "
        "input.study_key"
    )


def _pattern(keys: set[str]) -> str:
    """The most frequent pattern of keys, digits as 9 and letters as A."""
    patterns = Counter(re.sub(r"[^\W\d_]", "A", re.sub(r"\d", "9", key))[:40] for key in sorted(keys))
    return repr(patterns.most_common(1)[0][0])
