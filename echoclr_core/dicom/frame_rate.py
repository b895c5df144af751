"""Frames per second from whichever tag can be believed, and which one that was."""

from pydicom.dataset import Dataset

from echoclr_core.dicom.values import number, numbers

LOWEST, HIGHEST = 0.1, 1000.0  # frames per second that an ultrasound loop can have


def frame_rate(dataset: Dataset, default: float | None) -> tuple[float | None, str]:
    """Frame rate and its source.

    In this order, nonsense (not a number, zero, negative, outside 0.1 to 1000 frames/s) passing on to the
    next: FrameTimeVector (1000 over the mean of what follows its first entry, in ms; the first is the
    wait before the first frame), FrameTime (ms), CineRate (frames/s; vendors round it),
    RecommendedDisplayFrameRate (frames/s), the stated default.

    Returns
    -------
    tuple
        (frames per second, keyword or "default"); (None, "missing") without any, and no default.
    """
    times = numbers(dataset, "FrameTimeVector") or []
    steps = times[1:]
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


def _rate(milliseconds: float | None) -> float | None:
    return 1000.0 / milliseconds if milliseconds else None
