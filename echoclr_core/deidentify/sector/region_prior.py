"""The ultrasound region tag as a prior: the fan that it bounds, in loops too dark to show all of it."""

import numpy as np

from echoclr_core.deidentify.sector.activity_grid import ActivityGrid
from echoclr_core.deidentify.sector.edge_contrast import MIN_EDGE_CONTRAST, bottom_contrast, side_contrast
from echoclr_core.deidentify.sector.geometry import SectorShape

REGION_TOLERANCE = 0.03  # of the picture's longer side; how far an edge with contrast may lie from the region
# Share of what the region adds that may be bright and static: more is text, so the region is too large.
MAX_STATIC_SHARE = 0.01
MIN_ACTIVITY_KEPT = 0.985  # of the activity of the fitted shape; the fan of the region must contain it


def fan_from_region(
    found: SectorShape, region: tuple[float, float, float, float], grid: ActivityGrid
) -> SectorShape | None:
    """The fan that a region tag bounds, unless the loop contradicts it; else None.

    Dark loops may show neither the depth nor the sides of the fan, while most vendors' regions bound it
    tightly. Others tag the whole image area. So the region must agree with each edge of the fitted shape
    that has contrast, the fan must contain the activity of the fitted shape, and what the fan adds must be
    free of static graphics. A fan whose depth and sides all have contrast is known better than any tag.
    """
    if found.family == "fan":
        sharp = _sharp_edges(found, grid)
        if all(sharp) or not _agrees_with_region(found, region, sharp, grid):
            return None
    x0, y0, x1, y1 = region
    widest = np.arcsin(min(1.0, (x1 - x0) / 2 / (y1 - y0)))
    # The region leaves one number open: the farther the apex lies above it, the narrower the fan.
    fans = [_fan_in_box(region, half) for half in np.linspace(widest, 0.55 * widest, 19)]
    best = max(fans, key=lambda fan: float(grid.weight[fan.mask(*grid.active.shape)].sum()))
    own = grid.active * grid.component
    inside, before = best.mask(*own.shape), found.mask(*own.shape)
    added = grid.static_bright[inside & ~before]
    has_text = added.size > 0 and float(added.mean()) > MAX_STATIC_SHARE
    return (
        best
        if float(own[inside].sum()) >= MIN_ACTIVITY_KEPT * float(own[before].sum()) and not has_text
        else None
    )


def _fan_in_box(region: tuple[float, float, float, float], half: float) -> SectorShape:
    """The upright fan of half-angle ``half`` whose bounding box is ``region``."""
    x0, y0, x1, y1 = region
    reach = (x1 - x0) / 2 / np.sin(half)
    x, y = (x0 + x1) / 2, y1 - reach
    start = max(0.0, (y0 - y) / np.cos(half))
    return SectorShape(family="fan", x=x, y=y, u0=-half, u1=half, v0=start, v1=reach)


def _sharp_edges(found: SectorShape, grid: ActivityGrid) -> tuple[bool, bool, bool]:
    """Which edges of a fitted fan have contrast: its bottom, its left side, its right side."""
    contrasts = (
        bottom_contrast(found, grid),
        side_contrast(found, found.u0, grid),
        side_contrast(found, found.u1, grid),
    )
    bottom, left, right = (contrast >= MIN_EDGE_CONTRAST for contrast in contrasts)
    return bottom, left, right


def _agrees_with_region(
    found: SectorShape,
    region: tuple[float, float, float, float],
    sharp: tuple[bool, bool, bool],
    grid: ActivityGrid,
) -> bool:
    """Whether the edges of a fitted fan that have contrast lie where the region ends."""
    limit = REGION_TOLERANCE * max(grid.active.shape)
    ends = (
        found.y + found.v1,
        found.x + found.v1 * np.sin(found.u0),
        found.x + found.v1 * np.sin(found.u1),
    )
    limits = (region[3], region[0], region[2])
    return all(
        abs(end - edge) <= limit for is_sharp, end, edge in zip(sharp, ends, limits, strict=True) if is_sharp
    )
