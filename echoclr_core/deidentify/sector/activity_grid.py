"""The evidence on a grid of cells, its main part, and what each cell is worth to a shape that holds it."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from echoclr_core.deidentify.sector.geometry import Shape, coordinates
from echoclr_core.deidentify.sector.temporal_activity import Evidence

COARSE, FINE = 72, 288  # cells along the longer side of the picture
GAIN = 4.0  # what an active cell of the main part is worth, against the cost 1 of an idle one
STRAY = 2.0  # what a cell apart from it is worth that holds a few specks, as the dark parts of a window do
SPARSE = 0.3  # active share above which such a cell is more likely drawing, and worth a quarter
HOLLOW = 0.05  # cost of an idle cell within the hull of the main part: a cavity, a drop-out
STRAIGHT = (0.22, 0.4, 0.22, 0.55)  # shares of a run along left, top, right, bottom that show a cut
NO_CUT = Shape.window


@dataclass(frozen=True, kw_only=True)
class Cells:
    """Parameters, all (h, w) but the last:

    f
        float32, active share of each cell, 0 to 1.
    strong
        float32, share of each cell that changes by much.
    drawn
        float32, share of each cell that is lit and still.
    part
        bool, the largest solid piece of activity.
    gain
        float32, what a cell adds to the score of a shape that holds it.
    size
        Pixels a cell.
    """

    f: NDArray[np.float32]
    strong: NDArray[np.float32]
    drawn: NDArray[np.float32]
    part: NDArray[np.bool_]
    gain: NDArray[np.float32]
    size: float


def coarse_cells(evidence: Evidence) -> Cells | None:
    """Cells for the search, or None if no piece of the picture is solidly active."""
    size = max(1.0, max(evidence.active.shape) / COARSE)
    f, drawn = _means(evidence.active, size), _means(evidence.drawn, size)
    # Opening by five cells drops lines of text and traces, and cuts them off the window where they touch.
    solid = cv2.morphologyEx(_soft(f), cv2.MORPH_OPEN, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5)))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(solid, connectivity=4)
    if count < 2:
        return None
    part = labels == 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    strong = _means(evidence.strong, size)
    return Cells(f=f, strong=strong, drawn=drawn, part=part, gain=_gain(f, drawn, part), size=size)


def fine_cells(evidence: Evidence, coarse: Cells) -> Cells:
    """Cells for the last steps; their main part is traced anew inside the coarse one."""
    size = max(1.0, max(evidence.tight.shape) / FINE)
    f, drawn = _means(evidence.tight, size), _means(evidence.drawn, size)
    near = cv2.dilate(coarse.part.astype(np.uint8), np.ones((3, 3), np.uint8))
    near = cv2.resize(near, f.shape[::-1], interpolation=cv2.INTER_NEAREST)
    solid = (cv2.GaussianBlur(f, (0, 0), 1.5) >= 0.4).astype(np.uint8) & near
    part = cv2.morphologyEx(solid, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)) > 0
    if not part.any():
        part = near > 0
    strong = _means(evidence.strong, size)
    return Cells(f=f, strong=strong, drawn=drawn, part=part, gain=_gain(f, drawn, part), size=size)


def joined_cells(cells: Cells, shape: Shape) -> Cells | None:
    """Cells whose main part takes in further pieces that the shape's sides embrace; None if there are none.

    A window may fall apart into bands across it: the ringing at the probe, dark depths, noise below them.
    Such a piece lies between the two sides and spans most of the room between them; a line of text does
    not. Below a fan nothing is joined: that is where traces run.
    """
    open3 = cv2.morphologyEx(_soft(cells.f), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    count, labels = cv2.connectedComponents(open3, connectivity=4)
    part = cells.part.copy()
    for label in range(1, count):
        piece = labels == label
        if (piece & cells.part).any():
            continue
        y, x = np.nonzero(piece)
        u, v = coordinates(shape.family, shape.x, shape.y, x + 0.5, y + 0.5)
        # A cell that a side crosses counts as between: close to an apex most cells are of that kind.
        reach = 1.0 / _per_unit(shape, v)
        between = (u > shape.u0 - reach) & (u < shape.u1 + reach)
        spans = float(np.ptp(u[between])) >= 0.5 * (shape.u1 - shape.u0) if between.any() else False
        if spans and between.mean() >= 0.9 and (shape.family == "slanted" or v.mean() < shape.v0):
            part |= piece
    if (part == cells.part).all():
        return None
    return replace(cells, part=part, gain=_gain(cells.f, cells.drawn, part))


def _per_unit(shape: Shape, v: NDArray[np.float64]) -> NDArray[np.float64]:
    """Cells across that one unit of u is at ``v``."""
    if shape.family == "slanted":
        return np.ones_like(v)
    return np.maximum(v if shape.family == "fan" else v - shape.y, 1.0)


def cuts(
    part: NDArray[np.bool_], straight: tuple[float, float, float, float] = STRAIGHT
) -> tuple[float, float, float, float]:
    """x0, y0, x1, y1 where the part ends in a long straight run along a side; infinite elsewhere.

    ``straight`` says how long for left, top, right, bottom: the share of the part's rows (left and right) or
    columns (top and bottom) that end within a cell of the outermost.
    """
    found = []
    for view, share in zip((part, part.T, part[:, ::-1], part[::-1].T), straight, strict=True):
        first = np.argmax(view, axis=1)[view.any(1)]
        found.append(float(first.min()) if (first <= first.min() + 1).mean() >= share else -np.inf)
    height, width = part.shape
    return found[0], found[1], width - found[2], height - found[3]


def _means(image: NDArray[np.uint8], size: float) -> NDArray[np.float32]:
    height, width = image.shape
    shape = (max(1, round(width / size)), max(1, round(height / size)))
    return cv2.resize(image, shape, interpolation=cv2.INTER_AREA).astype(np.float32) / 255


def _soft(f: NDArray[np.float32]) -> NDArray[np.uint8]:
    return (cv2.GaussianBlur(f, (0, 0), 1.0) >= 0.2).astype(np.uint8)


def _gain(f, drawn, part) -> NDArray[np.float32]:
    """Gains of all cells. The shapes are nearly convex, so what is idle within the hull costs little."""
    part = part.astype(np.uint8)
    hull = np.zeros(part.shape, np.uint8)
    cv2.fillConvexPoly(hull, cv2.convexHull(cv2.findNonZero(part)), 1)
    near = cv2.dilate(part, np.ones((3, 3), np.uint8)) > 0
    cost = np.where(hull, HOLLOW, 1.0)
    stray = np.where(f <= 0, 0.0, np.where(f < SPARSE, STRAY, STRAY * 0.25))
    return (np.where(near, GAIN * f, stray) - cost * (1 - f) - np.where(hull, 0.0, drawn)).astype(np.float32)
