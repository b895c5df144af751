"""Identifiers of a source file in what was written of it."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from echoclr_core.common.avi_structure import structure_of
from echoclr_core.common.mask_files import mask_path
from echoclr_core.deidentify.identifiers.header_allowlist import transfer_syntax
from echoclr_core.deidentify.identifiers.pseudonyms import RESTRICTED_CATALOGUE
from echoclr_core.deidentify.tables import SOURCE_FILES

MIN_LETTERS = 5  # shorter values stand in any file by chance
MIN_LETTERS_IN_PIXELS = 7
"""Shorter values are not looked for among compressed pixels: 15 MB of them hold five given letters by chance
in one of 70,000 videos, so that the audit of a large archive would often end the run; seven letters in
one of 5,000,000,000.
"""
IDENTIFYING = ("study_key", "patient_key", "study_date", "study_uid", "sop_uid", "path")
MEASURED = (
    "n_frames",
    "height",
    "width",
    "active_fraction",
    "coverage",
    "kept_fraction",
    "windows",
    "text_lines",
    "colour_share",
    "sha256",
    "bytes",
)
"""Columns of SOURCE_FILES that are measured on pixels and written files: they equal one by chance only."""
ENCODINGS = ("utf-8", "utf-16-le", "latin-1")
PIECE = 2**20  # bytes read at a time


class Identifier(NamedTuple):
    """What may stand nowhere in the outputs.

    Parameters
    ----------
    kind
        A word of IDENTIFYING, or "part of the path".
    value
        The text itself. Never to be shown.
    """

    kind: str
    value: str


class Finding(NamedTuple):
    """Where an identifier was found: its kind; "the video", "the mask", "a file name", "column <name>"."""

    kind: str
    place: str

    def __str__(self) -> str:
        return f"{self.kind} in {self.place}"


def identifiers_of(catalogue: pd.DataFrame) -> dict[str, tuple[Identifier, ...]]:
    """Video to the identifiers of its source file: keys, date, UID, path and each part of the path.

    ``catalogue`` is RESTRICTED_CATALOGUE. Values of fewer than five characters are left out.
    """
    rows = RESTRICTED_CATALOGUE.check(catalogue)
    found = {}
    for row in rows.to_dict("records"):
        kinds: dict[str, str] = {}  # value to its first kind
        for name in IDENTIFYING:
            if not pd.isna(row[name]):
                kinds.setdefault(str(row[name]), name)
        for part in Path(row["path"]).parts:
            kinds.setdefault(part, "part of the path")
        found[row["video_id"]] = tuple(
            Identifier(kind, value) for value, kind in kinds.items() if len(value) >= MIN_LETTERS
        )
    return found


def find_identifiers(
    video: str | Path, identifiers: Sequence[Identifier], row_values: Mapping[str, Any] | None = None
) -> list[Finding]:
    """Where identifiers stand in a written video, its mask, their names, or the row of SOURCE_FILES about it.

    Names and bytes are searched for each identifier in the encodings of text, a date also as YYYY-MM-DD. A
    value of the row is compared as a whole; words of a fixed list, such as a vendor's name, are no
    identifiers even where a folder of the archive bears that name. A file that is missing holds nothing.

    Parameters
    ----------
    video
        The video; its mask lies beside it.
    identifiers
        See :func:`identifiers_of`.
    row_values
        Column to value.
    """
    video = Path(video)
    files = {"the video": video, "the mask": mask_path(video)}
    names = " ".join(path.name for path in files.values()).encode()
    columns = {
        name: str(value)
        for name, value in (row_values or {}).items()
        if name not in MEASURED and not _is_fixed_word(name, value)
    }
    found = []
    for identifier in identifiers:
        if any(form in names for form in forms_of(identifier)):
            found.append(Finding(identifier.kind, "a file name"))
        texts = _texts(identifier)
        found += [
            Finding(identifier.kind, f"column {name}") for name, text in columns.items() if text in texts
        ]
    for place, path in files.items():
        if path.exists():
            found += [Finding(kind, place) for kind in _kinds_in_file(path, identifiers)]
    return found


def _is_fixed_word(column: str, value: Any) -> bool:
    """Whether a value is a word of this program or of the DICOM standard: nobody's identifier."""
    if column == "transfer_syntax":
        return isinstance(value, str) and transfer_syntax(value) == value
    schema = SOURCE_FILES.columns.get(column)
    return schema is not None and schema.allowed is not None and value in schema.allowed


def _kinds_in_file(path: Path, identifiers: Sequence[Identifier]) -> list[str]:
    """The kind of each identifier in a file: all in its structure, the longer ones among its pixels too."""
    short = [one for one in identifiers if len(one.value) < MIN_LETTERS_IN_PIXELS]
    structure = structure_of(path) if short else b""
    found = [one.kind for one in short if any(form in structure for form in forms_of(one))]
    return found + list(_kinds_in(path, [one for one in identifiers if one not in short]))


def _kinds_in(path: Path, identifiers: Sequence[Identifier]) -> Iterable[str]:
    """The kind of each identifier that stands in the bytes of a file, which are read in pieces."""
    waiting = {number: forms_of(identifier) for number, identifier in enumerate(identifiers)}
    overlap = max((len(form) for forms in waiting.values() for form in forms), default=1) - 1
    before = b""
    with path.open("rb") as file:
        while waiting and (piece := file.read(PIECE)):
            window = before + piece
            for number in [n for n, forms in waiting.items() if any(form in window for form in forms)]:
                del waiting[number]
                yield identifiers[number].kind
            before = window[-overlap:] if overlap else b""


def _texts(identifier: Identifier) -> set[str]:
    value = identifier.value
    if identifier.kind == "study_date" and len(value) == 8:
        return {value, f"{value[:4]}-{value[4:6]}-{value[6:]}"}
    return {value}


def forms_of(identifier: Identifier) -> set[bytes]:
    """The bytes by which an identifier would stand in a file: in each encoding, a date in both forms."""
    found = set()
    for text in _texts(identifier):
        for encoding in ENCODINGS:
            try:
                found.add(text.encode(encoding))
            except UnicodeEncodeError:  # ideographs in Latin-1, bytes of a name that are no text
                continue
    return found
