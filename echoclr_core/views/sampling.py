"""Which frames of a video the view classifier sees, and how they are made its size."""

from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

import av
import cv2
import numpy as np

from echoclr_core.common.avi_reading import avi_info, iter_avi, open_video
from echoclr_core.common.digest import check_digest
from echoclr_core.common.randomness import generator
from echoclr_core.options.base import options
from echoclr_core.options.study import SeedOption
from echoclr_core.options.views import FrameOptions
from echoclr_core.views.classifier import FRAME_SIZE

Item = TypeVar("Item")
FRAME_BY_FRAME = ("magicyuv", "mjpeg")  # codecs whose every packet is decoded by itself


@options()
class ViewSettings(FrameOptions, SeedOption):
    """How frames are drawn for the view decision (paper, Methods: ten random frames at 224 × 224)."""


def reservoir(items: Iterable[Item], count: int, rng: np.random.Generator) -> list[tuple[int, Item]]:
    """Draw ``count`` of ``items`` uniformly without replacement in one pass (Vitter's algorithm R).

    The number of items is not needed beforehand: frame counts in file headers are wrong often enough, and a
    second decoding pass would double the time.

    Returns
    -------
    list
        (position, item) in order of position; all of them if there are ``count`` or fewer.
    """
    kept: list[tuple[int, Item]] = []
    for position, item in enumerate(items):
        if position < count:
            kept.append((position, item))
            continue
        slot = int(rng.integers(position + 1))
        if slot < count:
            kept[slot] = (position, item)
    return sorted(kept, key=lambda pair: pair[0])


def sample_indices(n_frames: int, video_id: str, *, count: int = 10, seed: int = 0) -> np.ndarray:
    """The frame numbers, ascending, that :func:`sample_frames` takes from a video of ``n_frames`` frames."""
    drawn = reservoir(range(n_frames), count, generator(seed, "view-frames", video_id))
    return np.array([position for position, _ in drawn], dtype=np.int64)


def shrink(frame: np.ndarray, size: int = FRAME_SIZE) -> np.ndarray:
    """A frame (H, W) uint8 as (size, size) uint8 by area interpolation; the aspect ratio is not kept."""
    return cv2.resize(frame, (size, size), interpolation=cv2.INTER_AREA)


def sample_frames(
    avi_path: str | Path,
    video_id: str,
    *,
    count: int = 10,
    seed: int = 0,
    size: int = FRAME_SIZE,
    sha256: str | None = None,
) -> np.ndarray:
    """Random frames of a video, without replacement, for the view classifier.

    The file is read from its first frame to its last, so frame k is frame k (seeking in a compressed file may
    land elsewhere), and the count is that of the frames that are there. Where frames do not depend on each
    other (MagicYUV, MJPEG) only the drawn ones are decoded; damage in another frame is left for those who
    need that frame.

    Parameters
    ----------
    avi_path
        An AVI; colour is reduced to its luma.
    video_id
        Its pseudonym: the same ``video_id`` and ``seed`` give the same frames always.
    count, seed
        See :class:`ViewSettings`.
    size
        Height and width of the result, pixels.
    sha256
        Digest that the file must have; None where it is not known.

    Returns
    -------
    ndarray
        (n, size, size) uint8 in order of time; n is ``count``, or the length of a shorter video.

    Raises
    ------
    ValueError
        If the file cannot be decoded, holds no frame or has changed since it was written; the message names
        ``video_id``.
    """
    rng = generator(seed, "view-frames", video_id)
    if sha256 is not None:
        check_digest(avi_path, sha256)
    try:
        if avi_info(avi_path).codec in FRAME_BY_FRAME:
            drawn = _drawn_pictures(avi_path, count, rng)
        else:
            drawn = [frame for _, frame in reservoir(iter_avi(avi_path), count, rng)]
    except (ValueError, av.FFmpegError) as error:
        raise ValueError(f"video {video_id}: its file cannot be decoded") from error
    if not drawn:
        raise ValueError(f"video {video_id}: its file holds no frame")
    return np.stack([shrink(frame, size) for frame in drawn])


def _drawn_pictures(path: str | Path, count: int, rng: np.random.Generator) -> list[np.ndarray]:
    """The drawn frames of such a codec: every packet is read, those that are drawn are decoded."""
    with open_video(Path(path)) as stream:  # on one thread, so without delay: one packet in, one picture out
        packets = (packet for packet in stream.container.demux(stream) if packet.size)
        drawn = [packet for _, packet in reservoir(packets, count, rng)]
        pictures = [picture for packet in drawn for picture in packet.decode()]
    if len(pictures) != len(drawn) or any(picture.is_corrupt for picture in pictures):
        raise ValueError("a drawn frame is damaged")
    return [picture.to_ndarray(format="gray") for picture in pictures]
