"""The sector that a person draws: a polygon, or a fan about an apex."""

import math
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

SHAPES = ("polygon", "sector")
SECTOR = ("apex x", "apex y", "left angle", "right angle", "inner radius", "outer radius")
MIN_POINTS, MAX_POINTS = 3, 200
MIN_PIXELS = 24  # of height and width; nothing can be seen in less
REACH = 10.0  # picture sizes by which an apex or a radius may leave the picture


def parse_geometry(shape: str, text: str, width: int, height: int) -> tuple[float, ...]:
    """The numbers of a drawn shape.

    Parameters
    ----------
    shape
        "polygon": corners "x y; x y; ..." in order, px, x to the right and y down from the picture's corner.
        "sector": "x y left right inner outer": the apex, px; the angles of the left and right side from
        straight down, degrees, positive to the right; the two radii, px.
    text
        The numbers, separated by blanks, commas or semicolons.
    width, height
        Of the picture, px.

    Raises
    ------
    ValueError
        Saying what is wrong with the shape and what is allowed.
    """
    if shape not in SHAPES:
        raise ValueError(f"shape {shape!r}; allowed is one of {', '.join(SHAPES)}")
    numbers = _numbers(text)
    (_check_polygon if shape == "polygon" else _check_sector)(numbers, width, height)
    ys, xs = np.nonzero(shape_mask(shape, numbers, width, height))
    if not len(xs) or min(np.ptp(xs), np.ptp(ys)) + 1 < MIN_PIXELS:
        raise ValueError(f"the shape is too small; it must be {MIN_PIXELS} px high and wide or more")
    return numbers


def shape_mask(shape: str, numbers: Sequence[float], width: int, height: int) -> NDArray[np.bool_]:
    """(height, width) bool: the pixels whose centres lie inside a shape of :func:`parse_geometry`."""
    if shape == "polygon":
        return _polygon_mask(numbers, width, height)
    x, y, left, right, inner, outer = numbers
    rows, columns = np.ogrid[0.5:height, 0.5:width]
    angle, radius = np.arctan2(columns - x, rows - y), np.hypot(columns - x, rows - y)
    within = (angle >= math.radians(left)) & (angle <= math.radians(right))
    return within & (radius >= inner) & (radius <= outer)


def _numbers(text: str) -> tuple[float, ...]:
    words = text.replace(",", " ").replace(";", " ").split()
    try:
        numbers = tuple(float(word) for word in words)
    except ValueError:
        raise ValueError("the geometry holds what is no number") from None
    if not all(map(math.isfinite, numbers)):
        raise ValueError("the geometry holds a number that is not finite")
    return numbers


def _check_polygon(numbers: Sequence[float], width: int, height: int) -> None:
    if len(numbers) % 2 or not MIN_POINTS <= len(numbers) // 2 <= MAX_POINTS:
        raise ValueError(
            f"a polygon of {len(numbers) / 2:g} corners; allowed are {MIN_POINTS} to {MAX_POINTS}, "
            "each x and y"
        )
    points = list(zip(numbers[::2], numbers[1::2], strict=True))
    for x, y in points:
        if not (0 <= x <= width and 0 <= y <= height):
            raise ValueError(f"the corner {x:g} {y:g} lies outside the picture of {width} x {height} px")
    if _crosses_itself(points):
        raise ValueError("the sides of the polygon cross each other")


def _check_sector(numbers: Sequence[float], width: int, height: int) -> None:
    if len(numbers) != len(SECTOR):
        raise ValueError(f"a sector of {len(numbers)} numbers; it has {len(SECTOR)}: {', '.join(SECTOR)}")
    x, y, left, right, inner, outer = numbers
    reach = REACH * max(width, height)
    if max(abs(x), abs(y), outer) > reach:
        raise ValueError(f"the apex and the radii of a sector must stay within {reach:g} px")
    if not -180 <= left < right <= 180:
        raise ValueError(f"the angles {left:g} and {right:g}; the left one must be smaller, both -180 to 180")
    if not 0 <= inner < outer:
        raise ValueError(f"the radii {inner:g} and {outer:g}; allowed is 0 <= inner < outer")


def _crosses_itself(points: Sequence[tuple[float, float]]) -> bool:
    """Whether two sides that are no neighbours meet, or a corner stands twice."""
    if len(set(points)) < len(points):
        return True
    sides = list(zip(points, [*points[1:], points[0]], strict=True))
    last = len(sides) - 1
    return any(
        _meet(*sides[i], *sides[j])
        for i in range(len(sides))
        for j in range(i + 2, len(sides))
        if not (i == 0 and j == last)
    )


def _meet(a: tuple, b: tuple, c: tuple, d: tuple) -> bool:
    """Whether the segments a-b and c-d have a point in common."""

    def turn(p: tuple, q: tuple, r: tuple) -> float:
        return (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0])

    def on(p: tuple, q: tuple, r: tuple) -> bool:
        return all(min(p[k], q[k]) <= r[k] <= max(p[k], q[k]) for k in (0, 1))

    turns = turn(a, b, c), turn(a, b, d), turn(c, d, a), turn(c, d, b)
    if turns[0] * turns[1] < 0 and turns[2] * turns[3] < 0:
        return True
    ends = ((a, b, c), (a, b, d), (c, d, a), (c, d, b))
    return any(value == 0 and on(*end) for value, end in zip(turns, ends, strict=True))


def _polygon_mask(numbers: Sequence[float], width: int, height: int) -> NDArray[np.bool_]:
    """Pixels whose centres lie inside (even-odd rule), row by row."""
    xs, ys = np.array(numbers[::2]), np.array(numbers[1::2])
    centres = np.arange(width) + 0.5
    mask = np.zeros((height, width), bool)
    for row in range(height):
        y = row + 0.5
        above, below = ys <= y, np.roll(ys, -1) <= y
        crossed = above != below
        if not crossed.any():
            continue
        x0, y0 = xs[crossed], ys[crossed]
        x1, y1 = np.roll(xs, -1)[crossed], np.roll(ys, -1)[crossed]
        edges = x0 + (y - y0) * (x1 - x0) / (y1 - y0)
        mask[row] = (np.searchsorted(np.sort(edges), centres, side="right") % 2).astype(bool)
    return mask


def outline(mask: NDArray[np.bool_]) -> list[list[tuple[int, int]]]:
    """Polygons [(x, y), ...] around the parts of a mask (H, W) bool, px, simplified to about 1 px."""
    found, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    simple = [cv2.approxPolyDP(contour, 1.0, closed=True).reshape(-1, 2) for contour in found]
    return [[(int(x), int(y)) for x, y in points] for points in simple if len(points) >= MIN_POINTS]
