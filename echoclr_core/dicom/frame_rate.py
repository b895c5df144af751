"""Frames per second from whichever attribute can be believed, and which one that was."""

from collections.abc import Iterator
from itertools import pairwise

from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset

from echoclr_core.dicom.functional_groups import FRAME_TIMES, frame_steps, nested_number
from echoclr_core.dicom.values import decimals, tags

MIN_RATE, MAX_RATE = 0.1, 1000.0  # frames per second that an ultrasound loop can have
MIN_CUMULATIVE = 5  # entries of a vector; fewer may rise by chance
KEYWORDS = ("FrameTimeVector", "FrameTime", "CineRate", "RecommendedDisplayFrameRate")
DURATIONS = ("ActualFrameDuration", "FrameAcquisitionDuration")  # milliseconds that a frame takes


def frame_rate(dataset: Dataset, frame_count: int, default: float | None) -> tuple[float | None, str]:
    """Frame rate and its source.

    Sources in this order; nonsense (not a number, zero, negative, outside 0.1 to 1000 frames/s) passes on to
    the next:

    1. The attribute that FrameIncrementPointer names, where it is one of the next line's.
    2. FrameTimeVector (1000 over the mean of what follows its first entry, in ms; the first is the wait
       before the first frame, and entries beyond ``frame_count`` belong to none), FrameTime (ms), CineRate
       (frames/s; vendors round it), RecommendedDisplayFrameRate (frames/s).
    3. The same attributes inside the functional groups of an enhanced file; then the times of the frames
       there, and last how long a frame takes.
    4. The stated default.

    Returns
    -------
    tuple
        (frames per second, keyword or "default"); (None, "missing") without any, and no default.
    """
    for source, rate in _candidates(dataset, frame_count):
        if rate is not None and MIN_RATE <= rate <= MAX_RATE:
            return rate, source
    return (None, "missing") if default is None else (float(default), "default")


def _candidates(dataset: Dataset, frame_count: int) -> Iterator[tuple[str, float | None]]:
    pointed = tags(dataset, "FrameIncrementPointer")
    for keyword in sorted(KEYWORDS, key=lambda word: tag_for_keyword(word) not in pointed):
        yield keyword, _rate_of(keyword, decimals(dataset, keyword), frame_count)
    for keyword in KEYWORDS[1:]:
        value = nested_number(dataset, keyword)
        yield keyword, _rate_of(keyword, None if value is None else [value], frame_count)
    for keyword in FRAME_TIMES:
        yield keyword, _mean_rate(frame_steps(dataset, keyword, frame_count))
    for keyword in DURATIONS:
        yield keyword, _per_second(nested_number(dataset, keyword))


def _rate_of(keyword: str, values: list[float] | None, frame_count: int) -> float | None:
    """Frames per second from the values of one of KEYWORDS."""
    if not values:
        return None
    if keyword == "FrameTimeVector":
        return _mean_rate(_steps(values[:frame_count]))
    return _per_second(values[0]) if keyword == "FrameTime" else values[0]


def _steps(times: list[float]) -> list[float]:
    """Milliseconds from each frame to the next, of a FrameTimeVector.

    Some writers put the time since the first frame there, by which a loop of 30 frames/s would have one.
    Such times begin at about nothing and rise evenly.
    """
    rises = [after - before for before, after in pairwise(times)]
    if len(times) >= MIN_CUMULATIVE and 0 < max(rises) <= 1.2 * min(rises) and 0 <= times[0] <= max(rises):
        return rises
    return times[1:]


def _mean_rate(milliseconds: list[float]) -> float | None:
    if not milliseconds or min(milliseconds) < 0:
        return None
    return _per_second(sum(milliseconds) / len(milliseconds))


def _per_second(milliseconds: float | None) -> float | None:
    return 1000.0 / milliseconds if milliseconds else None
