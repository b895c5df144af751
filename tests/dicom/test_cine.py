import numpy as np
import pytest

from echoclr_core.dicom.cine import Cine
from echoclr_core.dicom.regions import Region


def test_from_array_grey():
    frames = np.arange(7 * 3 * 5, dtype=np.uint8).reshape(7, 3, 5)
    region = Region(x0=0, y0=0, x1=5, y1=3, spatial_format=1, data_type=1)
    cine = Cine.from_array(frames, fps=25.0, regions=[region])
    assert (cine.frame_count, cine.height, cine.width, cine.fps, cine.regions) == (7, 3, 5, 25.0, (region,))
    np.testing.assert_array_equal(list(cine.frames()), frames)
    np.testing.assert_array_equal(list(cine.frames()), frames)  # as often as asked
    np.testing.assert_array_equal(list(cine.colour_frames()), np.repeat(frames[..., None], 3, 3))


def test_from_array_colour_gives_rec601_luma(moving):
    cine = Cine.from_array(moving)
    np.testing.assert_array_equal(list(cine.colour_frames()), moving)
    expected = moving @ np.array([0.299, 0.587, 0.114])
    assert np.abs(np.stack(list(cine.frames())) - expected).max() <= 0.51


def test_frames_are_the_callers_own():
    frames = np.zeros((2, 3, 3), np.uint8)
    next(Cine.from_array(frames).frames())[:] = 9
    assert frames.max() == 0


@pytest.mark.parametrize(("n", "chosen"), [(1, [0]), (2, [0, 9]), (4, [0, 3, 6, 9]), (50, list(range(10)))])
def test_sample_is_evenly_spaced_and_holds_both_ends(n, chosen):
    frames = np.arange(10, dtype=np.uint8)[:, None, None] * np.ones((1, 2, 2), np.uint8)
    assert Cine.from_array(frames).sample(n)[:, 0, 0].tolist() == chosen


def test_mistakes_are_named():
    with pytest.raises(ValueError, match="n is 0"):
        Cine.from_array(np.zeros((2, 3, 3), np.uint8)).sample(0)
    with pytest.raises(ValueError, match="float64"):
        Cine.from_array(np.zeros((2, 3, 3)))
