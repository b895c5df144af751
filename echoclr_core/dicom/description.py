"""What the header alone says of a file: its outcome, and whose it is. For `restricted/` only."""

from collections.abc import Sequence
from pathlib import Path

from echoclr_core.dicom.frames import as_unusable
from echoclr_core.dicom.header import Header
from echoclr_core.dicom.header_parser import parse_header
from echoclr_core.dicom.outcomes import UnusableFile
from echoclr_core.dicom.reading import cine_of, read_header
from echoclr_core.dicom.values import quiet_pydicom

IDENTITY = ("study_key", "patient_key", "study_date", "sop_uid")


def describe_file(path: str | Path, *, study_key: str = "AccessionNumber") -> dict[str, str | None]:
    """Outcome and identity of one file, from its header alone. Raises nothing but MemoryError."""
    header = Header()
    try:
        with as_unusable(path), quiet_pydicom():
            parsed = parse_header(path, study_key=study_key)
            header = read_header(parsed, study_key)
            cine_of(path, parsed, header)
        outcome = "ok" if header.study_key else "no_study_key"
    except UnusableFile as error:
        outcome = error.outcome
    return {"outcome": outcome, **{name: getattr(header, name) for name in IDENTITY}}


def describe_files(paths: Sequence[Path], study_key: str) -> list[dict[str, str | None]]:
    """:func:`describe_file` of each path."""
    return [describe_file(path, study_key=study_key) for path in paths]
