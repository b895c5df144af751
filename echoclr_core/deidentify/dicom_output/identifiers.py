"""Identifiers of a source file in the bytes of a deidentified DICOM file."""

from collections.abc import Sequence
from pathlib import Path

from echoclr_core.deidentify.dicom_output.header import constant_text
from echoclr_core.deidentify.identifiers.identifier_search import Identifier, forms_of

PIXEL_DATA = b"\xe0\x7f\x10\x00OB"  # tag and VR, little endian; two bytes and the length follow
MIN_LETTERS_BY_CHANCE = 12
"""Shorter values are not looked for among pixels and in new UIDs, where chance puts them: six given digits
stand in the UIDs of one file of 10,000, and grey pixels of dark tissue are digits as bytes, so that 30 MB of
them hold seven given digits in one loop of some 4,000. Either would end the run of a large archive.
"""


def kinds_in_dicom(
    path: str | Path, identifiers: Sequence[Identifier], new_uids: Sequence[str] = ()
) -> list[str]:
    """Kinds of the identifiers that stand in a file: all beside its pixels, the long ones in every byte.

    A word that stands in every such file, or is a known vendor or model, is nobody's identifier, and the
    digits of a new UID follow from the key: short identifiers are looked for in the other attributes.
    """
    content = Path(path).read_bytes()
    beside = _beside_pixels(content)
    for uid in new_uids:
        beside = beside.replace(uid.encode(), b"")
    constant = constant_text()
    found = set()
    for identifier in identifiers:
        if identifier.value in constant:
            continue
        place = content if len(identifier.value) >= MIN_LETTERS_BY_CHANCE else beside
        if any(form in place for form in forms_of(identifier)):
            found.add(identifier.kind)
    return sorted(found)


def _beside_pixels(content: bytes) -> bytes:
    """All bytes of a file but its pixels."""
    start = content.index(PIXEL_DATA) + len(PIXEL_DATA) + 6
    length = int.from_bytes(content[start - 4 : start], "little")
    return content[:start] + content[start + length :]
