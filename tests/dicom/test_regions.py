import numpy as np
import pytest
from pydicom.dataset import Dataset

from echoclr_core.dicom.outcomes import UnusableFile
from echoclr_core.dicom.reading import read_cine
from echoclr_core.dicom.regions import read_regions


def item(x0, y0, x1, y1, spatial_format=1, data_type=1):
    region = Dataset()
    region.RegionLocationMinX0, region.RegionLocationMinY0 = x0, y0
    region.RegionLocationMaxX1, region.RegionLocationMaxY1 = x1, y1
    region.RegionSpatialFormat, region.RegionDataType = spatial_format, data_type
    return region


def boxes(*items, height=100, width=200):
    dataset = Dataset()
    dataset.SequenceOfUltrasoundRegions = list(items)
    return [(r.x0, r.y0, r.x1, r.y1) for r in read_regions(dataset, height, width)]


def test_maxima_are_inclusive_in_the_tags_and_exclusive_here():
    assert boxes(item(10, 20, 109, 79)) == [(10, 20, 110, 80)]


def test_small_overshoot_is_cut_and_stale_regions_are_dropped():
    assert boxes(item(0, 0, 200, 100)) == [(0, 0, 200, 100)]
    assert boxes(item(0, 0, 371, 185)) == []  # 1.86 x the frame, as met in a public file
    assert boxes(item(250, 10, 300, 20)) == []
    assert boxes(item(50, 10, 40, 20)) == []


def test_broken_items_do_not_hide_good_ones():
    broken = item(0, 0, 9, 9)
    del broken.RegionLocationMaxX1
    assert boxes(broken, item(1, 2, 3, 4)) == [(1, 2, 4, 5)]


@pytest.mark.parametrize(
    ("deltas", "units", "expected"),
    [
        ((0.05, 0.04), (3, 3), (0.5, 0.4)),
        ((0.0432198765, -0.0432198765), (3, 3), (0.4322, 0.4322)),  # four digits; downwards with a minus
        ((0.05, 0.05), (3, 4), None),  # seconds
        ((0.05, 0.05), (None, None), None),
        ((0.05, None), (3, 3), None),
        ((20190317.0, 0.05), (3, 3), None),
        ((0.0, 0.05), (3, 3), None),
        ((float("nan"), 0.05), (3, 3), None),
    ],
)
def test_a_calibration_is_believed_where_it_is_a_length(deltas, units, expected):
    tagged = item(0, 0, 99, 99)
    for axis, delta, unit in zip("XY", deltas, units, strict=True):
        if delta is not None:
            setattr(tagged, f"PhysicalDelta{axis}", delta)
        if unit is not None:
            setattr(tagged, f"PhysicalUnits{axis}Direction", unit)
    dataset = Dataset()
    dataset.SequenceOfUltrasoundRegions = [tagged]
    assert read_regions(dataset, 100, 100)[0].mm_per_pixel == expected


TISSUE, COLOUR, DOPPLER, M_MODE, ECG = (1, 1), (1, 2), (3, 3), (2, 1), (4, 10)


@pytest.mark.parametrize(
    ("kinds", "refused"),
    [
        ([], False),
        ([TISSUE], False),
        ([COLOUR, ECG], False),
        ([TISSUE, DOPPLER], False),
        ([ECG], False),
        ([(0, 0)], False),
        ([DOPPLER], True),
        ([DOPPLER, ECG], True),
        ([M_MODE], True),
        ([M_MODE, DOPPLER], True),
        ([(1, 4)], True),  # tagged two-dimensional, and continuous wave
    ],
)
def test_only_loops_without_any_two_dimensional_image_are_refused(make_dicom, kinds, refused):
    regions = [item(0, 0, 31, 23, *kind) for kind in kinds]
    path = make_dicom(np.zeros((3, 24, 32), np.uint8), SequenceOfUltrasoundRegions=regions)
    if refused:
        with pytest.raises(UnusableFile) as caught:
            read_cine(path)
        assert caught.value.outcome == "spectral_doppler_or_mmode"
    else:
        assert len(read_cine(path).regions) == len(kinds)


def test_stale_doppler_regions_say_nothing(make_dicom):
    stale = item(0, 0, 400, 300, *DOPPLER)
    path = make_dicom(np.zeros((3, 24, 32), np.uint8), SequenceOfUltrasoundRegions=[stale])
    assert read_cine(path).regions == ()
