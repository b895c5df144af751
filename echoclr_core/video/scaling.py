"""A square field about the sector, at a scale in millimetres or as large as the sector, area by area."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, kw_only=True)
class Field:
    """The part of a frame that becomes a square of ``size`` pixels.

    Parameters
    ----------
    left, top
        Where it begins, pixels of the frame from its outer edge; below 0 or beyond the frame is black.
    step_x, step_y
        Pixels of the frame to one of the square.
    size
        Height and width of the square.
    """

    left: float
    top: float
    step_x: float
    step_y: float
    size: int

    @property
    def scale(self) -> tuple[float, float]:
        """(across, down) pixels of the square to one of the frame."""
        return 1 / self.step_x, 1 / self.step_y

    def point(self, x: float, y: float) -> tuple[float, float]:
        """Where a point (x, y) of the frame comes to lie; 0 is the centre of the first pixel."""
        return (x + 0.5 - self.left) / self.step_x - 0.5, (y + 0.5 - self.top) / self.step_y - 0.5


def sector_field(hull: np.ndarray, spacing: tuple[float, float], size: int, mm_per_pixel: float) -> Field:
    """The field of ``size`` times ``mm_per_pixel`` millimetres about a sector.

    It is centred on the sector from side to side, and begins at the sector's top, so that a row is a depth:
    what lies deeper than the field is cut off, what the sector does not reach is black.

    Parameters
    ----------
    hull
        (H, W) bool, at least one True.
    spacing
        Millimetres a pixel of the frame, (across, down).
    size
        Height and width of the field, pixels.
    mm_per_pixel
        Of the field.
    """
    columns, rows = np.flatnonzero(hull.any(axis=0)), np.flatnonzero(hull.any(axis=1))
    step_x, step_y = (mm_per_pixel / length for length in spacing)
    centre = (columns[0] + columns[-1] + 1) / 2
    return Field(
        left=float(centre - size * step_x / 2), top=float(rows[0]), step_x=step_x, step_y=step_y, size=size
    )


def fitted_field(hull: np.ndarray, size: int) -> Field:
    """The smallest square field of ``size`` pixels that holds a sector, wherever on the screen it stands.

    It is centred on the sector from side to side and begins at its top; height and width keep their ratio.

    Parameters
    ----------
    hull
        (H, W) bool, at least one True.
    size
        Height and width of the field, pixels.
    """
    columns, rows = np.flatnonzero(hull.any(axis=0)), np.flatnonzero(hull.any(axis=1))
    side = max(columns[-1] - columns[0], rows[-1] - rows[0]) + 1
    centre = (columns[0] + columns[-1] + 1) / 2
    step = float(side / size)
    return Field(left=float(centre - side / 2), top=float(rows[0]), step_x=step, step_y=step, size=size)


class FieldScaler:
    """Cuts the field out of every frame of a video: mean over the area of each new pixel.

    Where the frame is coarser than the field, neighbouring pixels are interpolated instead.
    """

    def __init__(self, field: Field, height: int, width: int):
        self._rows = _weights(height, field.top, field.step_y, field.size)
        self._columns = _weights(width, field.left, field.step_x, field.size)

    def __call__(self, frame: np.ndarray) -> np.ndarray:
        """(H, W) uint8 to (size, size) uint8."""
        mean = self._rows @ frame.astype(np.float32) @ self._columns.T
        return np.clip(np.rint(mean), 0, 255).astype(np.uint8)


def _weights(length: int, begin: float, step: float, size: int) -> np.ndarray:
    """(size, length) float32: the share of each pixel of a frame in each new one."""
    edges = begin + step * np.arange(size + 1)
    if step >= 1:
        pixels = np.arange(length)
        low, high = edges[:-1, None], edges[1:, None]
        overlap = np.minimum(high, pixels + 1) - np.maximum(low, pixels)
        return (np.clip(overlap, 0, None) / step).astype(np.float32)
    centres = (edges[:-1] + edges[1:]) / 2 - 0.5
    near = np.clip(1 - np.abs(centres[:, None] - np.arange(length)), 0, None)
    return near.astype(np.float32)
