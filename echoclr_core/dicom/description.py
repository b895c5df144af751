"""What the header alone says of a file: its outcome, and whose it is. For `restricted/` only."""

from collections.abc import Sequence
from pathlib import Path

from echoclr_core.dicom.header import Identity
from echoclr_core.dicom.header_parser import parse_header
from echoclr_core.dicom.outcomes import UnusableFile
from echoclr_core.dicom.reading import check_cine, read_identity
from echoclr_core.dicom.third_party import as_unusable
from echoclr_core.dicom.values import quiet_pydicom


def describe_file(path: str | Path, *, study_key: str = "AccessionNumber") -> dict[str, str | None]:
    """Outcome and identity of one file, from its header alone. Raises nothing but MemoryError."""
    identity = Identity()
    try:
        with as_unusable(path), quiet_pydicom():
            parsed = parse_header(path, study_key=study_key)
            identity = read_identity(path, parsed, study_key)
            check_cine(path, parsed)
        outcome = "ok" if identity.study_key else "no_study_key"
    except UnusableFile as error:
        outcome = error.outcome
    return {"outcome": outcome, **vars(identity)}


def describe_files(paths: Sequence[Path], study_key: str) -> list[dict[str, str | None]]:
    """:func:`describe_file` of each path."""
    with quiet_pydicom():  # once: its own in each file then has nothing to do
        return [describe_file(path, study_key=study_key) for path in paths]
