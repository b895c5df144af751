"""The sector that a person draws: a polygon, or a fan about an apex."""

import math
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from echoclr_core.dicom.pixel_format import MAX_PIXELS

SHAPES = ("polygon", "sector")
SECTOR = ("apex x", "apex y", "left angle", "right angle", "inner radius", "outer radius")
MIN_POINTS, MAX_POINTS = 3, 200
MIN_PIXELS = 24  # of height and width; nothing can be seen in less
COARSE = 4  # every how many pixels a shape is looked at first
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
        Saying what is wrong with the shape and what is allowed. No number of the geometry is repeated, since
        it may be anything.
    """
    if shape not in SHAPES:
        raise ValueError(f"no such shape; allowed is one of {', '.join(SHAPES)}")
    if width * height > MAX_PIXELS:
        raise ValueError(f"a picture of {width} x {height} px; allowed are {MAX_PIXELS} pixels in all")
    numbers = _numbers(text)
    (_check_polygon if shape == "polygon" else _check_sector)(numbers, width, height)
    # Some of its pixels show that nearly every shape is large enough; the others are looked at in full.
    if not any(_is_large(shape, numbers, width, height, step) for step in (COARSE, 1)):
        raise ValueError(f"the shape is too small; it must be {MIN_PIXELS} px high and wide or more")
    return numbers


def _is_large(shape: str, numbers: Sequence[float], width: int, height: int, step: int) -> bool:
    """Whether the pixels of every ``step``-th row and column alone are MIN_PIXELS high and wide."""
    mask = _mask_at(shape, numbers, np.arange(0.5, height, step), np.arange(0.5, width, step))
    sides = [np.flatnonzero(mask.any(axis=axis)) for axis in (0, 1)]
    return all(len(side) and step * (side[-1] - side[0]) + 1 >= MIN_PIXELS for side in sides)


def shape_mask(shape: str, numbers: Sequence[float], width: int, height: int) -> NDArray[np.bool_]:
    """(height, width) bool: the pixels whose centres lie inside a shape of :func:`parse_geometry`."""
    return _mask_at(shape, numbers, np.arange(height) + 0.5, np.arange(width) + 0.5)


def _mask_at(
    shape: str, numbers: Sequence[float], ys: NDArray[np.float64], xs: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """(len(ys), len(xs)) bool: whether the points lie inside."""
    if shape == "polygon":
        return _in_polygon(numbers, ys, xs)
    x, y, left, right, inner, outer = numbers
    rows, columns = ys[:, None], xs
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
    points = np.array(numbers).reshape(-1, 2)
    outside = ((points < 0) | (points > (width, height))).any(axis=1)
    if outside.any():
        place = int(np.argmax(outside)) + 1
        raise ValueError(f"corner {place} lies outside the picture of {width} x {height} px")
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
        raise ValueError("the left angle must be smaller than the right one, both -180 to 180")
    if not 0 <= inner < outer:
        raise ValueError("the inner radius must be 0 or more, and smaller than the outer one")


def _crosses_itself(points: NDArray[np.float64]) -> bool:
    """Whether two sides of a polygon (N, 2) that are no neighbours meet, or a corner stands twice."""
    count, following = len(points), np.roll(points, -1, axis=0)
    if len(np.unique(points, axis=0)) < count:
        return True
    low, high = np.minimum(points, following), np.maximum(points, following)
    boxes_meet = np.triu(np.ones((count, count), bool), 2)
    boxes_meet[0, count - 1] = False  # neighbours
    for axis in (0, 1):
        boxes_meet &= low[:, None, axis] <= high[None, :, axis]
        boxes_meet &= high[:, None, axis] >= low[None, :, axis]
    first, second = np.nonzero(boxes_meet)
    return bool(_meet(points[first], following[first], points[second], following[second]).any())


def _meet(
    a: NDArray[np.float64], b: NDArray[np.float64], c: NDArray[np.float64], d: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """(N,) bool: whether each segment a-b has a point in common with c-d; all (N, 2)."""

    def turn(p: NDArray[np.float64], q: NDArray[np.float64], r: NDArray[np.float64]) -> NDArray[np.float64]:
        return (q[:, 0] - p[:, 0]) * (r[:, 1] - p[:, 1]) - (q[:, 1] - p[:, 1]) * (r[:, 0] - p[:, 0])

    def on(p: NDArray[np.float64], q: NDArray[np.float64], r: NDArray[np.float64]) -> NDArray[np.bool_]:
        return ((np.minimum(p, q) <= r) & (r <= np.maximum(p, q))).all(axis=1)

    ends = ((a, b, c), (a, b, d), (c, d, a), (c, d, b))
    turns = [turn(*end) for end in ends]
    crossing = (turns[0] * turns[1] < 0) & (turns[2] * turns[3] < 0)
    touching = [(value == 0) & on(*end) for value, end in zip(turns, ends, strict=True)]
    return crossing | np.any(touching, axis=0)


def _in_polygon(
    numbers: Sequence[float], ys: NDArray[np.float64], xs: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Which points lie inside (even-odd rule): each side changes all that lie to the right of it."""
    corners = np.array(numbers).reshape(-1, 2)
    changes = np.zeros((len(ys), len(xs) + 1), np.uint8)
    for (x0, y0), (x1, y1) in zip(corners.tolist(), np.roll(corners, -1, axis=0).tolist(), strict=True):
        rows = np.flatnonzero((y0 <= ys) != (y1 <= ys))
        crossed = x0 + (ys[rows] - y0) * (x1 - x0) / (y1 - y0)
        changes[rows, np.searchsorted(xs, crossed)] ^= 1
    return np.bitwise_xor.accumulate(changes, axis=1)[:, :-1].astype(bool)


def outline(mask: NDArray[np.bool_]) -> list[list[tuple[int, int]]]:
    """Polygons [(x, y), ...] around the parts of a mask (H, W) bool, px, simplified to about 1 px."""
    found, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    simple = [cv2.approxPolyDP(contour, 1.0, closed=True).reshape(-1, 2) for contour in found]
    return [[(int(x), int(y)) for x, y in points] for points in simple if len(points) >= MIN_POINTS]
