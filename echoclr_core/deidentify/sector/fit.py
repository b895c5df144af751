"""Fit the ultrasound window of a clip: the shape that holds what moves, and little else."""

from dataclasses import dataclass, replace

import numpy as np

from echoclr_core.deidentify.sector.activity_grid import (
    NO_CUT,
    Cells,
    coarse_cells,
    cuts,
    fine_cells,
    joined_cells,
)
from echoclr_core.deidentify.sector.edge_contrast import SHARP, side_sharpness
from echoclr_core.deidentify.sector.geometry import FAMILIES, Shape
from echoclr_core.deidentify.sector.optimise import best_shape, climb, points_of, starting_shapes
from echoclr_core.deidentify.sector.region_prior import fan_by_tag
from echoclr_core.deidentify.sector.temporal_activity import Evidence

PLAIN = 0.985  # a slanted window is preferred to a fan or trapezoid if it scores at least this share
BOXED = 0.93  # so is an upright rectangle where the activity has straight upright sides
UPRIGHT = (0.5, 0.5, 0.5, 0.5)  # shares of the sides' length that must be straight for that
EVEN = 0.99  # so is a fan that is the same on both sides
EVEN_IF_SOFT = 0.94  # the same where the nearer side of the uneven fan is no sharp line


@dataclass(frozen=True, kw_only=True)
class Fit:
    """A fitted window and how convincing it is.

    Parameters
    ----------
    shape
        In pixels of the full picture.
    fill
        Mean activity inside, 0 to 1; of the shape fitted without a tag.
    caught
        Share of the main part's activity that lies inside.
    """

    shape: Shape
    fill: float
    caught: float


def fit_window(evidence: Evidence, tag: tuple[int, int, int, int] | None = None) -> Fit | None:
    """The best window of all families, or None where nothing larger than a few lines of text moves.

    ``tag`` is x0, y0, x1, y1 (pixels, half open) of the region tag, if there is one to consider.
    """
    coarse = coarse_cells(evidence)
    if coarse is None:
        return None
    fine = fine_cells(evidence, coarse)
    found = _search(coarse, fine)
    joined = joined_cells(coarse, found)
    if joined is not None:
        coarse, fine = joined, fine_cells(evidence, joined)
        found = _search(coarse, fine)
    even = _evened(found, coarse)
    shape = _refined((even or found).scaled(coarse.size / fine.size), fine, even=even is not None)
    mask = shape.mask(*fine.f.shape)
    fill = float(fine.f[mask].sum()) / max(int(mask.sum()), 1)
    if tag is not None:
        shape = fan_by_tag(shape, tuple(edge / fine.size for edge in tag), fine) or shape
        mask = shape.mask(*fine.f.shape)
    own = fine.f * fine.part
    caught = float(own[mask].sum()) / max(float(own.sum()), 1e-9)
    return Fit(shape=shape.scaled(fine.size), fill=fill, caught=caught)


def _search(cells: Cells, fine: Cells) -> Shape:
    """The best shape on the coarse grid, with and without the cuts that straight sides suggest."""
    scale = fine.size / cells.size
    ys, xs = np.nonzero(cells.part)
    box = (int(xs.min()), int(ys.min()), int(xs.max()) + 1, int(ys.max()) + 1)
    found = []
    for window in dict.fromkeys((NO_CUT, tuple(edge * scale for edge in cuts(fine.part)))):
        points = points_of(cells.gain, window)
        for family in FAMILIES:
            for start in starting_shapes(family, box, points)[:2]:
                shape = replace(climb(start, points, 2.0, 0.5)[1], window=window)
                found.append((_inside(shape, cells), shape))
    best, shape = max(found, key=lambda item: item[0])
    if np.isfinite(cuts(fine.part, UPRIGHT)[::2]).all():
        upright = Shape(family="slanted", x=0.0, y=0.0, u0=0.0, u1=0.0, v0=0.0, v1=0.0)
        score, rectangle = best_shape(upright, points_of(cells.gain, NO_CUT))
        if score >= BOXED * best:
            return rectangle
    held = _held(shape, cells)
    plain = [
        item
        for item in found
        if item[1].family == "slanted" and item[0] >= PLAIN * best and _held(item[1], cells) >= PLAIN * held
    ]
    return max(plain, key=lambda item: item[0])[1] if plain else shape


def _inside(shape: Shape, cells: Cells) -> float:
    """Sum of the gains that a shape holds, cuts and all, so that shapes of all kinds can be compared."""
    return float(cells.gain[shape.mask(*cells.gain.shape)].sum())


def _held(shape: Shape, cells: Cells) -> float:
    """How much of the main part's activity a shape holds."""
    return float((cells.f * cells.part)[shape.mask(*cells.f.shape)].sum())


def _evened(shape: Shape, cells: Cells) -> Shape | None:
    """The best fan with equal sides, if it explains the clip about as well; else None.

    Scanners draw fans upright and even unless told otherwise, and a flank may be too dark to show its
    edge. An uneven fan stands only where its nearer side is a sharp line, or where the even one would cost
    much more.
    """
    if shape.family != "fan" or np.isfinite(shape.window).any():
        return None
    points = points_of(cells.gain, shape.window)
    start = best_shape(shape, points, even=True)
    if start is None:
        return None
    even = climb(start, points, 2.0, 0.5, even=True)[1]
    own = _inside(shape, cells)
    share = _inside(even, cells) / own if own > 0 else 0.0
    side = shape.u0 if -shape.u0 < shape.u1 else shape.u1
    limit = EVEN if side_sharpness(shape, side, cells) >= SHARP else EVEN_IF_SOFT
    return even if share >= limit else None


def _refined(shape: Shape, cells: Cells, *, even: bool) -> Shape:
    """The same kind of shape on the fine grid."""
    points = points_of(cells.gain, shape.window)
    start = best_shape(shape, points, even=even)
    assert start is not None, "the coarse shape has cells in reach, so has the fine one"
    return climb(start, points, 3.0, 0.75, even=even)[1]
