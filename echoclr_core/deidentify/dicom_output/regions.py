"""Ultrasound regions as geometry: where the picture is calibrated, and how many cm a pixel is."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

TWO_DIMENSIONAL = 1  # RegionSpatialFormat, PS3.3 C.8.5.5.1.1
WHOLE = {
    "RegionSpatialFormat": (1, 1),
    "RegionDataType": (1, 2),  # tissue, colour flow
    "RegionFlags": (0, 7),
    "PhysicalUnitsXDirection": (0, 12),
    "PhysicalUnitsYDirection": (0, 12),
}
"""Whole numbers that are kept, with the range in which they are believed."""
DELTAS = ("PhysicalDeltaX", "PhysicalDeltaY")
LARGEST_DELTA = 10.0  # units a pixel, cm as a rule
DIGITS = 6  # significant ones that are kept of a length: none that could spell a number of somebody
CORNERS = ("RegionLocationMinX0", "RegionLocationMinY0", "RegionLocationMaxX1", "RegionLocationMaxY1")


def geometry_of_regions(items: Sequence[Dataset], mask: NDArray[np.bool_]) -> list[Dataset]:
    """The two-dimensional regions that show something of what was kept, as numbers in narrow ranges alone.

    A region with a missing or unlikely number is left out whole.

    Parameters
    ----------
    items
        Of SequenceOfUltrasoundRegions in the source.
    mask
        (H, W) bool, what was kept.
    """
    made = (_geometry(item, mask) for item in items)
    return [item for item in made if item is not None]


def _geometry(item: Dataset, mask: NDArray[np.bool_]) -> Dataset | None:
    try:
        whole = {name: int(item[name].value) for name in (*WHOLE, *CORNERS)}
        deltas = {name: float(item[name].value) for name in DELTAS}
    except MemoryError:  # tells of the process, not of the file
        raise
    except Exception:  # whatever a broken item throws: it is no geometry then
        return None
    height, width = mask.shape
    x0, y0, x1, y1 = (whole[name] for name in CORNERS)
    believed = (
        all(low <= whole[name] <= high for name, (low, high) in WHOLE.items())
        and 0 <= x0 < x1 < width
        and 0 <= y0 < y1 < height
        and all(math.isfinite(value) and 0 < abs(value) <= LARGEST_DELTA for value in deltas.values())
    )
    if not believed or not mask[y0 : y1 + 1, x0 : x1 + 1].any():
        return None
    made = Dataset()
    for name, value in whole.items():
        setattr(made, name, value)
    for name, value in deltas.items():
        setattr(made, name, float(f"{value:.{DIGITS}g}"))
    return made
