"""The bytes of an AVI file that are no compressed pictures: headers, texts, indexes, what follows the end."""

import struct
from collections.abc import Iterator
from pathlib import Path

PICTURE_CHUNKS = (b"dc", b"db")  # the last two letters of "00dc": stream number, kind


def structure_of(path: str | Path) -> bytes:
    """Everything in an AVI but the content of its picture chunks; the whole file where it is no AVI.

    A chunk that claims more bytes than there are is kept as it is.
    """
    path = Path(path)
    size = path.stat().st_size
    with path.open("rb") as file:
        if file.read(4) != b"RIFF":
            file.seek(0)
            return file.read()
        kept = []
        for start, stop in _ranges(file, size):
            file.seek(start)
            kept.append(file.read(stop - start))
    return b"\n".join(kept)


def _ranges(file, size: int) -> Iterator[tuple[int, int]]:
    """Start and stop of each range outside of picture chunks. The chunks of a list follow its head."""
    position = 0
    while position < size:
        file.seek(position)
        head = file.read(8)
        if len(head) < 8:
            yield position, size
            return
        name, length = head[:4], struct.unpack("<I", head[4:])[0]
        if name in (b"RIFF", b"LIST"):
            yield position, position + 12
            position += 12
            continue
        stop = position + 8 + length
        if stop > size or not name.isascii():  # what was appended to the file is no chunk
            yield position, size
            return
        yield position, position + 8 if name[2:] in PICTURE_CHUNKS else stop
        position = stop + length % 2
