"""The ultrasound region tag as a prior: the fan that it bounds, in loops too dark to show all of it."""

import numpy as np

from echoclr_core.deidentify.sector.activity_grid import ActivityGrid
from echoclr_core.deidentify.sector.edge_contrast import MIN_EDGE_CONTRAST, bottom_contrast, side_contrast
from echoclr_core.deidentify.sector.geometry import SectorShape

REGION_TOLERANCE = 0.03  # of the picture's longer side; how far an edge with contrast may lie from the region
IDLE_COST_IN_REGION = 0.1  # factor on the cost of idle cells inside the region
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
    free of static graphics.
    """
    if found.family == "fan" and not _agrees_with_region(found, region, grid):
        return None
    x0, y0, x1, y1 = region
    widest = np.arcsin(min(1.0, (x1 - x0) / 2 / (y1 - y0)))
    # The region leaves one number open: the farther the apex lies above it, the narrower the fan.
    fans = [_fan_in_box(region, half) for half in np.linspace(widest, 0.55 * widest, 19)]
    reward = np.where(grid.weight > 0, grid.weight, IDLE_COST_IN_REGION * grid.weight)
    best = max(fans, key=lambda fan: float(reward[fan.mask(*grid.active.shape)].sum()))
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


def _agrees_with_region(
    found: SectorShape, region: tuple[float, float, float, float], grid: ActivityGrid
) -> bool:
    """Whether the edges of a fitted fan that have contrast lie where the region ends."""
    limit = REGION_TOLERANCE * max(grid.active.shape)
    if bottom_contrast(found, grid) >= MIN_EDGE_CONTRAST and abs(found.y + found.v1 - region[3]) > limit:
        return False
    for side, edge in ((found.u0, region[0]), (found.u1, region[2])):
        corner = found.x + found.v1 * np.sin(side)
        if side_contrast(found, side, grid) >= MIN_EDGE_CONTRAST and abs(corner - edge) > limit:
            return False
    return True
