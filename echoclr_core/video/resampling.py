"""Frames of a video at another rate: of each wanted time the nearest frame, none interpolated."""

import numpy as np
import pandas as pd

from echoclr_core.options.clip import ClipOptions

TIE = 1e-6  # share of a frame below which two distances are equal


def nearest_frames(n_frames: int, fps: float, rate: float) -> np.ndarray:
    """Which frames of a video show it at ``rate``.

    Frame k of the video is its picture at k / fps seconds. Wanted are n / rate seconds for as long as the
    video lasts (n_frames / fps seconds), so that the same heart gives as many frames whatever rate it was
    filmed with. A frame taken lies at most half a frame of the video from its time (the last one up to a
    whole frame).

    Parameters
    ----------
    n_frames
        Frames of the video, at least 1.
    fps
        Its frames a second.
    rate
        Wanted frames a second.

    Returns
    -------
    (n,) int64 ndarray
        Not decreasing, n at least 1; frames repeat where ``rate`` is above ``fps``. Of two frames equally
        near the earlier one.

    Raises
    ------
    ValueError
        For a number that is not above 0.
    """
    if n_frames < 1 or not (fps > 0 and rate > 0):
        raise ValueError(f"{n_frames} frames at {fps} frames/s, wanted {rate} frames/s; all must be above 0")
    count = max(1, round(n_frames * rate / fps))
    places = np.ceil(np.arange(count) * (fps / rate) - 0.5 - TIE)
    return np.clip(places, 0, n_frames - 1).astype(np.int64)


def unknown_frame_rates(sources: pd.DataFrame) -> pd.Series:
    """Whether a video's own file states no frame rate; bool, aligned with ``sources`` (SOURCE_FILES).

    Their ``fps`` is ``deidentify.default_fps``, which says nothing about the heart.
    """
    return sources["fps_source"].isin(["default", "missing"]) | sources["fps_source"].isna()


def known_rates_only(settings: ClipOptions) -> bool:
    """Whether videos without a known frame rate are left out."""
    return settings.frame_rate is not None and settings.missing_frame_rate == "exclude"
