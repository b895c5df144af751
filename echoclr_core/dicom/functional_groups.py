"""Times in the functional groups (PS3.3 C.7.6.16) of enhanced files: shared ones, and those of each frame."""

from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from echoclr_core.dicom.values import decimals, strings

SHARED, PER_FRAME = "SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"
FRAME_TIMES = ("TemporalPositionTimeOffset", "FrameReferenceDateTime", "FrameAcquisitionDateTime")
"""When a frame was taken: seconds since the first, or a date with time. Only differences are used."""

SECONDS = FRAME_TIMES[0]


def nested_number(dataset: Dataset, keyword: str) -> float | None:
    """The first number of a keyword in the shared functional groups, else in those of the first frame."""
    for group in (SHARED, PER_FRAME):
        for item in _items(dataset, group)[:1]:
            for holder in _holders(item):
                found = decimals(holder, keyword)
                if found:
                    return found[0]
    return None


def frame_steps(dataset: Dataset, keyword: str, frame_count: int) -> list[float]:
    """Milliseconds from each frame to the next by one of FRAME_TIMES; [] where a frame has none.

    Frames may be filed in another order than they were taken: the times are sorted.
    """
    items = _items(dataset, PER_FRAME)[:frame_count]
    times = [_time(item, keyword) for item in items]
    if len(times) < 2 or any(time is None for time in times):
        return []
    return [after - before for before, after in pairwise(sorted(times))]


def _time(item: Dataset, keyword: str) -> float | None:
    """Milliseconds of one frame's time, from any origin."""
    for holder in _holders(item):
        if keyword == SECONDS:
            found = [1000 * seconds for seconds in decimals(holder, keyword) or []]
        else:
            found = [_milliseconds(text) for text in strings(holder, keyword)]
        if found:
            return found[0]
    return None


def _milliseconds(text: str) -> float | None:
    """A DICOM date with time to the second or finer (PS3.5 6.2, DT) as milliseconds."""
    stamp, _, fraction = text.split("+")[0].split("-")[0].partition(".")
    try:
        whole = datetime.strptime(stamp, "%Y%m%d%H%M%S").timestamp()
        return 1000 * (whole + float(f"0.{fraction or 0}"))
    except ValueError:
        return None


def _items(dataset: Dataset, keyword: str) -> list[Dataset]:
    try:
        value = dataset.get(keyword)
        return list(value) if isinstance(value, Sequence) else []
    except MemoryError:  # tells of the process, not of the file
        raise
    except Exception:  # a broken sequence is as good as none
        return []


def _holders(item: Dataset) -> Iterator[Dataset]:
    """The item itself, and the first item of every sequence in it."""
    yield item
    for tag in list(item.keys()):
        try:
            value = item[tag].value
        except MemoryError:
            raise
        except Exception:
            continue
        if isinstance(value, Sequence) and len(value):
            yield value[0]
