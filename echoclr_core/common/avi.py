"""Grey videos in AVI files: streamed out and in, with the true size and the true frame rate.

FFV1 and MagicYUV are bit exact: FFV1 is the smaller (by 40 % on masked ultrasound) and carries checksums,
MagicYUV is written three and read five times as fast. MJPEG frames are one-component (grey) JPEGs, so that
odd sizes need no padding and no chroma is stored. All are read by ffmpeg, PyAV and ``cv2.VideoCapture``.
"""

import struct
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

from echoclr_core.common.files import atomic_path

CODECS = ("magicyuv", "ffv1", "mjpeg")
# Frame times are rounded to a microsecond in headers: 33.333 ms means 30 frames/s, 16.667 ms means 60.
RATE_ROUNDING = 3e-5
LARGEST_DENOMINATOR = 1001
REVERSED_BITS = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
FULL_RANGE_LUMA = ("gray", "yuvj420p", "yuvj422p", "yuvj444p", "yuvj440p")


@dataclass(frozen=True, kw_only=True)
class AviInfo:
    """What the header of a video says (``frames_declared`` may lie: only decoding counts frames)."""

    height: int
    width: int
    fps: float
    codec: str
    frames_declared: int


def frame_rate(fps: float | Fraction) -> Fraction:
    """``fps`` (frames per second) as the rational that is written.

    A Fraction is kept as it is. A float within 3e-5 of its value of a whole number or of a broadcast rate
    (30000/1001) becomes that, any other the nearest fraction with a denominator up to 1001.
    Raises ValueError if it is not a positive finite number.
    """
    if not np.isfinite(float(fps)) or fps <= 0:
        raise ValueError(f"fps must be a positive number of frames per second, received {fps!r}")
    if isinstance(fps, Fraction):
        return fps
    exact = Fraction(float(fps))
    for rate in (Fraction(round(exact)), Fraction(1000 * round(exact * 1001 / 1000), 1001)):
        if abs(rate - exact) <= RATE_ROUNDING * exact:
            return rate
    # A frame that stays for more than 1000 s needs a larger denominator.
    return exact.limit_denominator(LARGEST_DENOMINATOR if exact > 1e-2 else 10**6)


def write_avi(
    path: str | Path,
    frames: Iterable[np.ndarray],
    fps: float | Fraction,
    codec: str = "ffv1",
    quality: int = 95,
) -> int:
    """Write grey frames to an AVI file, one at a time; the file is whole or not there.

    Equal frames give equal bytes (no date and no library version is written).

    Parameters
    ----------
    path
        The file; the container is AVI whatever its suffix.
    frames
        (H, W) uint8 arrays, all of one size, any H and W from 1; a generator is consumed as it comes.
    fps
        Frames per second; written as a rational, see :func:`frame_rate`.
    codec
        "magicyuv" or "ffv1" (lossless), or "mjpeg".
    quality
        JPEG quality, 1 to 100; for MJPEG alone.

    Returns
    -------
    int
        Number of frames written.

    Raises
    ------
    ValueError
        No frame, a frame of another size or type, or an option that is not allowed.
    """
    path = Path(path)
    if codec not in CODECS:
        raise ValueError(f"{path.name}: codec {codec!r} is not allowed; allowed are {list(CODECS)}")
    if not 1 <= quality <= 100:
        raise ValueError(f"{path.name}: quality {quality!r} is not allowed; allowed is 1 to 100")
    rate = frame_rate(fps)
    checked = _checked(frames, path.name)
    with (
        atomic_path(path) as temporary,
        av.open(str(temporary), "w", format="avi", options={"fflags": "+bitexact"}) as container,
    ):
        packets = PACKETS[codec](container, checked, rate, quality)
        count = 0
        for packet in packets:
            container.mux(packet)
            count += 1
        if count == 0:
            raise ValueError(f"{path.name}: there is no frame to write")
    return count


def _checked(frames: Iterable[np.ndarray], name: str) -> Iterator[np.ndarray]:
    """The frames, refused where they are not (H, W) uint8 of one size."""
    shape = None
    for number, frame in enumerate(frames):
        if not isinstance(frame, np.ndarray) or frame.dtype != np.uint8 or frame.ndim != 2 or not frame.size:
            kind = f"{frame.dtype} {frame.shape}" if isinstance(frame, np.ndarray) else type(frame).__name__
            raise ValueError(f"{name}: frame {number} is {kind}; allowed is uint8 (height, width)")
        if shape is not None and frame.shape != shape:
            raise ValueError(f"{name}: frame {number} is {frame.shape}, the first is {shape}")
        shape = frame.shape
        yield np.ascontiguousarray(frame)


