"""The shape of largest gain: exact within given coordinates, by hill climbing over the coordinates.

Every shape is a rectangle in coordinates (u, v) of its own (see :mod:`shapes`), so for a given apex or
slant the best one is the sub-rectangle of largest sum in a small table, which prefix sums find. What is
left to search are two numbers, or one.
"""

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from echoclr_core.deidentify.sector.geometry import Shape, coordinates

Points = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]
WIDEST = {"fan": 1.45, "trapezoid": 4.0, "slanted": np.inf}  # largest |u| that any window reaches


def points_of(gain: NDArray[np.float32], window: tuple[float, float, float, float]) -> Points:
    """x, y and gain of the cells that count: those that the screen shows of the window."""
    # In single precision: a bin is a whole cell, and its arc tangent takes half the time.
    y, x = np.mgrid[0.5 : gain.shape[0], 0.5 : gain.shape[1]].astype(np.float32)
    x0, y0, x1, y1 = window
    keep = (gain != 0) & (x >= x0) & (x <= x1) & (y >= y0) & (y <= y1)
    return x[keep], y[keep], gain[keep]


def starting_shapes(family: str, box: tuple[int, int, int, int], points: Points) -> list[tuple[float, Shape]]:
    """Scored shapes over a grid of apexes (or slants) around ``box`` (x0, y0, x1, y1), best first."""
    x0, y0, x1, y1 = box
    if family == "slanted":
        places = [(float(slant), 0.0) for slant in np.tan(np.radians(np.arange(-20, 21, 5)))]
    else:
        # Close to the top for phased arrays, ever farther above it for curved ones.
        rows = y0 - (y1 - y0) * np.array([-0.06, 0, 0.06, 0.13, 0.22, 0.35, 0.55, 0.9, 1.5])
        columns = x0 + (x1 - x0) * np.array([0.2, 0.32, 0.41, 0.5, 0.59, 0.68, 0.8])
        places = [(float(x), float(y)) for y in rows for x in columns]
    blanks = (Shape(family=family, x=x, y=y, u0=0.0, u1=0.0, v0=0.0, v1=0.0) for x, y in places)
    scored = [item for item in (best_shape(blank, points) for blank in blanks) if item is not None]
    return sorted(scored, key=lambda item: -item[0])


def climb(
    start: tuple[float, Shape], points: Points, step: float, stop: float, *, even: bool = False
) -> tuple[float, Shape]:
    """Move the apex (or slant) in ever smaller steps of ``step`` to ``stop`` cells while that helps."""
    score, shape = start
    slanted = shape.family == "slanted"
    seen = {(shape.x, shape.y)}  # no place that was left, or not gone to, is better than this one
    while step >= stop:
        moved = False
        for name in ("x",) if slanted else ("x", "y"):
            for size in (step, -step):
                there = getattr(shape, name) + (0.01 * size if slanted else size)
                like = replace(shape, **{name: there})
                if (like.x, like.y) in seen:
                    continue
                seen.add((like.x, like.y))
                other = best_shape(like, points, even=even)
                if other is not None and other[0] > score + 1e-6:
                    (score, shape), moved = other, True
        if not moved:
            step /= 2
    return score, shape


def best_shape(like: Shape, points: Points, *, even: bool = False) -> tuple[float, Shape] | None:
    """Score and shape of largest gain with the coordinates of ``like``; None if no cell is in their reach.

    ``even`` allows only shapes that are the same to the left and right of the apex.
    """
    x, y, gain = points
    if not len(gain):
        return None
    u, v = _polar(like, x, y) if like.family == "fan" else coordinates(like.family, like.x, like.y, x, y)
    keep = np.abs(u) < WIDEST[like.family]
    if not keep.any():
        return None
    u, v, gain = u[keep], v[keep], gain[keep]
    if even:
        u = np.abs(u)
    # A bin of v is one cell, and so is one of u where the shape is widest.
    step = {"fan": 1.2, "trapezoid": 1.0, "slanted": 1.0}[like.family]
    if like.family != "slanted":
        step /= max(float(v.max()) - (like.y if like.family == "trapezoid" else 0.0), 1.0)
    u_first, v_first = 0.0 if even else float(u.min()), float(v.min())
    i, j = ((u - u_first) / step).astype(np.intp), (v - v_first).astype(np.intp)
    rows, columns = int(i.max()) + 1, int(j.max()) + 1
    table = np.bincount(i * columns + j, weights=gain, minlength=rows * columns).reshape(rows, columns)
    i0, i1, j0, j1, score = best_box(table, from_first=even)
    u0, u1 = u_first + i0 * step, u_first + i1 * step
    return score, replace(like, u0=-u1 if even else u0, u1=u1, v0=v_first + j0, v1=v_first + j1)


def _polar(fan: Shape, x: NDArray[np.float32], y: NDArray[np.float32]) -> tuple[NDArray, NDArray]:
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
