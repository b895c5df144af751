"""The fitted window against screens whose window is known."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from phantom_screens import random_shape, screen

from echoclr_core.deidentify.sector.boundary import boundary_mask
from echoclr_core.deidentify.sector.geometry import SectorShape
from echoclr_core.deidentify.sector.optimise import best_box, best_interval, best_interval_box
from echoclr_core.dicom.cine import Cine
from echoclr_core.dicom.outcomes import UnusableFile
from echoclr_core.dicom.regions import Region

SIZES = ((240, 320), (300, 401), (434, 636))


def iou(one, other):
    return (one & other).sum() / (one | other).sum()


@pytest.mark.parametrize(
    "kind", ["phased", "steered", "cut", "convex", "trapezoid", "rectangle", "parallelogram"]
)
def test_windows_of_all_families_are_found(kind):
    overlaps = []
    for number, (height, width) in enumerate(SIZES):
        rng = np.random.default_rng([number, sum(map(ord, kind))])
        shape = random_shape(rng, kind, height, width)
        count, jpeg, dark = ((12, None, 0.0), (4, 90, 0.6), (16, None, 0.9))[number]
        frames, truth = screen(
            rng, shape, height, width, count=count, jpeg=jpeg, dark=dark, trace=number != 1
        )
        overlaps.append(iou(boundary_mask(Cine.from_array(frames)), truth))
    assert np.mean(overlaps) >= 0.97, overlaps
    assert min(overlaps) >= 0.94, overlaps


def test_no_drawn_pixel_outside_the_window_is_kept():
    rng = np.random.default_rng(5)
    shape = random_shape(rng, "phased", 480, 640)
    frames, truth = screen(rng, shape, 480, 640, count=8)
    mask = boundary_mask(Cine.from_array(frames), margin=2.0)
    drawn = (frames.max(0) > 0) & ~truth
    assert drawn.sum() > 5000
    assert (drawn & mask).sum() <= 0.005 * drawn.sum()


def test_the_same_clip_gives_the_same_mask_and_a_margin_shrinks_it():
    rng = np.random.default_rng(2)
    shape = random_shape(rng, "convex", 240, 320)
    frames, _ = screen(rng, shape, 240, 320, count=6)
    cine = Cine.from_array(frames)
    masks = [boundary_mask(cine, margin=margin) for margin in (0.0, 0.0, 3.0, -3.0)]
    assert (masks[0] == masks[1]).all()
    assert masks[2].sum() < masks[0].sum() < masks[3].sum()
    assert not (masks[2] & ~masks[0]).any()
    distance = cv2.distanceTransform(np.pad(masks[0], 1).astype(np.uint8), cv2.DIST_L2, 5)[1:-1, 1:-1]
    assert distance[masks[2]].min() >= 2


def test_colour_frames_give_the_mask_of_their_luma():
    rng = np.random.default_rng(8)
    frames, _ = screen(rng, random_shape(rng, "phased", 240, 320), 240, 320, count=6)
    colour = np.repeat(frames[..., None], 3, axis=3)
    assert (boundary_mask(Cine.from_array(colour)) == boundary_mask(Cine.from_array(frames))).all()


def _refusal(frames, method="sector"):
    with pytest.raises(UnusableFile) as caught:
        boundary_mask(Cine.from_array(frames), method)
    return caught.value.outcome


def test_blank_still_and_noisy_pictures_are_refused():
    rng = np.random.default_rng(1)
    frames, _ = screen(rng, random_shape(rng, "phased", 240, 320), 240, 320, count=4)
    assert _refusal(np.zeros((4, 240, 320), np.uint8)) == "blank"
    assert _refusal(np.zeros((4, 240, 320), np.uint8), "rectangle") == "blank"
    assert _refusal(np.repeat(frames[:1], 6, axis=0)) == "no_sector"
    assert _refusal(rng.integers(0, 256, (6, 240, 320), dtype=np.uint8)) == "no_sector"


def test_counters_and_traces_alone_are_no_sector():
    rng = np.random.default_rng(4)
    frames, truth = screen(rng, random_shape(rng, "phased", 480, 640), 480, 640, count=16)
    still = np.where(truth, frames[:1], frames)
    assert (still.max(0) != still.min(0)).any()
    assert _refusal(still) == "no_sector"


def test_tiny_pictures_are_refused_and_do_not_crash():
    rng = np.random.default_rng(0)
    assert _refusal(rng.integers(0, 256, (3, 3, 3), dtype=np.uint8)) == "no_sector"
    assert _refusal(rng.integers(0, 256, (2, 1, 40), dtype=np.uint8)) == "no_sector"


def test_the_rectangle_keeps_rows_and_columns_from_10_to_95_percent():
    frames = np.full((2, 480, 640), 90, np.uint8)
    mask = boundary_mask(Cine.from_array(frames), "rectangle")
    assert mask[48:456, 64:608].all()
    assert mask.sum() == (456 - 48) * (608 - 64)


def test_an_unknown_method_is_refused():
    with pytest.raises(ValueError, match="'circle' is not allowed"):
        boundary_mask(Cine.from_array(np.zeros((2, 9, 9), np.uint8)), "circle")


def _region(box):
    return Region(x0=box[0], y0=box[1], x1=box[2], y1=box[3], spatial_format=1, data_type=1)


def _dark_fan():
    """A fan that shows tissue around its middle only, and its bounding box."""
    rng = np.random.default_rng(3)
    shape = SectorShape(family="fan", x=200.0, y=30.0, u0=-0.75, u1=0.75, v0=0.0, v1=240.0)
    frames, truth = screen(rng, shape, 300, 400, count=8, trace=False)
    y, x = np.mgrid[:300, :400]
    fading = np.exp(-(((x - 200) / 45) ** 2 + ((y - 120) / 55) ** 2))
    frames = np.where(truth, frames * fading, frames).astype(np.uint8)
    ys, xs = np.nonzero(truth)
    return frames, truth, (xs.min(), ys.min(), xs.max() + 1, ys.max() + 1)


def test_a_tight_region_tag_shows_what_is_too_dark_to_move():
    frames, truth, box = _dark_fan()
    without = iou(boundary_mask(Cine.from_array(frames)), truth)
    tagged = iou(boundary_mask(Cine.from_array(frames, regions=[_region(box)])), truth)
    assert tagged >= 0.96 > without


def test_a_tag_does_not_bring_text_in():
    frames, truth, box = _dark_fan()
    for frame in frames:
        for row in (150, 190, 230):
            cv2.putText(frame, "DOE^JANE 48-1207", (110, row), cv2.FONT_HERSHEY_SIMPLEX, 0.7, 220, 2)
    free = boundary_mask(Cine.from_array(frames))
    assert free.sum() < 0.8 * truth.sum()
    assert (boundary_mask(Cine.from_array(frames, regions=[_region(box)])) == free).all()


def test_a_tag_that_contradicts_the_picture_changes_nothing():
    rng = np.random.default_rng(6)
    shape = random_shape(rng, "phased", 300, 400)
    frames, truth = screen(rng, shape, 300, 400, count=8)
    free = boundary_mask(Cine.from_array(frames))
    for stale in ((0, 0, 200, 150), (0, 0, 399, 299), (250, 200, 400, 300)):
        assert (boundary_mask(Cine.from_array(frames, regions=[_region(stale)])) == free).all()
    assert iou(free, truth) >= 0.97


def test_activity_beside_a_tag_is_left_out():
    rng = np.random.default_rng(7)
    frames, truth = screen(rng, random_shape(rng, "phased", 300, 400), 300, 400, count=2, trace=False)
    ys, xs = np.nonzero(truth)
    frames[1, : max(1, ys.min() - 12)] = 200  # a banner that appears after the first frame
    box = (xs.min(), ys.min(), xs.max() + 1, ys.max() + 1)
    mask = boundary_mask(Cine.from_array(frames, regions=[_region(box)]))
    assert iou(mask, truth) >= 0.95
    assert not mask[: max(1, ys.min() - 14)].any()


@given(arrays(np.float64, st.integers(1, 9), elements=st.integers(-5, 5)))
def test_best_interval_is_the_best_of_all(values):
    i, j, total = best_interval(values)
    runs = [values[a:b].sum() for a in range(len(values) + 1) for b in range(a, len(values) + 1)]
    assert total == max(runs)
    assert values[i:j].sum() == total


def test_best_box_finds_a_planted_box():
    table = np.full((12, 15), -1.0)
    table[3:8, 4:12] = 2.0
    assert best_box(table) == (3, 8, 4, 12, 80.0)
    table[:3] = -0.5
    assert best_box(table, from_first=True)[:4] == (0, 8, 4, 12)


def test_best_shape_finds_a_planted_fan_and_nothing_among_no_cells():
    truth = SectorShape(family="fan", x=30.0, y=-4.0, u0=-0.5, u1=0.6, v0=10.0, v1=44.0)
    y, x = np.mgrid[0.5:50, 0.5:60].astype(np.float32)
    gain = np.where(truth.mask(50, 60), np.float32(1), np.float32(-1))
    _, found = best_interval_box(truth, (x.ravel(), y.ravel(), gain.ravel()))
    assert iou(found.mask(50, 60), truth.mask(50, 60)) > 0.93
    none = np.empty(0, np.float32)
    for family in ("fan", "trapezoid", "parallelogram"):
        like = SectorShape(family=family, x=0.0, y=0.0, u0=0.0, u1=0.0, v0=0.0, v1=0.0)
        assert best_interval_box(like, (none, none, none)) is None


@pytest.mark.parametrize("kind", ["phased", "cut", "convex", "trapezoid", "parallelogram"])
def test_a_scaled_shape_is_the_same_window_in_a_larger_picture(kind):
    shape = random_shape(np.random.default_rng(0), kind, 120, 160)
    large = shape.scaled(4.0).mask(480, 640)
    small = shape.mask(120, 160)
    assert iou(cv2.resize(large.astype(np.uint8), (160, 120), interpolation=cv2.INTER_AREA) > 0, small) > 0.95
    assert large[2::4, 2::4].shape == small.shape


def test_a_fan_mask_is_the_set_of_angles_and_radii():
    shape = SectorShape(family="fan", x=30.0, y=-4.0, u0=-0.5, u1=0.6, v0=10.0, v1=44.0)
    mask = shape.mask(50, 60)
    for row in range(50):
        for column in range(60):
            dx, dy = column + 0.5 - 30.0, row + 0.5 + 4.0
            angle, radius = np.arctan2(dx, dy), np.hypot(dx, dy)
            assert mask[row, column] == (-0.5 <= angle <= 0.6 and 10 <= radius <= 44)