def _ffv1_packets(container, frames, rate, quality) -> Iterator[av.Packet]:
    def options(width: int) -> dict[str, str]:
        # Version 3 with a checksum a slice, so that damage is found when the file is read. The Rice coder is
        # 2 to 3 times as fast as the range coder and as small on masked ultrasound. Version 3 cannot cut a
        # single column into its slices; version 1 has none, and no checksum.
        return {"coder": "rice"} | ({"level": "3", "slicecrc": "1"} if width > 1 else {"level": "1"})

    yield from _lossless_packets(container, frames, rate, "ffv1", options)


def _magicyuv_packets(container, frames, rate, quality) -> Iterator[av.Packet]:
    # Predicted from left, above and both: as small as from the left alone or smaller (8 % on pure speckle),
    # and written a tenth faster.
    yield from _lossless_packets(container, frames, rate, "magicyuv", lambda width: {"pred": "gradient"})


def _lossless_packets(container, frames, rate, codec, options) -> Iterator[av.Packet]:
    stream = None
    for number, frame in enumerate(frames):
        if stream is None:
            stream = container.add_stream(codec, rate=rate, options=options(frame.shape[1]))
            stream.height, stream.width = frame.shape
            stream.pix_fmt = "gray"
            stream.codec_context.thread_count = 1
            stream.codec_context.flags |= av.codec.context.Flags.bitexact
        picture = av.VideoFrame.from_numpy_buffer(frame, format="gray")  # no copy of it
        picture.pts, picture.time_base = number, 1 / rate
        yield from stream.encode(picture)
    if stream is not None:
        yield from stream.encode(None)


def _mjpeg_packets(container, frames, rate, quality) -> Iterator[av.Packet]:
    stream = None
    for number, frame in enumerate(frames):
        if stream is None:
            height, width = frame.shape
            stream = container.add_mux_stream(
                "mjpeg", rate=rate, width=width, height=height, time_base=1 / rate
            )
        done, data = cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, int(quality)])
        assert done
        packet = av.Packet(data.tobytes())
        packet.stream, packet.time_base = stream, 1 / rate
        packet.pts = packet.dts = number
        packet.is_keyframe = True
        yield packet


PACKETS = {"magicyuv": _magicyuv_packets, "ffv1": _ffv1_packets, "mjpeg": _mjpeg_packets}


def read_avi(path: str | Path) -> tuple[np.ndarray, float]:
    """Decode a whole video to grey.

    Parameters
    ----------
    path
        An AVI, or any other video that ffmpeg reads (MP4, ...); colour is reduced to its luma, 0 to 255.

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
    with _open(path) as stream:
        fps = _fps(stream, path.name)
        frames = list(_decode(stream, path.name))
    return np.stack(frames), fps


def iter_avi(path: str | Path) -> Iterator[np.ndarray]:
    """Decode a video one (H, W) uint8 frame at a time; as :func:`read_avi` otherwise."""
    path = Path(path)
    with _open(path) as stream:
        yield from _decode(stream, path.name)


def avi_info(path: str | Path) -> AviInfo:
    """Read the header of a video. Raises ValueError naming the file where there is none."""
    path = Path(path)
    with _open(path) as stream:
        return AviInfo(
            height=stream.codec_context.height,
            width=stream.codec_context.width,
            fps=_fps(stream, path.name),
            codec=stream.codec_context.name,
            frames_declared=stream.frames,
        )


@contextmanager
def _open(path: Path):
    """The first video stream; every failure inside becomes a ValueError that names the file."""
    try:
        _refuse_cut_short(path)
        with av.open(str(path), "r") as container:
            if not container.streams.video:
                raise ValueError(f"{path.name}: there is no video stream in this file")
            stream = container.streams.video[0]
            stream.codec_context.thread_count = 1
            yield stream
    except (av.FFmpegError, OSError) as error:
        # ffmpeg's own text ends with the full path, which may say too much: keep its reason only.
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise ValueError(f"{path.name}: not a readable video ({reason})") from None


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
    outcomes = set()
    for packet in stream.container.demux(stream):
        if packet.size and stream.codec_context.name == "ffv1":
            outcomes.add(_slices_whole(bytes(packet)))
        # One frame that passes shows that this file carries checksums, so that one which fails is damaged.
        if packet.is_corrupt or len(outcomes) == 2:
            raise ValueError(f"{name}: a frame is damaged; the video is cut short or corrupt")
        for picture in packet.decode():
            if picture.is_corrupt:
                raise ValueError(f"{name}: a frame is damaged; the video is cut short or corrupt")
            yield picture


def _slices_whole(packet: bytes) -> bool:
    """Whether each slice of an FFV1 frame matches its CRC-32 (RFC 9043, section 4.9: size, status, CRC).

    The RFC's CRC runs from the highest bit and starts at 0, zlib's from the lowest and starts at all ones.
    """
    end = len(packet)
    while end > 0:
        start = end - 8 - int.from_bytes(packet[max(end - 8, 0) : max(end - 5, 0)], "big")
        if start < 0 or zlib.crc32(packet[start:end].translate(REVERSED_BITS), 0xFFFFFFFF) != 0xFFFFFFFF:
            return False
        end = start
    return True


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
