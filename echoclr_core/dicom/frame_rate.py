"""Frames per second from whichever tag can be believed, and which one that was."""

from itertools import pairwise

from pydicom.dataset import Dataset

from echoclr_core.dicom.values import number, numbers

LOWEST, HIGHEST = 0.1, 1000.0  # frames per second that an ultrasound loop can have
CUMULATIVE_FROM = 5  # entries of a vector; fewer may rise by chance


def frame_rate(dataset: Dataset, frame_count: int, default: float | None) -> tuple[float | None, str]:
    """Frame rate and its source.

    In this order, nonsense (not a number, zero, negative, outside 0.1 to 1000 frames/s) passing on to the
    next: FrameTimeVector (1000 over the mean of what follows its first entry, in ms; the first is the
    wait before the first frame, and entries beyond ``frame_count`` belong to none), FrameTime (ms), CineRate
    (frames/s; vendors round it), RecommendedDisplayFrameRate (frames/s), the stated default.

    Returns
    -------
    tuple
        (frames per second, keyword or "default"); (None, "missing") without any, and no default.
    """
    steps = _steps((numbers(dataset, "FrameTimeVector") or [])[:frame_count])
    candidates = (
        ("FrameTimeVector", _rate(sum(steps) / len(steps)) if steps and min(steps) >= 0 else None),
        ("FrameTime", _rate(number(dataset, "FrameTime"))),
        ("CineRate", number(dataset, "CineRate")),
        ("RecommendedDisplayFrameRate", number(dataset, "RecommendedDisplayFrameRate")),
    )
    for source, rate in candidates:
        if rate is not None and LOWEST <= rate <= HIGHEST:
            return rate, source
    return (None, "missing") if default is None else (float(default), "default")


def _steps(times: list[float]) -> list[float]:
    """Milliseconds from each frame to the next, of a FrameTimeVector.

    Some writers put the time since the first frame there, by which a loop of 30 frames/s would have one.
    Such times begin at about nothing and rise evenly.
    """
    rises = [after - before for before, after in pairwise(times)]
    if len(times) >= CUMULATIVE_FROM and 0 < max(rises) <= 1.2 * min(rises) and 0 <= times[0] <= max(rises):
        return rises
    return times[1:]


def _rate(milliseconds: float | None) -> float | None:
    return 1000.0 / milliseconds if milliseconds else None
