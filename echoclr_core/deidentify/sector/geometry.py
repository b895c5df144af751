"""The shapes of sectors: each is a rectangle in coordinates (u, v) of its own.

A fan is an interval of angles and an interval of radii about its apex; a trapezoid, of slopes about the
point where its sides meet and of rows; a parallelogram, of sheared columns and of rows; a plain rectangle
is that with no slant. One search over the few numbers that fix the coordinates therefore fits them all.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

FAMILIES = ("fan", "trapezoid", "parallelogram")


@dataclass(frozen=True, kw_only=True)
class SectorShape:
    """One sector in the picture; lengths and positions in pixels, x to the right, y down.

    Parameters
    ----------
    family
        "fan" (u is the angle from straight down in radians, v the distance from the apex),
        "trapezoid" (u is the slope dx/dy about the apex, v is y) or
        "parallelogram" (u is x - slant * y, v is y).
    x, y
        The apex; for "parallelogram" x is the slant (dx/dy) and y has no meaning.
    u0, u1, v0, v1
        The intervals that are inside.
    crop
        x0, y0, x1, y1: the part of the shape that the screen shows; infinite where nothing is cut off.
    """

    family: str
    x: float
    y: float
    u0: float
    u1: float
    v0: float
    v1: float
    crop: tuple[float, float, float, float] = (-np.inf, -np.inf, np.inf, np.inf)

    def scaled(self, factor: float) -> "SectorShape":
        """The same shape in a picture enlarged by ``factor``; pixel centres lie at whole numbers + 1/2."""
        length = {"v0": self.v0 * factor, "v1": self.v1 * factor}
        crop = tuple(edge * factor for edge in self.crop)
        if self.family == "parallelogram":
            return replace(self, u0=self.u0 * factor, u1=self.u1 * factor, crop=crop, **length)
        return replace(self, x=self.x * factor, y=self.y * factor, crop=crop, **length)

    def mask(self, height: int, width: int, margin: float = 0.0) -> NDArray[np.bool_]:
        """(height, width) bool, True inside; ``margin`` pixels are taken off every edge."""
        y, x = np.ogrid[0.5:height, 0.5:width]
        if self.family == "fan":
            dx, dy = x - self.x, y - self.y
            left = dx * np.cos(self.u0) - dy * np.sin(self.u0)
            right = dy * np.sin(self.u1) - dx * np.cos(self.u1)
            inside, v = (left >= margin) & (right >= margin), np.hypot(dx, dy)
        else:
            u, v = coordinates(self.family, self.x, self.y, x, y)
            rim = margin / np.maximum(y - self.y, 1e-9) if self.family == "trapezoid" else margin
            inside = (u >= self.u0 + rim) & (u <= self.u1 - rim)
        inside = inside & (v >= self.v0 + margin) & (v <= self.v1 - margin)
        x0, y0, x1, y1 = self.crop
        return inside & (x >= x0 + margin) & (x <= x1 - margin) & (y >= y0 + margin) & (y <= y1 - margin)


def coordinates(
    family: str, x0: float, y0: float, x: NDArray, y: NDArray
) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """(u, v) of the points (x, y), which broadcast; above a trapezoid's apex u is infinite."""
    if family == "fan":
        return np.arctan2(x - x0, y - y0), np.hypot(x - x0, y - y0)
    if family == "trapezoid":
        below = y > y0
        return np.where(below, (x - x0) / np.where(below, y - y0, 1), np.inf), y + 0 * x
    assert family == "parallelogram", family
    return x - x0 * y, y + 0 * x
