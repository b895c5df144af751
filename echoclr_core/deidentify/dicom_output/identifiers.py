"""Identifiers of a source file in the bytes of a deidentified DICOM file."""

from collections.abc import Sequence
from pathlib import Path

from echoclr_core.deidentify.dicom_output.header import constant_text
from echoclr_core.deidentify.identifiers.identifier_search import (
    MIN_LETTERS_IN_PIXELS,
    Identifier,
    forms_of,
)

PIXEL_DATA = b"\xe0\x7f\x10\x00OB"  # tag and VR, little endian


def kinds_in_dicom(path: str | Path, identifiers: Sequence[Identifier]) -> list[str]:
    """Kinds of the identifiers that stand in a file: all in its header, the longer ones among its pixels too.

    A word that stands in every such file, or is a known vendor or model, is nobody's identifier.
    """
    content = Path(path).read_bytes()
    header = content[: content.index(PIXEL_DATA)]
    constant = constant_text()
    found = set()
    for identifier in identifiers:
        if identifier.value in constant:
            continue
        place = content if len(identifier.value) >= MIN_LETTERS_IN_PIXELS else header
        if any(form in place for form in forms_of(identifier)):
            found.add(identifier.kind)
    return sorted(found)
