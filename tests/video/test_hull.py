"""The paper's hull mask."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from echoclr_core.video.hull import fit_frames, sector_mask, shrink


def disc(height, width, y, x, radius, value=90):
    image = np.zeros((height, width), np.uint8)
    cv2.circle(image, (x, y), radius, value, -1)
    return image


def convex_by_half_planes(points, shape):
    """Slow: a pixel is inside where no line through two of the points has all points on its other side."""
    ys, xs = np.mgrid[: shape[0], : shape[1]]
    inside = np.ones(shape, bool)
    for ay, ax in points:
        for by, bx in points:
            side = (bx - ax) * (points[:, 0] - ay) - (by - ay) * (points[:, 1] - ax)
            if (ay, ax) != (by, bx) and (side >= 0).all():
                inside &= (bx - ax) * (ys - ay) - (by - ay) * (xs - ax) >= 0
    return inside


def test_the_mask_is_the_hull_of_the_largest_part():
    frame = np.zeros((30, 40), np.uint8)
    frame[5:20, 8:12] = 1  # an L: its hull takes in the missing corner
    frame[16:20, 8:25] = 3
    frame[25:28, 30:38] = 255  # smaller, brighter: left out
    points = np.argwhere(frame[:22] > 0)
    expected = convex_by_half_planes(points, frame.shape)
    mask = sector_mask(frame[None])
    assert mask.dtype == bool
    assert mask[frame[:22].nonzero()].all()
    assert not mask[25:28, 30:38].any()
    # Rasterised edges may differ by the pixels they run through, nothing more.
    assert (mask & ~cv2.dilate(expected.astype(np.uint8), np.ones((3, 3))).astype(bool)).sum() == 0
    assert (expected & ~mask).sum() == 0


def test_one_mask_a_video_is_of_the_temporal_maximum():
    frames = np.stack([disc(40, 40, 20, 12, 5), disc(40, 40, 20, 28, 5), disc(40, 40, 20, 20, 5)])
    whole = sector_mask(frames)
    assert whole[20, 7:34].all()
    for frame in frames:
        assert not (sector_mask(frame[None]) & ~whole).any()
    np.testing.assert_array_equal(whole, sector_mask(frames[::-1]))


def test_nonzero_keeps_dim_pixels_literal_only_bright_ones():
    frame = np.zeros((50, 50), np.uint8)
    frame[5:45, 5:45] = 1
    frame[20:30, 20:30] = 201
    frame[20:30, 10:20] = 200  # 200 itself is not above 200
    np.testing.assert_array_equal(sector_mask(frame[None]), frame > 0)
    np.testing.assert_array_equal(sector_mask(frame[None], binarise="literal"), frame == 201)
    both = sector_mask(frame[None], threshold=199, binarise="literal")
    np.testing.assert_array_equal(both, frame >= 200)


def test_blank_and_one_colour_videos_are_defined():
    assert not sector_mask(np.zeros((3, 7, 9), np.uint8)).any()
    assert sector_mask(np.full((3, 7, 9), 128, np.uint8)).all()
    assert not sector_mask(np.full((3, 7, 9), 128, np.uint8), binarise="literal").any()


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 24), st.integers(1, 24), st.integers(0, 10_000))
def test_any_video_gives_a_mask_of_its_size_that_holds_a_lit_pixel(height, width, seed):
    rng = np.random.default_rng(seed)
    frames = (rng.random((2, height, width)) < 0.1).astype(np.uint8) * 9
    mask = sector_mask(frames)
    assert mask.shape == (height, width)
    assert mask.any() == frames.any()
    np.testing.assert_array_equal(mask, sector_mask(frames * 28))  # how bright does not count


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"binarise": "otsu"}, r"otsu.*nonzero.*literal"),
        ({"threshold": 255}, "255.*0 to 254"),
        ({"frames": np.zeros((4, 4), np.uint8)}, r"\(4, 4\)"),
        ({"frames": np.zeros((0, 4, 4), np.uint8)}, r"\(0, 4, 4\)"),
        ({"frames": np.zeros((1, 4, 4))}, "float64"),
    ],
)
def test_wrong_input_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        sector_mask(**({"frames": np.zeros((1, 4, 4), np.uint8)} | arguments))


def test_area_interpolation_is_the_mean_of_each_block():
    frames = np.random.default_rng(0).integers(0, 256, (2, 336, 224), dtype=np.uint8)
    blocks = frames.reshape(2, 112, 3, 112, 2).mean(axis=(2, 4))
    assert np.abs(fit_frames(frames, 112) - blocks).max() <= 0.5 + 1e-6


@pytest.mark.parametrize(
    ("height", "width"), [(480, 640), (768, 1024), (600, 800), (434, 636), (501, 333), (90, 50)]
)
@pytest.mark.parametrize("size", [112, 56, 96])
def test_empty_margins_change_no_bit_of_the_result(height, width, size):
    rng = np.random.default_rng(size)
    for _ in range(8):
        frame = np.zeros((height, width), np.uint8)
        top, left = rng.integers(0, height // 2), rng.integers(0, width // 2)
        lit = frame[top : rng.integers(top + 1, height + 1), left : rng.integers(left + 1, width + 1)]
        lit[:] = rng.integers(0, 256, lit.shape)
        whole = cv2.resize(frame, (size, size), interpolation=cv2.INTER_AREA)
        np.testing.assert_array_equal(fit_frames(frame, size), whole)
    assert not fit_frames(np.zeros((height, width), np.uint8), size).any()


@settings(max_examples=200, deadline=None)
@given(
    st.integers(1, 900), st.integers(1, 900), st.integers(1, 130), st.integers(1, 130), st.integers(0, 10_000)
)
def test_any_picture_shrinks_bit_by_bit_as_opencv_shrinks_it(height, width, small_height, small_width, seed):
    rng = np.random.default_rng(seed)
    even = rng.integers(0, 256, dtype=np.uint8)  # of one grey, too: sums of weights that are not quite 1
    for frame in (rng.integers(0, 256, (height, width), dtype=np.uint8), np.full((height, width), even)):
        expected = cv2.resize(frame, (small_width, small_height), interpolation=cv2.INTER_AREA)
        np.testing.assert_array_equal(shrink(frame, small_height, small_width), expected)


def test_keep_aspect_pads_with_zeros_to_a_square():
    frame = np.full((60, 120), 200, np.uint8)
    wide = fit_frames(frame, 30, keep_aspect=True)
    assert (wide[:7] == 0).all()
    assert (wide[23:] == 0).all()
    assert (wide[8:22] == 200).all()
    assert (fit_frames(frame.T, 30, keep_aspect=True) == wide.T).all()
    assert (fit_frames(frame, 30) == 200).all()
    assert fit_frames(np.ones((5, 3), np.uint8), 7, keep_aspect=True).shape == (7, 7)  # enlarged, odd
