"""Contrast of activity across an edge: which edges of a sector the loop itself shows."""

import numpy as np
from numpy.typing import NDArray

from echoclr_core.deidentify.sector.activity_grid import ActivityGrid
from echoclr_core.deidentify.sector.geometry import SectorShape

MIN_EDGE_CONTRAST = (
    0.4  # share of an edge with strong activity inside and none outside; below, the edge is blurred
)


def side_contrast(shape: SectorShape, side: float, grid: ActivityGrid) -> float:
    """Contrast of the side of a fan at angle ``side``; see :func:`edge_contrast`."""
    v = np.arange(shape.v0 + 2, shape.v1 - 1)
    outwards = -1.0 if side < 0 else 1.0
    edge = np.stack([shape.x + v * np.sin(side), shape.y + v * np.cos(side)])
    normal = outwards * np.array([[np.cos(side)], [-np.sin(side)]])
    return edge_contrast(edge, normal, grid)


def bottom_contrast(shape: SectorShape, grid: ActivityGrid) -> float:
    """Contrast of the middle of a fan's bottom arc; see :func:`edge_contrast`."""
    angle = np.linspace(0.6 * shape.u0, 0.6 * shape.u1, 60)
    normal = np.stack([np.sin(angle), np.cos(angle)])
    arc = np.array([[shape.x], [shape.y]]) + shape.v1 * normal
    return edge_contrast(arc, normal, grid)


def edge_contrast(edge: NDArray[np.float64], outwards: NDArray[np.float64], grid: ActivityGrid) -> float:
    """Share of the points of an edge, (2, n) x and y, with a strong cell just inside and an idle one outside.

    ``outwards`` is the unit normal, (2, n) or (2, 1). 0 for an edge without points.
    """
    height, width = grid.active.shape
    seen = []
    for distance, values in ((-1.5, grid.strong), (1.5, grid.active)):
        x, y = np.floor(edge + distance * outwards).astype(int)
        inside = (x >= 0) & (y >= 0) & (x < width) & (y < height)
        seen.append(np.where(inside, values[np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)], 0.0))
    sharp = (seen[0] >= 0.3) & (seen[1] <= 0.15)
    return float(sharp.mean()) if sharp.size else 0.0
