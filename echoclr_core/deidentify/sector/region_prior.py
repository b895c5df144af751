"""Region tags as a hint: the fan that a tag bounds, in loops too dark to show all of it."""

import numpy as np

from echoclr_core.deidentify.sector.activity_grid import Cells
from echoclr_core.deidentify.sector.edge_contrast import SHARP, bottom_sharpness, side_sharpness
from echoclr_core.deidentify.sector.geometry import Shape

TAG_SLACK = 0.03  # of the picture's longer side; how far a sharp edge may lie from a region tag
TAGGED_IDLE = 0.1  # of its cost is what an idle cell still costs inside a tagged region
LETTERED = (
    0.01  # share of what the tag adds that may be lit and still; more is text, so the tag is a loose one
)
HELD = 0.985  # share of the activity that the tagged fan must hold


def fan_by_tag(found: Shape, tag: tuple[float, float, float, float], cells: Cells) -> Shape | None:
    """The fan that a region tag bounds, where the clip does not speak against it; else None.

    In dark loops neither the depth nor the flanks need show, while most vendors' tags bound the fan
    tightly. Others tag the whole image area: so the tag must agree with each edge of the fitted shape that
    is sharp, the fan must hold what the fitted shape holds, and what it adds must be free of drawing.
    """
    if found.family == "fan" and not _agrees(found, tag, cells):
        return None
    x0, y0, x1, y1 = tag
    widest = np.arcsin(min(1.0, (x1 - x0) / 2 / (y1 - y0)))
    # The tag leaves one number open: the farther the apex lies above it, the narrower the fan.
    fans = [_bounded(tag, half) for half in np.linspace(widest, 0.55 * widest, 19)]
    reward = np.where(cells.gain > 0, cells.gain, TAGGED_IDLE * cells.gain)
    best = max(fans, key=lambda fan: float(reward[fan.mask(*cells.f.shape)].sum()))
    own = cells.f * cells.part
    inside, before = best.mask(*own.shape), found.mask(*own.shape)
    added = cells.drawn[inside & ~before]
    lettered = added.size > 0 and float(added.mean()) > LETTERED
    return best if float(own[inside].sum()) >= HELD * float(own[before].sum()) and not lettered else None


def _bounded(tag: tuple[float, float, float, float], half: float) -> Shape:
    """The upright fan of half-angle ``half`` whose bounding box is ``tag``."""
    x0, y0, x1, y1 = tag
    reach = (x1 - x0) / 2 / np.sin(half)
    x, y = (x0 + x1) / 2, y1 - reach
    start = max(0.0, (y0 - y) / np.cos(half))
    return Shape(family="fan", x=x, y=y, u0=-half, u1=half, v0=start, v1=reach)


def _agrees(found: Shape, tag: tuple[float, float, float, float], cells: Cells) -> bool:
    """Whether the sharp edges of a fitted fan reach as far as the tag does."""
    limit = TAG_SLACK * max(cells.f.shape)
    if bottom_sharpness(found, cells) >= SHARP and abs(found.y + found.v1 - tag[3]) > limit:
        return False
    for side, edge in ((found.u0, tag[0]), (found.u1, tag[2])):
        corner = found.x + found.v1 * np.sin(side)
        if side_sharpness(found, side, cells) >= SHARP and abs(corner - edge) > limit:
            return False
    return True
