"""Closed polygons and the few curves that hearts are drawn with.

Points are (N, 2) float arrays, (x, z) in cm: x to the right of the screen, z away from the transducer.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

Point = tuple[float, float] | np.ndarray
_TURN = np.linspace(0, 2 * np.pi, 40, endpoint=False)
_CIRCLE = np.stack((np.cos(_TURN), np.sin(_TURN)), 1)
_LEFT_TURN = np.array([-1.0, 1.0])


@dataclass(frozen=True)
class Shape:
    """One structure of one moment.

    Parameters
    ----------
    name
        What it is, for people and for the colour overlay.
    points
        (N, 2) closed polygon in cm.
    level
        Echo level in dB below the brightest reflector; blood is about -50, pericardium -4.
    soft
        Whether its outline is blurred away: tissue around the heart, which has no edges. Soft shapes come
        before all others.
    """

    name: str
    points: np.ndarray
    level: float
    soft: bool = False


@dataclass(frozen=True)
class Placement:
    """Heart coordinates to the fan: rotate by ``degrees`` (clockwise on screen), then move to (x, z)."""

    x: float
    z: float
    degrees: float = 0.0

    def __call__(self, points: np.ndarray) -> np.ndarray:
        angle = math.radians(self.degrees)
        cos, sin = math.cos(angle), math.sin(angle)
        return points @ np.array([[cos, sin], [-sin, cos]]) + (self.x, self.z)

    def shapes(self, shapes: Sequence[Shape]) -> list[Shape]:
        """All ``shapes`` moved, by one multiplication for the lot of them."""
        moved = self(np.concatenate([shape.points for shape in shapes]))
        ends = np.cumsum([len(shape.points) for shape in shapes])[:-1]
        parts = np.split(moved, ends)
        return [Shape(s.name, part, s.level, s.soft) for s, part in zip(shapes, parts, strict=True)]


def ellipse(centre: tuple[float, float], radii: tuple[float, float], degrees: float = 0.0) -> np.ndarray:
    """A (40, 2) ellipse."""
    return Placement(centre[0], centre[1], degrees)(_CIRCLE * radii)


def area_between(upper: np.ndarray, lower: np.ndarray) -> np.ndarray:
    """The area between two curves that run in the same direction."""
    return np.concatenate((upper, lower[::-1]))


def stroke(points: np.ndarray, thickness: float | np.ndarray) -> np.ndarray:
    """A line of a ``thickness`` in cm, or one a point, as a closed polygon."""
    step = np.empty_like(points)
    step[1:-1] = points[2:] - points[:-2]
    step[0], step[-1] = points[1] - points[0], points[-1] - points[-2]
    scale = (np.asarray(thickness) / 2) / (np.hypot(step[:, 0], step[:, 1]) + 1e-9)
    offset = step[:, ::-1] * (_LEFT_TURN * scale[:, None])
    return np.concatenate((points + offset, (points - offset)[::-1]))


def arc(start: Point, end: Point, sag: float, n: int = 9) -> np.ndarray:
    """A curve from ``start`` to ``end``; its middle stands ``sag`` cm to the left of the way there."""
    ax, az, bx, bz = float(start[0]), float(start[1]), float(end[0]), float(end[1])
    length = math.hypot(bx - ax, bz - az) + 1e-9
    left = ((bz - az) / length * sag, (ax - bx) / length * sag)
    return _arc_weights(n) @ np.array([(ax, az), (bx, bz), left])


def spline(points: Sequence[Point], n: int = 32) -> np.ndarray:
    """A smooth (n, 2) open curve through ``points`` (Catmull-Rom)."""
    return _open_weights(len(points), n) @ np.asarray(points, float)


def closed_spline(points: Sequence[Point], n: int = 48) -> np.ndarray:
    """A smooth (n, 2) closed curve through ``points``."""
    return _closed_weights(len(points), n) @ np.asarray(points, float)


@cache
def _arc_weights(n: int) -> np.ndarray:
    """Weights of start, end and sag along a bow: (n, 3)."""
    share = np.linspace(0, 1, n)
    return np.stack((1 - share, share, 4 * share * (1 - share)), 1)


@cache
def _open_weights(count: int, n: int) -> np.ndarray:
    """Weights of ``count`` points along an open curve of n: (n, count). Ends are continued straight on."""
    extended = np.zeros((count + 2, count))
    extended[1:-1] = np.eye(count)
    extended[0, :2], extended[-1, -2:] = (2, -1), (-1, 2)
    where = np.linspace(0, count - 1 - 1e-9, n)
    return _catmull_rom(where, extended)


@cache
def _closed_weights(count: int, n: int) -> np.ndarray:
    """Weights of ``count`` points along a closed curve of n: (n, count)."""
    ring = np.eye(count)[np.arange(-1, count + 2) % count]
    return _catmull_rom(np.linspace(0, count, n, endpoint=False), ring)


def _catmull_rom(where: np.ndarray, control: np.ndarray) -> np.ndarray:
    """The curve at ``where`` (0 is the second control row): rows of ``control`` mixed by four at a time."""
    i = where.astype(int)
    t = (where - i)[:, None]
    p0, p1, p2, p3 = (control[i + k] for k in range(4))
    linear, square, cube = p2 - p0, 2 * p0 - 5 * p1 + 4 * p2 - p3, 3 * p1 - p0 - 3 * p2 + p3
    return 0.5 * (2 * p1 + linear * t + square * t**2 + cube * t**3)
