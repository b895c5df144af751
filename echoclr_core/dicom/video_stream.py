"""MPEG-2, H.264 and H.265 streams inside DICOM: one stream a file, cut into fragments anywhere."""

import os
from collections.abc import Iterator, Sequence
from typing import BinaryIO

import numpy as np

from echoclr_core.common.containers import HEAD_BYTES, STRICT, container_of, open_container
from echoclr_core.dicom.encapsulated import Fragment
from echoclr_core.dicom.outcomes import UnusableFile
from echoclr_core.dicom.pixel_format import PixelFormat

ELEMENTARY_STREAMS = {"mpeg2": "mpegvideo", "h264": "h264", "hevc": "hevc"}
"""Codec family of a transfer syntax (``syntaxes.CODEC_FAMILIES``) to FFmpeg's name of its bare stream."""

CONTAINERS = ("mov", "mpegts", "mpeg")  # those that PS3.5 Annex A.4.5 to A.4.9 allow around such a stream


class FragmentReader:
    """Fragments read as one file, in place: the stream is never in memory as a whole."""

    def __init__(self, stream: BinaryIO, fragments: Sequence[Fragment]):
        self._stream = stream
        self._fragments = fragments
        self._starts = np.cumsum([0] + [fragment.length for fragment in fragments])
        self._position = 0
        self.cut = False  # whether the file was found to end inside a fragment

    def read(self, size: int = -1) -> bytes:
        """At most ``size`` bytes from here; all that follow if negative."""
        left = int(self._starts[-1]) - self._position
        wanted = left if size < 0 else min(size, left)
        parts = []
        while wanted > 0:
            index = int(np.searchsorted(self._starts, self._position, side="right")) - 1
            within = self._position - int(self._starts[index])
            self._stream.seek(self._fragments[index].offset + within)
            part = self._stream.read(min(wanted, self._fragments[index].length - within))
            if not part:
                self.cut = True
                break
            parts.append(part)
            self._position += len(part)
            wanted -= len(part)
        return b"".join(parts)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move within the joined stream."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: int(self._starts[-1])}[whence]
        self._position = min(max(base + offset, 0), int(self._starts[-1]))
        return self._position

    def tell(self) -> int:
        """Current position."""
        return self._position


def stream_format(stream: FragmentReader, family: str) -> str:
    """FFmpeg's name of the stream's format: a container by its first bytes, else a bare stream of ``family``.

    A bare stream that begins as one of another family is taken as what it is: the bits that tell are
    forbidden or meaningless in the others. Nothing else is opened; see ``containers.open_container``.

    Raises
    ------
    UnusableFile
        "corrupt" where neither a container nor a start code stands at the beginning.
    """
    stream.seek(0)
    head = stream.read(HEAD_BYTES)
    stream.seek(0)
    container = container_of(head)
    if container in CONTAINERS:
        return container
    bare = head.lstrip(b"\0")
    if not bare.startswith(b"\1") or not head.startswith(b"\0\0"):
        raise UnusableFile("corrupt", "no video stream begins here", tag="PixelData")
    first = bare[1:3]
    if first[:1] == b"\xb3":  # sequence header, ISO/IEC 13818-2 6.2.2.1
        return ELEMENTARY_STREAMS["mpeg2"]
    if first in (b"\x40\1", b"\x42\1", b"\x46\1"):  # parameter sets or delimiter, H.265 7.4.2.2
        return ELEMENTARY_STREAMS["hevc"]
    return ELEMENTARY_STREAMS[family]


def decode_stream(
    stream: FragmentReader, family: str, layout: PixelFormat, indices: Sequence[int], *, colour: bool
) -> Iterator[np.ndarray]:
    """Yield the frames of ascending ``indices`` in order of display: uint8 (H, W) luma or (H, W, 3) RGB.

    Studio range is stretched to full range, as the stream declares it. ``family`` is a key of
    ELEMENTARY_STREAMS.

    Raises
    ------
    UnusableFile
        "truncated" where stream or file end before the last index, "corrupt" where a picture is damaged.
    """
    import av  # heavy, and few archives need it

    demuxer = stream_format(stream, family)
    wanted = set(indices)
    last = max(indices)
    number, damaged = -1, False
    try:
        with open_container(stream, demuxer) as container:
            container.streams.video[0].thread_type = "NONE"
            container.streams.video[0].codec_context.options = STRICT
            for number, frame in enumerate(container.decode(video=0)):
                damaged = frame.is_corrupt
                if damaged:
                    break
                if (frame.height, frame.width) != (layout.rows, layout.columns):
                    raise UnusableFile(
                        "corrupt",
                        f"the stream has {frame.height} x {frame.width} pixels",
                        tag="Rows",
                        value=layout.rows,
                    )
                if number in wanted:
                    yield frame.to_ndarray(format="rgb24" if colour else "gray")
                if number == last:
                    return
    except (av.error.FFmpegError, IndexError):
        damaged = True
    if number < 0 or (damaged and not stream.cut):
        raise UnusableFile("corrupt", f"a picture after {number + 1} is damaged", tag="PixelData")
    raise UnusableFile(
        "truncated", f"the stream ends after {number + 1} frames", tag="NumberOfFrames", value=last + 1
    )


def count_packets(stream: FragmentReader, family: str) -> int:
    """Pictures in the stream, without decoding: for headers that do not say."""
    import av

    demuxer = stream_format(stream, family)
    try:
        with open_container(stream, demuxer) as container:
            return sum(packet.size > 0 for packet in container.demux(video=0))
    except (av.error.FFmpegError, IndexError) as error:
        raise UnusableFile("corrupt", "the video stream cannot be read", tag="PixelData") from error
