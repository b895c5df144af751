"""Activity over time on a coarse or fine grid, its main component, and each cell's weight in the fit."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from echoclr_core.deidentify.sector.geometry import SectorShape, coordinates
from echoclr_core.deidentify.sector.temporal_activity import ActivityMaps

COARSE, FINE = 72, 288  # cells along the longer side of the picture
ACTIVE_WEIGHT = 4.0  # weight of an active cell of the main component; an idle cell costs 1
DISTANT_WEIGHT = 2.0  # weight of a distant cell with a few active pixels, as in dark parts of a sector
MAX_SPARSE = (
    0.3  # active share of a distant cell above which it is more likely graphics: a quarter of the weight
)
IDLE_COST_IN_HULL = 0.05  # cost of an idle cell within the hull of the main component: a cavity or drop-out
STRAIGHT_SHARES = (
    0.22,
    0.4,
    0.22,
    0.55,
)  # straight share of left, top, right, bottom above which the screen crops there
UNCROPPED = SectorShape.crop


@dataclass(frozen=True, kw_only=True)
class ActivityGrid:
    """Parameters, all (h, w) but the last:

    active
        float32, active share of each cell, 0 to 1.
    strong
        float32, share of each cell that changes by much.
    static_bright
        float32, share of each cell that is bright and never changes.
    component
        bool, the largest solid connected component of activity.
    weight
        float32, what the cell adds to the score of a shape that contains it.
    size
        Pixels along the side of a cell.
    """

    active: NDArray[np.float32]
    strong: NDArray[np.float32]
    static_bright: NDArray[np.float32]
    component: NDArray[np.bool_]
    weight: NDArray[np.float32]
    size: float


def coarse_grid(activity: ActivityMaps) -> ActivityGrid | None:
    """The grid of the coarse fit, or None if no part of the picture is solidly active."""
    size = max(1.0, max(activity.active.shape) / COARSE)
    active, static_bright = _cell_means(activity.active, size), _cell_means(activity.static_bright, size)
    # Opening by five cells removes text and traces, and separates them from a sector that they touch.
    solid = cv2.morphologyEx(
        _smoothed_active(active), cv2.MORPH_OPEN, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))
    )
    count, labels, stats, _ = cv2.connectedComponentsWithStats(solid, connectivity=4)
    if count < 2:
        return None
    component = labels == 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    strong = _cell_means(activity.strong, size)
    return ActivityGrid(
        active=active,
        strong=strong,
        static_bright=static_bright,
        component=component,
        weight=_weights(active, static_bright, component),
        size=size,
    )


def fine_grid(activity: ActivityMaps, coarse: ActivityGrid) -> ActivityGrid:
    """The grid of the fine fit; its main component is found within the coarse one."""
    size = max(1.0, max(activity.tight.shape) / FINE)
    active, static_bright = _cell_means(activity.tight, size), _cell_means(activity.static_bright, size)
    near = cv2.dilate(coarse.component.astype(np.uint8), np.ones((3, 3), np.uint8))
    near = cv2.resize(near, active.shape[::-1], interpolation=cv2.INTER_NEAREST)
    solid = (cv2.GaussianBlur(active, (0, 0), 1.5) >= 0.4).astype(np.uint8) & near
    component = cv2.morphologyEx(solid, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)) > 0
    if not component.any():
        component = near > 0
    strong = _cell_means(activity.strong, size)
    return ActivityGrid(
        active=active,
        strong=strong,
        static_bright=static_bright,
        component=component,
        weight=_weights(active, static_bright, component),
        size=size,
    )


def joined_grid(grid: ActivityGrid, shape: SectorShape) -> ActivityGrid | None:
    """The grid with further components between the shape's sides joined to the main one, or None.

    A sector may be split into bands across it: ringing at the probe, dark depths, noise below them. Such a
    component lies between the two sides and spans at least half of the distance between them; a line of
    text does not. Below a fan nothing is joined: traces are drawn there.
    """
    open3 = cv2.morphologyEx(_smoothed_active(grid.active), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    count, labels = cv2.connectedComponents(open3, connectivity=4)
    component = grid.component.copy()
    for label in range(1, count):
        piece = labels == label
        if (piece & grid.component).any():
            continue
        y, x = np.nonzero(piece)
        u, v = coordinates(shape.family, shape.x, shape.y, x + 0.5, y + 0.5)
        # A cell that a side crosses counts as between: close to an apex most cells are of that kind.
        reach = 1.0 / _cells_per_unit(shape, v)
        between = (u > shape.u0 - reach) & (u < shape.u1 + reach)
        spans = float(np.ptp(u[between])) >= 0.5 * (shape.u1 - shape.u0) if between.any() else False
        if spans and between.mean() >= 0.9 and (shape.family == "parallelogram" or v.mean() < shape.v0):
            component |= piece
    if (component == grid.component).all():
        return None
    return replace(grid, component=component, weight=_weights(grid.active, grid.static_bright, component))


def _cells_per_unit(shape: SectorShape, v: NDArray[np.float64]) -> NDArray[np.float64]:
    """How many cells wide one unit of u is at ``v``."""
    if shape.family == "parallelogram":
        return np.ones_like(v)
    return np.maximum(v if shape.family == "fan" else v - shape.y, 1.0)


def straight_crop(
    component: NDArray[np.bool_], min_shares: tuple[float, float, float, float] = STRAIGHT_SHARES
) -> tuple[float, float, float, float]:
    """x0, y0, x1, y1 of the sides where the component ends in a long straight run; infinite elsewhere.

    ``min_shares`` says how long for left, top, right, bottom: the share of the component's rows (left and
    right) or columns (top and bottom) that end within a cell of the outermost.
    """
    found = []
    for view, share in zip(
        (component, component.T, component[:, ::-1], component[::-1].T), min_shares, strict=True
    ):
        first = np.argmax(view, axis=1)[view.any(1)]
        found.append(float(first.min()) if (first <= first.min() + 1).mean() >= share else -np.inf)
    height, width = component.shape
    return found[0], found[1], width - found[2], height - found[3]


def _cell_means(image: NDArray[np.uint8], size: float) -> NDArray[np.float32]:
    height, width = image.shape
    shape = (max(1, round(width / size)), max(1, round(height / size)))
    return cv2.resize(image, shape, interpolation=cv2.INTER_AREA).astype(np.float32) / 255


def _smoothed_active(active: NDArray[np.float32]) -> NDArray[np.uint8]:
    return (cv2.GaussianBlur(active, (0, 0), 1.0) >= 0.2).astype(np.uint8)


def _weights(active, static_bright, component) -> NDArray[np.float32]:
    """Weights of all cells. Sectors are nearly convex: idle cells within the component's hull cost less."""
    component = component.astype(np.uint8)
    hull = np.zeros(component.shape, np.uint8)
    cv2.fillConvexPoly(hull, cv2.convexHull(cv2.findNonZero(component)), 1)
    near = cv2.dilate(component, np.ones((3, 3), np.uint8)) > 0
    cost = np.where(hull, IDLE_COST_IN_HULL, 1.0)
    distant = np.where(active <= 0, 0.0, np.where(active < MAX_SPARSE, DISTANT_WEIGHT, DISTANT_WEIGHT * 0.25))
    return (
        np.where(near, ACTIVE_WEIGHT * active, distant)
        - cost * (1 - active)
        - np.where(hull, 0.0, static_bright)
    ).astype(np.float32)
