"""A source file must still be the one that the catalogue describes when it is deidentified.

Its row, pseudonyms and patient come from the catalogue: a file that was replaced since would be written under
the name of the patient whose file stood there before.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from echoclr_core.deidentify.changed_since import CURE, changed_since
from echoclr_core.dicom.catalogue import describe_paths

COMPARED = ("study_key", "patient_key", "patient_issuer", "sop_uid")
UNREAD = ("not_dicom", "timeout", "crashed")  # nothing was read of the header


def changed_files(
    rows: Sequence[Mapping[str, Any]], root: str | Path, study_key: str, workers: int
) -> dict[str, str]:
    """Path to what differs from the catalogue, for each file that is no longer the catalogued one.

    Size and time are compared first, then what the header says now. The headers are read in processes of
    their own, so that no process that decodes pixels ever holds an identifier. Files that cannot be opened,
    and videos that are no DICOM, are left to those who decode them.

    Parameters
    ----------
    rows
        RESTRICTED_CATALOGUE rows as dicts.
    root
        The folder that their paths are relative to.
    study_key
        DICOM keyword that names the study.
    workers
        Processes to read with.
    """
    root, changed, same = Path(root), {}, []
    for row in rows:
        try:
            changed[row["path"]] = changed_since(row, root)
        except OSError:
            continue
        if changed[row["path"]] is None:
            same.append(row)
    for number, found in describe_paths([root / row["path"] for row in same], study_key, workers):
        row = same[number]
        differing = [name for name in COMPARED if _text(row[name]) != found.get(name)]
        if differing and found["outcome"] not in UNREAD:
            # The catalogue knows a file by size and time, so that it would not read this one either.
            changed[row["path"]] = f"{', '.join(differing)} of the header; `touch` the file and {CURE}"
    return {path: what for path, what in changed.items() if what}


def _text(value: Any) -> str | None:
    return None if pd.isna(value) else value
