"""A deflated file read as if it were not: forwards in pieces, so that memory stays small."""

import os
import zlib
from pathlib import Path

from echoclr_core.dicom.outcomes import UnusableFile

PIECE = 1 << 18


class InflatedFile:
    """Read-only file object over the inflated bytes that begin at ``start`` of a file.

    A seek backwards that leaves the piece in memory starts inflating from the beginning again; frames are
    read in ascending order, so a pass over a loop inflates it once. The data may end early: then so does
    reading, as with any cut file.

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

    def __init__(self, path: str | Path, start: int, *, limit: int | None = None):
        self._file = Path(path).open("rb")  # noqa: SIM115 (closed by this object's own context)
        self._start = start
        self._limit = limit
        self._restart()

    def _restart(self) -> None:
        self._file.seek(self._start)
        self._inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        self._piece = b""
        self._piece_at = 0  # where the piece begins in the inflated stream
        self._position = 0

    def _next_piece(self) -> bool:
        """Replace the piece by the one after it; False at the end."""
        while not self._inflater.eof:
            packed = self._inflater.unconsumed_tail or self._file.read(PIECE)
            piece = self._inflater.decompress(packed, PIECE)
            if piece:
                self._piece_at += len(self._piece)
                self._piece = piece
                if self._limit is not None and self._piece_at + len(piece) > self._limit:
                    raise UnusableFile("corrupt", f"it inflates to more than {self._limit} bytes of header")
                return True
            if not packed:
                return False
        return False

    def read(self, size: int = -1) -> bytes:
        """At most ``size`` bytes from the current position; all that follow if negative."""
        parts: list[bytes] = []
        wanted = size
        while wanted != 0:
            within = self._position - self._piece_at
            part = self._piece[within : within + wanted] if wanted > 0 else self._piece[within:]
            if not part and not self._next_piece():
                break
            parts.append(part)
            self._position += len(part)
            wanted -= len(part) if wanted > 0 else 0
        return b"".join(parts)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move to an offset from the start or from here; past the end stops at the end."""
        if whence == os.SEEK_END:
            while self._next_piece():
                pass
            target = self._piece_at + len(self._piece) + offset
        else:
            target = offset + (self._position if whence == os.SEEK_CUR else 0)
        if target < self._piece_at:
            self._restart()
        while target > self._piece_at + len(self._piece) and self._next_piece():
            pass
        self._position = min(target, self._piece_at + len(self._piece))
        return self._position

    def tell(self) -> int:
        """The current position in the inflated stream."""
        return self._position

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> "InflatedFile":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
