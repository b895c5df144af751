"""The shape of largest weight: exact within given coordinates, by hill climbing over the coordinates.

Every shape is a rectangle in coordinates (u, v) of its own (see :mod:`geometry`), so for a given apex or
slant the best one is the sub-rectangle of largest sum in a small table, which prefix sums find. What is
left to search are two numbers, or one.
"""

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from echoclr_core.deidentify.sector.geometry import SectorShape, coordinates

ScoredPoints = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]
MAX_U = {"fan": 1.45, "trapezoid": 4.0, "parallelogram": np.inf}  # largest |u| of any sector


def scored_points(weight: NDArray[np.float32], crop: tuple[float, float, float, float]) -> ScoredPoints:
    """x, y and weight of the cells with a weight inside the crop."""
    # In single precision: a bin is a whole cell, and its arc tangent takes half the time.
    y, x = np.mgrid[0.5 : weight.shape[0], 0.5 : weight.shape[1]].astype(np.float32)
    x0, y0, x1, y1 = crop
    keep = (weight != 0) & (x >= x0) & (x <= x1) & (y >= y0) & (y <= y1)
    return x[keep], y[keep], weight[keep]


def starting_shapes(
    family: str, box: tuple[int, int, int, int], points: ScoredPoints
) -> list[tuple[float, SectorShape]]:
    """Scored shapes over a grid of apexes (or slants) around ``box`` (x0, y0, x1, y1), best first."""
    x0, y0, x1, y1 = box
    if family == "parallelogram":
        places = [(float(slant), 0.0) for slant in np.tan(np.radians(np.arange(-20, 21, 5)))]
    else:
        # Close to the top for phased arrays, ever farther above it for curved ones.
        rows = y0 - (y1 - y0) * np.array([-0.06, 0, 0.06, 0.13, 0.22, 0.35, 0.55, 0.9, 1.5])
        columns = x0 + (x1 - x0) * np.array([0.2, 0.32, 0.41, 0.5, 0.59, 0.68, 0.8])
        places = [(float(x), float(y)) for y in rows for x in columns]
    blanks = (SectorShape(family=family, x=x, y=y, u0=0.0, u1=0.0, v0=0.0, v1=0.0) for x, y in places)
    scored = [item for item in (best_interval_box(blank, points) for blank in blanks) if item is not None]
    return sorted(scored, key=lambda item: -item[0])


def hill_climb(
    start: tuple[float, SectorShape],
    points: ScoredPoints,
    step: float,
    stop: float,
    *,
    symmetric: bool = False,
) -> tuple[float, SectorShape]:
    """Move the apex (or slant) in steps of ``step``, halved down to ``stop`` cells, while the score rises."""
    score, shape = start
    parallelogram = shape.family == "parallelogram"
    seen = {(shape.x, shape.y)}  # positions already scored; none beats the current one, so skip them
    while step >= stop:
        moved = False
        for name in ("x",) if parallelogram else ("x", "y"):
            for size in (step, -step):
                there = getattr(shape, name) + (0.01 * size if parallelogram else size)
                like = replace(shape, **{name: there})
                if (like.x, like.y) in seen:
                    continue
                seen.add((like.x, like.y))
                other = best_interval_box(like, points, symmetric=symmetric)
                if other is not None and other[0] > score + 1e-6:
                    (score, shape), moved = other, True
        if not moved:
            step /= 2
    return score, shape


def best_interval_box(
    like: SectorShape, points: ScoredPoints, *, symmetric: bool = False
) -> tuple[float, SectorShape] | None:
    """Score and shape of largest weight with the coordinates of ``like``; None without cells in range.

    ``symmetric`` allows only shapes that are the same to the left and right of the apex.
    """
    x, y, weight = points
    if not len(weight):
        return None
    u, v = _polar(like, x, y) if like.family == "fan" else coordinates(like.family, like.x, like.y, x, y)
    keep = np.abs(u) < MAX_U[like.family]
    if not keep.any():
        return None
    u, v, weight = u[keep], v[keep], weight[keep]
    if symmetric:
        u = np.abs(u)
    # A bin of v is one cell, and so is one of u where the shape is widest.
    step = {"fan": 1.2, "trapezoid": 1.0, "parallelogram": 1.0}[like.family]
    if like.family != "parallelogram":
        step /= max(float(v.max()) - (like.y if like.family == "trapezoid" else 0.0), 1.0)
    u_first, v_first = 0.0 if symmetric else float(u.min()), float(v.min())
    i, j = ((u - u_first) / step).astype(np.intp), (v - v_first).astype(np.intp)
    rows, columns = int(i.max()) + 1, int(j.max()) + 1
    table = np.bincount(i * columns + j, weights=weight, minlength=rows * columns).reshape(rows, columns)
    i0, i1, j0, j1, score = best_box(table, from_first=symmetric)
    u0, u1 = u_first + i0 * step, u_first + i1 * step
    return score, replace(like, u0=-u1 if symmetric else u0, u1=u1, v0=v_first + j0, v1=v_first + j1)


def _polar(fan: SectorShape, x: NDArray[np.float32], y: NDArray[np.float32]) -> tuple[NDArray, NDArray]:
    """As :func:`coordinates`, to 2e-4 radians (a bin is dozens of times as wide), and far faster."""
    v, u = cv2.cartToPolar(fan.y - y, fan.x - x)
    return u.ravel() - np.float32(np.pi), v.ravel()


def best_box(table: NDArray[np.float64], *, from_first: bool = False) -> tuple[int, int, int, int, float]:
    """i0, i1, j0, j1 and the sum of table[i0:i1, j0:j1], (nearly) the largest; by turns along each axis.

    With ``from_first``, i0 is 0.
    """
    i0, i1, last = 0, table.shape[0], -np.inf
    while True:
        j0, j1, _ = best_interval(np.add.reduce(table[i0:i1], axis=0))
        rows = np.add.reduce(table[:, j0:j1], axis=1)
        if from_first:
            total = _running_sum(rows)
            i0, i1 = 0, int(total.argmax())
            score = float(total[i1])
        else:
            i0, i1, score = best_interval(rows)
        if score <= last + 1e-6:
            return i0, i1, j0, j1, score
        last = score


def best_interval(values: NDArray[np.float64]) -> tuple[int, int, float]:
    """i, j and the sum of the run values[i:j] of largest sum (0 for an empty run)."""
    total = _running_sum(values)
    j = int((total - np.minimum.accumulate(total)).argmax())
    i = int(total[: j + 1].argmin())
    return i, j, float(total[j] - total[i])


def _running_sum(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sums of the first 0, 1, ... len(values) values."""
    total = np.zeros(len(values) + 1)
    np.cumsum(values, out=total[1:])
    return total
