"""Open video containers with FFmpeg so that one file can never make it read another.

FFmpeg guesses the format of what it opens, and some formats name further files or addresses to be read:
ffconcat, HLS, DASH and SDP texts, image sequences, external tracks of a QuickTime file. A file of a few
hundred bytes could so deliver the loop of another patient, or contact another machine. Three independent
barriers:

1. The demuxer is named by the caller or by the first bytes, from the closed list ``SIGNATURES``; nothing is
   guessed, and none of these demuxers refers to other files but QuickTime's.
2. No protocol is allowed, so that FFmpeg itself can open nothing: the bytes come from a Python file object.
3. Whatever a demuxer asks to have opened beside is refused.
"""

from typing import TYPE_CHECKING, Any, NoReturn, Protocol

if TYPE_CHECKING:
    from av.container import InputContainer


class ReadableFile(Protocol):
    """A binary file object that can be read and moved in."""

    def read(self, size: int = -1, /) -> bytes:
        """At most ``size`` bytes from the current position."""
        ...

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Move to a position."""
        ...


QUICKTIME_BOXES = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")
SIGNATURES: tuple[tuple[str, dict[int, bytes]], ...] = (
    ("avi", {0: b"RIFF", 8: b"AVI "}),
    ("matroska", {0: b"\x1a\x45\xdf\xa3"}),
    ("mpegts", {0: b"\x47", 188: b"\x47"}),
    ("mpegts", {4: b"\x47", 196: b"\x47"}),  # as on Blu-ray: a time stamp before every packet
    ("mpeg", {0: b"\0\0\1\xba"}),
    *(("mov", {4: box}) for box in QUICKTIME_BOXES),
)
"""FFmpeg's name of a container, and the bytes that such a file has, by their offset."""

STRICT = {"err_detect": "explode"}
"""Options of a decoder that refuses a damaged picture; without, it fills it from its neighbours."""

HEAD_BYTES = 197  # as many as the signatures need


def container_of(head: bytes) -> str | None:
    """FFmpeg's name of the container that begins with ``head`` (197 bytes), or None where it is not known.

    Returns "avi", "matroska", "mov" (QuickTime and MP4), "mpegts" or "mpeg" (MPEG program stream).
    """
    for name, signature in SIGNATURES:
        if all(head[at : at + len(expected)] == expected for at, expected in signature.items()):
            return name
    return None


def open_container(file: ReadableFile, demuxer: str) -> "InputContainer":
    """Open ``file`` with one demuxer that reads nothing but this file.

    Parameters
    ----------
    file
        A binary file object, at its start. It stays the caller's to close.
    demuxer
        FFmpeg's name of the format.

    Raises
    ------
    av.FFmpegError
        The file is not of this format, or refers to another file or address.
    """
    import av  # heavy, and few DICOM archives need it

    return av.open(
        file,
        mode="r",
        format=demuxer,
        options={"format_whitelist": demuxer, "protocol_whitelist": "none"},
        io_open=_refuse,
    )


def _refuse(url: str, flags: int, options: dict[str, Any]) -> NoReturn:
    raise PermissionError("a video file refers to another file")
