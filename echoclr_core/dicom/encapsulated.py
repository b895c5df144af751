"""Compressed pixel data: which bytes of the file make up which frame, without reading them all."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import BinaryIO

from echoclr_core.dicom.header_parser import UNDEFINED
from echoclr_core.dicom.outcomes import UnusableFile

ITEM = 0xFFFEE000
STARTS = (
    b"\xff\xd8\xff",  # JPEG, JPEG-LS
    b"\xff\x4f\xff\x51",  # JPEG 2000 codestream
    b"\x00\x00\x00\x0cjP  ",  # JPEG 2000 in JP2
    b"\xff\x0a",  # JPEG XL codestream
    b"\x00\x00\x00\x0cJXL ",  # JPEG XL in its container
)
"""First bytes of codestreams that cannot occur inside one (stuffing forbids it)."""


@dataclass(frozen=True, kw_only=True)
class Fragment:
    """One item of encapsulated pixel data.

    Parameters
    ----------
    item
        Offset of its item tag from that of the first fragment: what offset tables speak of.
    offset, length
        Of its value, in the stream, in bytes; the length as declared.
    head
        Its first bytes, up to 16.
    """

    item: int
    offset: int
    length: int
    head: bytes


def index_fragments(stream: BinaryIO, offset: int, little_endian: bool) -> tuple[list[Fragment], list[int]]:
    """All fragments from ``offset`` on, and the basic offset table ([] if empty or unreadable).

    Stops at the sequence delimiter, at the end of the file, or at the first thing that is not an item.
    """
    order = "<" if little_endian else ">"
    fragments: list[Fragment] = []
    table: list[int] | None = None
    first = at = offset
    while True:
        stream.seek(at)
        head = stream.read(24)
        if stream.tell() <= at or len(head) < 8:
            break
        group, element, length = struct.unpack(f"{order}HHL", head[:8])
        if group << 16 | element != ITEM or length == UNDEFINED:
            break
        value = at + 8
        at = value + length
        if table is None:
            table = _offset_table(stream, value, length, order)
            first = at
        else:
            fragments.append(
                Fragment(
                    item=value - 8 - first, offset=value, length=length, head=head[8 : 8 + min(length, 16)]
                )
            )
    return fragments, table or []


def _offset_table(stream: BinaryIO, value: int, length: int, order: str) -> list[int]:
    if length % 4 or length > 1 << 22:
        return []
    stream.seek(value)
    data = stream.read(length)
    return list(struct.unpack(f"{order}{len(data) // 4}L", data[: len(data) // 4 * 4]))


def group_frames(
    fragments: Sequence[Fragment], table: Sequence[int], declared: int | None
) -> list[list[Fragment]]:
    """The fragments of every frame.

    An offset table is believed if it names all frames, begins at 0, grows, and the file's fragments begin
    where it says; then the codestreams' own first bytes; without both, a single declared frame takes all
    fragments, and otherwise each is a frame.
    """
    if not fragments:
        return []
    starts = _table_starts(fragments, table, declared)
    if starts is None and fragments[0].head.startswith(STARTS):
        starts = {fragment.item for fragment in fragments if fragment.head.startswith(STARTS)}
    if starts is None:
        starts = {0} if declared == 1 else {fragment.item for fragment in fragments}
    frames: list[list[Fragment]] = []
    for fragment in fragments:
        if fragment.item in starts:
            frames.append([])
        frames[-1].append(fragment)
    return frames


def _table_starts(
    fragments: Sequence[Fragment], table: Sequence[int], declared: int | None
) -> set[int] | None:
    if len(table) < max(2, declared or 0) or table[0] != 0 or any(b <= a for a, b in pairwise(table)):
        return None
    items = {fragment.item for fragment in fragments}
    beyond = fragments[-1].item  # of a cut file only the first entries can be checked
    if any(start not in items for start in table if start <= beyond):
        return None
    return set(table)


def read_fragments(stream: BinaryIO, fragments: Sequence[Fragment]) -> bytes:
    """The joined bytes of one frame.

    Raises
    ------
    UnusableFile
        "truncated" where the stream ends inside it.
    """
    parts = []
    for fragment in fragments:
        stream.seek(fragment.offset)
        part = stream.read(fragment.length)
        if len(part) < fragment.length:
            raise UnusableFile(
                "truncated",
                f"the file ends {fragment.length - len(part)} bytes before the end of a fragment",
                tag="PixelData",
            )
        parts.append(part)
    return b"".join(parts)
