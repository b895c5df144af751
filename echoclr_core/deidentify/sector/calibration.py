"""Millimetres a pixel of the picture that is kept, from the region tag that holds it."""

from collections.abc import Sequence

import numpy as np

from echoclr_core.dicom.regions import TWO_DIMENSIONAL, Region

MIN_SHARE_HELD = 0.9  # of the mask: tags of a frame that was enlarged later hold a corner of it
SPACING_TOLERANCE = 0.01  # relative, between regions that both hold the mask


def mm_per_pixel(regions: Sequence[Region], mask: np.ndarray) -> tuple[float, float] | None:
    """Millimetres a pixel, (across, down), of the two-dimensional region that holds the mask.

    Parameters
    ----------
    regions
        See :func:`~echoclr_core.dicom.regions.read_regions`.
    mask
        (H, W) bool: what is kept of the frame.

    Returns
    -------
    None where no region with a calibration holds 90 % of the mask, or where several do that differ by more
    than 1 %, so that none can be believed.
    """
    total = int(mask.sum())
    found = [
        region.mm_per_pixel
        for region in regions
        if region.spatial_format == TWO_DIMENSIONAL
        and region.mm_per_pixel is not None
        and total
        and int(mask[region.y0 : region.y1, region.x0 : region.x1].sum()) >= MIN_SHARE_HELD * total
    ]
    if not found:
        return None
    spread = np.ptp(found, axis=0) / np.min(found, axis=0)
    return None if (spread > SPACING_TOLERANCE).any() else found[0]
