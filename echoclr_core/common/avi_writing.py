"""Write grey videos as AVI files, frame by frame, with their true size and frame rate.

FFV1 and MagicYUV are bit exact: FFV1 is the smaller (by 40 % on masked ultrasound) and carries checksums,
MagicYUV is written three and read five times as fast. MJPEG frames are one-component (grey) JPEGs, so that
odd sizes need no padding and no chroma is stored. All are read by ffmpeg, PyAV and ``cv2.VideoCapture``.
"""

from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

from echoclr_core.common.files import atomic_path

CODECS = ("magicyuv", "ffv1", "mjpeg")
# Frame times are rounded to a microsecond in headers: 33.333 ms means 30 frames/s, 16.667 ms means 60.
RATE_ROUNDING = 3e-5
MAX_DENOMINATOR = 1001


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
    return exact.limit_denominator(MAX_DENOMINATOR if exact > 1e-2 else 10**6)


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
