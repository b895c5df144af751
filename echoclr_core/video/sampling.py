"""Where a clip starts in its video. The last valid start counts: every frame can be seen."""

import numpy as np


def is_short(n_frames: int, length: int) -> bool:
    """Whether a video of ``n_frames`` must be repeated to fill a clip of ``length`` frames.

    Such a clip shows a loop whose order means nothing: never use it in the frame-order loss.
    """
    return n_frames < length


def clip_start(n_frames: int, length: int, rng: np.random.Generator) -> int:
    """First frame of a training clip, uniform over all valid starts.

    Parameters
    ----------
    n_frames, length
        Frames of the video and of the clip.
    rng
        From :func:`echoclr_core.common.generator`, one for each (seed, epoch, item).

    Returns
    -------
    int
        0 to ``n_frames - length``, both included; 0 for a video shorter than the clip.
    """
    _check(n_frames, length)
    return int(rng.integers(0, max(n_frames - length, 0) + 1))


def even_starts(n_frames: int, length: int, count: int) -> np.ndarray:
    """First frames of ``count`` evaluation clips, evenly spaced from the first to the last valid start.

    Returns
    -------
    (count,) int64 ndarray
        Not decreasing; all 0 for a video shorter than the clip. A single clip starts at 0.
    """
    _check(n_frames, length)
    if count < 1:
        raise ValueError(f"count of clips must be at least 1, received {count}")
    return np.linspace(0, max(n_frames - length, 0), count).round().astype(np.int64)


def _check(n_frames: int, length: int) -> None:
    if n_frames < 1 or length < 1:
        raise ValueError(f"frames of video and clip must be at least 1, received {n_frames} and {length}")
