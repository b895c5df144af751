"""Where activity ends at once: the edges of a window that the clip itself shows."""

import numpy as np
from numpy.typing import NDArray

from echoclr_core.deidentify.sector.activity_grid import Cells
from echoclr_core.deidentify.sector.geometry import Shape

SHARP = 0.4  # share of an edge along which activity must end at once, for the edge to be believed


def side_sharpness(shape: Shape, side: float, cells: Cells) -> float:
    """How sharp the side of a fan at angle ``side`` is; see :func:`ends_at_once`."""
    v = np.arange(shape.v0 + 2, shape.v1 - 1)
    outwards = -1.0 if side < 0 else 1.0
    edge = np.stack([shape.x + v * np.sin(side), shape.y + v * np.cos(side)])
    normal = outwards * np.array([[np.cos(side)], [-np.sin(side)]])
    return ends_at_once(edge, normal, cells)


def bottom_sharpness(shape: Shape, cells: Cells) -> float:
    """How sharp the middle of a fan's bottom arc is; see :func:`ends_at_once`."""
    angle = np.linspace(0.6 * shape.u0, 0.6 * shape.u1, 60)
    normal = np.stack([np.sin(angle), np.cos(angle)])
    arc = np.array([[shape.x], [shape.y]]) + shape.v1 * normal
    return ends_at_once(arc, normal, cells)


def ends_at_once(edge: NDArray[np.float64], outwards: NDArray[np.float64], cells: Cells) -> float:
    """Share of the points of an edge, (2, n) x and y, with a strong cell just inside and an idle one outside.

    ``outwards`` is the unit normal, (2, n) or (2, 1). 0 for an edge without points.
    """
    height, width = cells.f.shape
    seen = []
    for distance, values in ((-1.5, cells.strong), (1.5, cells.f)):
        x, y = np.floor(edge + distance * outwards).astype(int)
        inside = (x >= 0) & (y >= 0) & (x < width) & (y < height)
        seen.append(np.where(inside, values[np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)], 0.0))
    sharp = (seen[0] >= 0.3) & (seen[1] <= 0.15)
    return float(sharp.mean()) if sharp.size else 0.0
