"""Read videos as grey frames: AVI files as this workflow writes them, and those of others in any codec.

The containers read are those of ``containers.SIGNATURES``; see there why no other is.
"""

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import av
import numpy as np

from echoclr_core.common.containers import HEAD_BYTES, STRICT, container_of, open_container
from echoclr_core.common.ffv1 import checksums_hold

LOSSLESS = ("ffv1", "magicyuv")
FULL_RANGE_LUMA = ("gray", "yuvj420p", "yuvj422p", "yuvj444p", "yuvj440p")


@dataclass(frozen=True, kw_only=True)
class AviInfo:
    """What the header of a video says (``frames_declared`` may lie: only decoding counts frames)."""

    height: int
    width: int
    fps: float
    codec: str
    frames_declared: int


def read_avi(path: str | Path) -> tuple[np.ndarray, float]:
    """Decode a whole video to grey.

    Parameters
    ----------
    path
        An AVI, MP4, QuickTime, Matroska or MPEG file, by its first bytes; colour is reduced to its luma,
        0 to 255.

    Returns
    -------
    frames : (T, H, W) uint8
        Every frame that is there, counted by decoding.
    fps : float
        Frames per second.

    Raises
    ------
    ValueError
        The file is missing, empty, cut short, damaged or no video; the message names it.
    """
    path = Path(path)
    with open_video(path) as stream:
        fps = _fps(stream, path.name)
        frames = list(_decode(stream, path.name))
    return np.stack(frames), fps


def iter_avi(path: str | Path) -> Iterator[np.ndarray]:
    """Decode a video one (H, W) uint8 frame at a time; as :func:`read_avi` otherwise."""
    path = Path(path)
    with open_video(path) as stream:
        yield from _decode(stream, path.name)


def avi_info(path: str | Path) -> AviInfo:
    """Read the header of a video. Raises ValueError naming the file where there is none."""
    path = Path(path)
    with open_video(path) as stream:
        return AviInfo(
            height=stream.codec_context.height,
            width=stream.codec_context.width,
            fps=_fps(stream, path.name),
            codec=stream.codec_context.name,
            frames_declared=stream.frames,
        )


@contextmanager
def open_video(path: Path) -> Iterator[av.VideoStream]:
    """The first video stream, on one thread; failures inside become a ValueError that names the file."""
    try:
        _refuse_cut_short(path)
        with path.open("rb") as file, open_container(file, _container(file, path.name)) as container:
            if not container.streams.video:
                raise ValueError(f"{path.name}: there is no video stream in this file")
            stream = container.streams.video[0]
            stream.codec_context.thread_count = 1
            stream.codec_context.options = STRICT
            yield stream
    except (av.FFmpegError, OSError) as error:
        # ffmpeg's own text ends with the full path, which may say too much: keep its reason only.
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise ValueError(f"{path.name}: not a readable video ({reason})") from None


def _container(file: BinaryIO, name: str) -> str:
    head = file.read(HEAD_BYTES)
    file.seek(0)
    found = container_of(head)
    if found is None:
        raise ValueError(
            f"{name}: not a readable video (it begins as no AVI, MP4, QuickTime, Matroska or MPEG file does)"
        )
    return found


def _decode(stream, name: str) -> Iterator[np.ndarray]:
    shape = None
    for picture in _pictures(stream, name):
        frame = _luma(picture)
        if shape is not None and frame.shape != shape:
            raise ValueError(f"{name}: a frame is {frame.shape}, the first is {shape}")
        shape = frame.shape
        yield frame
    if shape is None:
        raise ValueError(f"{name}: no frame could be decoded")


def _pictures(stream, name: str) -> Iterator[av.VideoFrame]:
    """Decoded pictures. A damaged one raises: ffmpeg itself only logs it and returns something else."""
    checked, due = set(), None
    every_frame = stream.codec_context.name in LOSSLESS and stream.container.format.name == "avi"
    for packet in stream.container.demux(stream):
        # An empty chunk, which others mean as "the last frame again", leaves a gap in the frames' numbers.
        missing = every_frame and packet.size and due is not None and packet.dts != due
        due = packet.dts + 1 if packet.dts is not None else due
        if packet.size and stream.codec_context.name == "ffv1":
            checked.add(checksums_hold(bytes(packet), bool(stream.codec_context.extradata)))
        # One frame that passes shows that this file carries checksums, so that one which fails is damaged.
        if missing or packet.is_corrupt or None in checked or len(checked) == 2:
            raise ValueError(f"{name}: a frame is damaged; the video is cut short or corrupt")
        for picture in packet.decode():
            if picture.is_corrupt:
                raise ValueError(f"{name}: a frame is damaged; the video is cut short or corrupt")
            yield picture


def _luma(picture: av.VideoFrame) -> np.ndarray:
    """(H, W) uint8. Full-range luma is taken as it is; the rest is converted (16..235 becomes 0..255)."""
    if picture.format.name not in FULL_RANGE_LUMA:
        picture = picture.reformat(format="gray")
    plane = picture.planes[0]
    rows = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)
    # A view of the decoder's own memory, which lives as long as the view, unless its rows are padded.
    return np.ascontiguousarray(rows[: picture.height, : picture.width])


def _fps(stream, name: str) -> float:
    rate = stream.average_rate or stream.guessed_rate or stream.base_rate
    if not rate:
        raise ValueError(f"{name}: the video gives no frame rate")
    return float(rate)


def _refuse_cut_short(path: Path) -> None:
    """Raise if an AVI is shorter than its RIFF chunks say: ffmpeg would return what is left, silently."""
    size = path.stat().st_size
    if size == 0:
        raise ValueError(f"{path.name}: the file is empty")
    with path.open("rb") as file:
        position = 0
        while position < size:
            file.seek(position)
            head = file.read(8)
            if len(head) < 8 or head[:4] != b"RIFF":
                return
            length = struct.unpack("<I", head[4:])[0]
            if position + 8 + length > size:
                raise ValueError(f"{path.name}: the file is cut short ({size} bytes are there)")
            position += 8 + length + length % 2
