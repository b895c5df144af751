"""Millimetres a pixel from the region tag that holds the sector, and from no other."""

import numpy as np
import pytest

from echoclr_core.deidentify.sector.calibration import mm_per_pixel
from echoclr_core.dicom.regions import Region

MASK = np.zeros((100, 200), bool)
MASK[10:90, 50:150] = True


def region(box=(40, 5, 160, 95), spacing=(0.5, 0.5), spatial_format=1):
    x0, y0, x1, y1 = box
    return Region(
        x0=x0, y0=y0, x1=x1, y1=y1, spatial_format=spatial_format, data_type=1, mm_per_pixel=spacing
    )


@pytest.mark.parametrize(
    ("regions", "expected"),
    [
        ([], None),
        ([region()], (0.5, 0.5)),
        ([region(spacing=None)], None),
        ([region(spatial_format=2)], None),  # M-mode counts seconds across
        ([region(box=(40, 5, 100, 50))], None),  # tags of a frame that was enlarged later
        ([region(box=(60, 20, 80, 40), spacing=(9.0, 9.0)), region()], (0.5, 0.5)),  # a box within
        ([region(), region(spacing=(0.502, 0.5))], (0.5, 0.5)),
        ([region(), region(spacing=(0.25, 0.25))], None),  # none of the two can be believed
    ],
)
def test_the_region_that_holds_the_sector_is_believed(regions, expected):
    assert mm_per_pixel(regions, MASK) == expected


def test_an_empty_mask_has_no_calibration():
    assert mm_per_pixel([region()], np.zeros((100, 200), bool)) is None
