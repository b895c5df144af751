"""Fit the sector of a loop: the shape that contains what changes over time, and little else."""

from dataclasses import dataclass, replace

import numpy as np

from echoclr_core.deidentify.sector.activity_grid import (
    UNCROPPED,
    ActivityGrid,
    coarse_grid,
    fine_grid,
    joined_grid,
    straight_crop,
)
from echoclr_core.deidentify.sector.geometry import FAMILIES, SectorShape
from echoclr_core.deidentify.sector.optimise import (
    best_interval_box,
    hill_climb,
    scored_points,
    starting_shapes,
)
from echoclr_core.deidentify.sector.region_prior import fan_from_region
from echoclr_core.deidentify.sector.temporal_activity import ActivityMaps

# Of the best score: an upright rectangle at least that good is preferred to any other shape, if the component
# has straight upright sides.
RECTANGLE_SHARE = 0.93
UPRIGHT_SIDE_SHARES = (
    0.5,
    0.5,
    0.5,
    0.5,
)  # straight share of left, top, right, bottom that RECTANGLE_SHARE requires
SYMMETRIC_SHARE = 0.99  # of the uneven fan's score; a symmetric fan at least that good is preferred


@dataclass(frozen=True, kw_only=True)
class SectorFit:
    """A fitted sector and how well it explains the activity.

    Parameters
    ----------
    shape
        In pixels of the full picture.
    active_fraction
        Mean activity inside, 0 to 1; of the shape fitted without a region tag.
    coverage
        Share of the main component's activity that lies inside.
    """

    shape: SectorShape
    active_fraction: float
    coverage: float


def fit_sector(activity: ActivityMaps, region: tuple[int, int, int, int] | None = None) -> SectorFit | None:
    """The best shape of all families, or None where nothing larger than some text changes over time.

    ``region`` is x0, y0, x1, y1 (pixels, half open) of the region tag, if there is one to consider.
    """
    coarse = coarse_grid(activity)
    if coarse is None:
        return None
    fine = fine_grid(activity, coarse)
    found = _coarse_fit(coarse, fine)
    joined = joined_grid(coarse, found)
    if joined is not None:
        coarse, fine = joined, fine_grid(activity, joined)
        found = _coarse_fit(coarse, fine)
    symmetric = _symmetric(found, coarse)
    shape = _fine_fit(
        (symmetric or found).scaled(coarse.size / fine.size), fine, symmetric=symmetric is not None
    )
    mask = shape.mask(*fine.active.shape)
    active_fraction = float(fine.active[mask].sum()) / max(int(mask.sum()), 1)
    if region is not None:
        shape = fan_from_region(shape, tuple(edge / fine.size for edge in region), fine) or shape
        mask = shape.mask(*fine.active.shape)
    own = fine.active * fine.component
    coverage = float(own[mask].sum()) / max(float(own.sum()), 1e-9)
    return SectorFit(shape=shape.scaled(fine.size), active_fraction=active_fraction, coverage=coverage)


def _coarse_fit(grid: ActivityGrid, fine: ActivityGrid) -> SectorShape:
    """The best shape on the coarse grid, with and without the crop that straight sides suggest."""
    scale = fine.size / grid.size
    ys, xs = np.nonzero(grid.component)
    box = (int(xs.min()), int(ys.min()), int(xs.max()) + 1, int(ys.max()) + 1)
    found = []
    for crop in dict.fromkeys((UNCROPPED, tuple(edge * scale for edge in straight_crop(fine.component)))):
        points = scored_points(grid.weight, crop)
        for family in FAMILIES:
            for start in starting_shapes(family, box, points)[:2]:
                shape = replace(hill_climb(start, points, 2.0, 0.5)[1], crop=crop)
                found.append((_weight_sum(shape, grid), shape))
    best, shape = max(found, key=lambda item: item[0])
    if np.isfinite(straight_crop(fine.component, UPRIGHT_SIDE_SHARES)[::2]).all():
        upright = SectorShape(family="parallelogram", x=0.0, y=0.0, u0=0.0, u1=0.0, v0=0.0, v1=0.0)
        score, rectangle = best_interval_box(upright, scored_points(grid.weight, UNCROPPED))
        if score >= RECTANGLE_SHARE * best:
            return rectangle
    return shape


def _weight_sum(shape: SectorShape, grid: ActivityGrid) -> float:
    """Sum of the weights inside a shape after its crop, so that shapes of all families can be compared."""
    return float(grid.weight[shape.mask(*grid.weight.shape)].sum())


def _symmetric(shape: SectorShape, grid: ActivityGrid) -> SectorShape | None:
    """The best symmetric fan, if it explains the loop about as well; else None.

    Scanners draw fans upright and symmetric by default, and a side may be too dark to show its edge.
    """
    if shape.family != "fan" or np.isfinite(shape.crop).any():
        return None
    points = scored_points(grid.weight, shape.crop)
    start = best_interval_box(shape, points, symmetric=True)
    if start is None:
        return None
    symmetric = hill_climb(start, points, 2.0, 0.5, symmetric=True)[1]
    own = _weight_sum(shape, grid)
    share = _weight_sum(symmetric, grid) / own if own > 0 else 0.0
    return symmetric if share >= SYMMETRIC_SHARE else None


def _fine_fit(shape: SectorShape, grid: ActivityGrid, *, symmetric: bool) -> SectorShape:
    """The same kind of shape on the fine grid."""
    points = scored_points(grid.weight, shape.crop)
    start = best_interval_box(shape, points, symmetric=symmetric)
    assert start is not None, "the coarse shape contains cells, so the fine one does"
    return hill_climb(start, points, 3.0, 0.75, symmetric=symmetric)[1]
