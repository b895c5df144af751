"""From clips of the store to what a network takes. B clips, T frames, H rows, W columns."""

from collections.abc import Iterable

import numpy as np
import pandas as pd
from torch import Tensor

from echoclr_core.common.digest import digest
from echoclr_core.models.encoder import as_rgb
from echoclr_core.video.augmentation import augment, normalise, resize_clips, standardise
from echoclr_core.video.store import ClipStore


def grey_input(clips: Tensor, draws: Tensor | None, input_size: int | None) -> Tensor:
    """Augment, resize and normalise.

    Parameters
    ----------
    clips
        (B, T, H, W) uint8.
    draws
        (B, 4), one warp a clip; None for no augmentation.
    input_size
        Height and width of the result; None keeps the store's.

    Returns
    -------
    Tensor
        (B, T, h, w) float32, each clip stretched to [0, 1], blank clips zero.
    """
    grey = augment(clips, draws) if draws is not None else clips
    if input_size is not None and grey.shape[-2:] != (input_size, input_size):
        grey = resize_clips(grey, input_size)
    return normalise(grey)


def network_input(grey: Tensor, *, normalisation: str = "min-max") -> Tensor:
    """(B, T, H, W) in [0, 1] -> (B, 3, T, H, W), standardised as the initial weights expect."""
    return standardise(as_rgb(grey), normalisation)


def read_clips(
    store: ClipStore, video_ids: Iterable[str], starts: Iterable[int], length: int, stride: int = 1
) -> np.ndarray:
    """One clip a video, every ``stride``-th frame: (B, length, H, W) uint8."""
    span = clip_span(length, stride)
    return np.ascontiguousarray(store.clips(list(video_ids), list(starts), span)[:, ::stride])


def clip_span(length: int, stride: int) -> int:
    """Frames of the video that a clip of ``length`` frames covers: (length - 1) * stride + 1."""
    return (length - 1) * stride + 1


def frame_counts(store: ClipStore, video_ids: Iterable[str], *, table: str) -> np.ndarray:
    """Frames of each video, (n,) int64.

    Raises
    ------
    ValueError
        Naming the videos of ``table`` that the store does not hold.
    """
    counts = dict(zip(store.index["video_id"], store.index["n_frames"], strict=True))
    video_ids = list(video_ids)
    absent = [video for video in video_ids if video not in counts]
    if absent:
        raise ValueError(
            f"{table}: {len(absent)} of {len(video_ids)} videos are not in the clip store: {absent[:5]}"
        )
    return np.array([counts[video] for video in video_ids], dtype=np.int64)


def data_digest(store: ClipStore, frame: pd.DataFrame) -> str:
    """A digest of the rows of ``frame`` (in their order) and of the pixels of the videos they name."""
    pixels = dict(zip(store.index["video_id"], store.index["sha256"], strict=True))
    rows = [
        [str(value) for value in row] + [str(pixels[row.video_id])] for row in frame.itertuples(index=False)
    ]
    return digest([list(frame.columns), list(store.size), rows])
