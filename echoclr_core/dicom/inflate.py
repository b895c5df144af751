"""A deflated file read as if it were not: forwards in pieces, so that memory stays small."""

import io
import os
import zlib
from pathlib import Path

from echoclr_core.dicom.outcomes import UnusableFile

PIECE = 1 << 18  # bytes inflated at a time


def open_inflated(path: str | Path, start: int, *, limit: int | None = None) -> io.BufferedReader:
    """The inflated bytes that begin at ``start`` of a file, as a file object.

    A seek backwards that leaves the buffer starts inflating from the beginning again; frames are read in
    ascending order, so a pass over a loop inflates it once. The data may end early: then so does reading, as
    with any cut file; a seek past the end stops at the end. Nothing is written to the disk, where the header
    would stand with its identifiers, and a few kilobytes can claim gigabytes.

    Parameters
    ----------
    path
        The deflated file.
    start
        Where its raw deflate stream (RFC 1951) begins, in bytes.
    limit
        Inflated bytes after which reading is refused; None for no limit.

    Raises
    ------
    zlib.error
        From ``read`` and ``seek``, where the stream is damaged.
    UnusableFile
        "corrupt", likewise, beyond ``limit``. Without path: callers add it.
    """
    return io.BufferedReader(_Inflating(path, start, limit), PIECE)


class _Inflating(io.RawIOBase):
    def __init__(self, path: str | Path, start: int, limit: int | None):
        self._file = Path(path).open("rb")  # noqa: SIM115 (closed with this object)
        self._start, self._limit = start, limit
        self._restart()

    def _restart(self) -> None:
        self._file.seek(self._start)
        self._inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:
        """Fill at most ``buffer``; 0 at the end."""
        while not self._inflater.eof:
            packed = self._inflater.unconsumed_tail or self._file.read(PIECE)
            piece = self._inflater.decompress(packed, len(buffer))
            self._position += len(piece)
            if self._limit is not None and self._position > self._limit:
                raise UnusableFile("corrupt", f"it inflates to more than {self._limit} bytes of header")
            buffer[: len(piece)] = piece
            if piece or not packed:
                return len(piece)
        return 0

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move to an offset from the start, from here or from the end; returns where it is then."""
        skipped = memoryview(bytearray(PIECE))
        if whence == os.SEEK_END:
            while self.readinto(skipped):
                pass
        target = offset + (0 if whence == os.SEEK_SET else self._position)
        if target < self._position:
            self._restart()
        while self._position < target and self.readinto(skipped[: target - self._position]):
            pass
        return self._position

    def tell(self) -> int:
        return self._position

    def close(self) -> None:
        self._file.close()
        super().close()
