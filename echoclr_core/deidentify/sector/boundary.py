"""The boundary mask: which pixels of a clip may be kept."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from echoclr_core.deidentify.sector.fit import SectorFit, fit_sector
from echoclr_core.deidentify.sector.temporal_activity import ActivityMaps, temporal_activity
from echoclr_core.dicom.outcomes import UnusableFile

if TYPE_CHECKING:
    from echoclr_core.dicom.cine import Cine
    from echoclr_core.dicom.regions import Region

METHODS = ("sector", "rectangle")
SAMPLED_FRAMES = 32  # frames; more hardly improve the fit and cost decoding time
MIN_AREA = 0.06  # of the picture; smaller ones are counters or traces
MAX_AREA = 0.9  # of the picture; where all of it changes (noise, a change of scene) no sector can be found
MIN_EXTENT = 0.15  # of the picture's height and width
MIN_PIXELS = 24  # of a sector's height and width; nothing can be seen in less
MIN_ACTIVE_FRACTION = 0.25  # mean activity inside; the darkest real sector seen had twice that
MIN_COVERAGE = 0.9  # of the main component's activity; with less, the shape is none of those known
TWO_DIMENSIONAL = 1  # RegionSpatialFormat, PS3.3 C.8.5.5.1.1
MIN_ACTIVITY_IN_REGIONS = 0.75  # share of the activity inside the region tags, below which they are ignored
REGION_TOLERANCE = 0.03  # of the picture's size; real sectors extend a little beyond their regions
REGION_AREA_RANGE = (0.15, 0.9)  # of the picture; a region of nearly all of it is no information


@dataclass(frozen=True, kw_only=True)
class FittedSector:
    """The sector fitted to a clip, and how well it explains what changes over time.

    Parameters
    ----------
    mask
        (H, W) bool.
    active_fraction, coverage
        As of :class:`~echoclr_core.deidentify.sector.fit.SectorFit`, 0 to 1.
    rejection
        Why the fit is not convincing, so that the clip is quarantined; "" if it is.
    """

    mask: NDArray[np.bool_]
    active_fraction: float
    coverage: float
    rejection: str


def boundary_mask(
    cine: "Cine", method: str = "sector", *, margin: float = 0.5, frames: NDArray[np.uint8] | None = None
) -> NDArray[np.bool_]:
    """Which pixels of a cine loop may be kept.

    Parameters
    ----------
    cine
        The loop; at most 32 frames of it are decoded.
    method
        "sector": the ultrasound window itself, fitted to what moves: a fan, a trapezoid, a parallelogram or
        upright rectangle, cut off at sides where the screen does so. "rectangle": rows and columns from 10
        % to 95 %, the reading of "boundary pixels" that the published preprocessing uses; it neither looks
        at the picture nor removes all text.
    margin
        Pixels taken off every edge of the sector; negative adds.
    frames
        Frames (T, H, W) uint8 already sampled from ``cine``, to save decoding them again.

    Returns
    -------
    (H, W) bool
        True where a pixel may be kept. Deterministic.

    Raises
    ------
    UnusableFile
        Outcome "blank" if nothing is lit in any sampled frame (both methods), "no_sector" if no convincing
        window is found. No mask is ever guessed: such a file is not passed on.
    ValueError
        An unknown method.
    """
    if method not in METHODS:
        raise ValueError(f"boundary method {method!r} is not allowed; allowed are {list(METHODS)}")
    if frames is None:
        frames = cine.sample(SAMPLED_FRAMES)
    if method == "rectangle":
        if temporal_activity(frames).blank:
            raise _blank()
        return rectangle_mask(cine.height, cine.width)
    found = fitted_sector(cine, margin=margin, frames=frames)
    if found.rejection:
        raise UnusableFile("no_sector", found.rejection)
    return found.mask


def fitted_sector(cine: "Cine", *, margin: float = 0.5, frames: NDArray[np.uint8]) -> FittedSector:
    """The best sector of a cine loop, convincing or not; parameters as of :func:`boundary_mask`.

    Raises
    ------
    UnusableFile
        Outcome "blank" if nothing is lit in any of ``frames``, "no_sector" if nothing can be fitted.
    """
    activity = temporal_activity(frames)
    if activity.blank:
        raise _blank()
    fit = fit_sector(trusted_activity(activity, cine.regions), tight_region(cine))
    if fit is None:
        raise UnusableFile("no_sector", "no part of the picture larger than some text changes over time")
    mask = fit.shape.mask(cine.height, cine.width, margin)
    return FittedSector(
        mask=mask,
        active_fraction=fit.active_fraction,
        coverage=fit.coverage,
        rejection=_rejection_reason(fit, mask),
    )


def _blank() -> UnusableFile:
    return UnusableFile("blank", "no pixel of any sampled frame is lit")


def rectangle_mask(height: int, width: int) -> NDArray[np.bool_]:
    """(height, width) bool: rows and columns from 10 % to 95 %, rounded down as the published code does."""
    mask = np.zeros((height, width), bool)
    mask[int(0.10 * height) : int(0.95 * height), int(0.10 * width) : int(0.95 * width)] = True
    return mask


def trusted_activity(activity: ActivityMaps, regions: "tuple[Region, ...]") -> ActivityMaps:
    """The maps without what lies outside the two-dimensional regions, if regions and picture agree.

    Region tags may be stale, too large or missing: they only remove activity beside the sector.
    """
    height, width = activity.active.shape
    allowed = np.zeros((height, width), bool)
    dx, dy = round(REGION_TOLERANCE * width), round(REGION_TOLERANCE * height)
    for region in regions:
        if region.spatial_format == TWO_DIMENSIONAL:
            allowed[max(0, region.y0 - dy) : region.y1 + dy, max(0, region.x0 - dx) : region.x1 + dx] = True
    lit = activity.active > 0
    if not allowed.any() or (lit & allowed).sum() < MIN_ACTIVITY_IN_REGIONS * lit.sum():
        return activity
    return activity.within(allowed)


def tight_region(cine: "Cine") -> tuple[int, int, int, int] | None:
    """x0, y0, x1, y1 of the two-dimensional region, if there is just one and it is not most of the screen."""
    regions = [region for region in cine.regions if region.spatial_format == TWO_DIMENSIONAL]
    if len(regions) != 1:
        return None
    x0, y0, x1, y1 = regions[0].x0, regions[0].y0, regions[0].x1, regions[0].y1
    share = (x1 - x0) * (y1 - y0) / (cine.width * cine.height)
    return (x0, y0, x1, y1) if REGION_AREA_RANGE[0] <= share <= REGION_AREA_RANGE[1] else None


def _rejection_reason(fit: SectorFit, mask: NDArray[np.bool_]) -> str:
    """Why a fitted sector is not convincing; empty if it is."""
    rows, columns = mask.any(1), mask.any(0)
    small = min(rows.sum(), columns.sum()) < MIN_PIXELS or min(rows.mean(), columns.mean()) < MIN_EXTENT
    if small or mask.mean() < MIN_AREA:
        return "what changes over time is too small for an ultrasound window"
    if mask.mean() > MAX_AREA:
        return "the whole picture changes over time, text and all"
    if fit.active_fraction < MIN_ACTIVE_FRACTION:
        return "too little of the best window changes over time"
    if fit.coverage < MIN_COVERAGE:
        return "what changes over time has none of the shapes of an ultrasound window"
    return ""
