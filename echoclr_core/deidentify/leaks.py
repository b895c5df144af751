"""Identifiers of a source file in what was written of it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from echoclr_core.common.mask_files import mask_path
from echoclr_core.deidentify.pseudonyms import RESTRICTED_CATALOGUE

LEAST_LETTERS = 5  # shorter values stand in a megabyte of compressed pixels by chance
IDENTIFYING = ("study_key", "patient_key", "study_date", "sop_uid", "path")
ENCODINGS = ("utf-8", "utf-16-le", "latin-1")


def identifiers_of(catalogue: pd.DataFrame) -> dict[str, tuple[str, ...]]:
    """Video to the identifiers of its source file: keys, date, UID, path and each part of the path.

    ``catalogue`` is RESTRICTED_CATALOGUE. Values of fewer than five characters are left out.
    """
    rows = RESTRICTED_CATALOGUE.check(catalogue)
    found = {}
    for row in rows.to_dict("records"):
        values = [str(row[name]) for name in IDENTIFYING if not pd.isna(row[name])]
        parts = Path(row["path"]).parts
        found[row["video_id"]] = tuple(
            dict.fromkeys(value for value in (*values, *parts) if len(value) >= LEAST_LETTERS)
        )
    return found


def leaks(video: Path, identifiers: Sequence[str], cells: Sequence[Any] = ()) -> int:
    """How many of the identifiers stand in a written video, its mask, their names, or the cells of its row.

    Names and bytes are searched for each identifier as it is and in the encodings of text; a cell leaks
    where it equals one. A file that is missing holds nothing.
    """
    files = [path for path in (video, mask_path(video)) if path.exists()]
    content = b"\n".join([path.name.encode() for path in files] + [path.read_bytes() for path in files])
    row = {str(cell) for cell in cells}
    return sum(
        identifier in row or any(form in content for form in _forms(identifier)) for identifier in identifiers
    )


def _forms(text: str) -> set[bytes]:
    found = set()
    for encoding in ENCODINGS:
        try:
            found.add(text.encode(encoding))
        except UnicodeEncodeError:  # ideographs in Latin-1, bytes of a name that are no text
            continue
    return found
