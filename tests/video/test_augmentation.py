"""Augmentation against slow per-frame versions; normalisation."""

import cv2
import numpy as np
import pytest
import torch
from scipy.ndimage import map_coordinates

from echoclr_core.common.randomness import generator
from echoclr_core.options.augmentation import AugmentationOptions
from echoclr_core.video.augmentation import (
    _augment_batch,
    augment,
    draw,
    normalise,
    resize_clips,
    standardise,
)

torch.set_num_threads(1)


def smooth_clips(count=3, length=4, height=40, width=40, seed=0):
    """Speckle with some structure, uint8."""
    rng = np.random.default_rng(seed)
    noise = rng.normal(0, 1, (count, length, height, width))
    blurred = np.stack([[cv2.GaussianBlur(frame, (0, 0), 2) for frame in clip] for clip in noise])
    return torch.from_numpy((blurred * 250 + 110).clip(0, 255).astype(np.uint8))


def augment_slowly(clip, row, pad=8):
    """The paper's words for one clip, frame by frame: pad, crop, flip, rotate (float64)."""
    dx, dy, flip, angle = row
    out = []
    for frame in clip.numpy():
        height, width = frame.shape
        padded = np.pad(frame.astype(np.float64), pad)
        top, left = pad - int(dy), pad - int(dx)
        shown = padded[top : top + height, left : left + width]
        if flip:
            shown = np.fliplr(shown)
        if angle:
            y, x = np.mgrid[:height, :width]
            y, x = y - (height - 1) / 2, x - (width - 1) / 2
            turn = np.deg2rad(angle)
            # A point seen at (x, y) stood, before a counter-clockwise turn (y points down), at:
            from_x = np.cos(turn) * x - np.sin(turn) * y + (width - 1) / 2
            from_y = np.sin(turn) * x + np.cos(turn) * y + (height - 1) / 2
            shown = map_coordinates(shown, [from_y, from_x], order=1, mode="grid-constant")
        out.append(shown)
    return np.stack(out)


DRAWS = np.array(
    [
        [0, 0, 0, 0],
        [3, -5, 0, 0],
        [-8, 8, 1, 0],
        [8, -8, 0, 0],
        [0, 0, 1, 0],
        [0, 0, 0, 7.3],
        [4, 2, 1, -9.9],
        [-8, -8, 0, 10],
    ],
    dtype=np.float64,
)


@pytest.mark.parametrize("way", [augment, _augment_batch])
@pytest.mark.parametrize("shape", [(40, 40), (33, 45)])
def test_it_is_pad_crop_flip_rotate(way, shape):
    clips = smooth_clips(len(DRAWS), 4, *shape)
    out = way(clips, DRAWS)
    assert out.dtype == torch.float32
    assert out.shape == clips.shape
    for clip, row, found in zip(clips, DRAWS, out.numpy(), strict=True):
        expected = augment_slowly(clip, row)
        if row[3] == 0:
            np.testing.assert_array_equal(found, expected)  # whole pixels move exactly
        else:
            np.testing.assert_allclose(found, expected, atol=0.02)


def test_a_zero_draw_is_the_identity_and_leaves_its_input_alone():
    clips = smooth_clips()
    before = clips.clone()
    assert torch.equal(augment(clips, np.zeros((3, 4))), before.float())
    augment(clips, DRAWS[-3:])
    assert torch.equal(clips, before)


def test_positive_shifts_go_right_and_down_positive_angles_counter_clockwise():
    clips = torch.zeros((1, 1, 41, 41), dtype=torch.uint8)
    clips[0, 0, 20, 35] = 255  # right of the centre
    moved = augment(clips, np.array([[3, 5, 0, 0]]))
    assert moved[0, 0, 25, 38] == 255
    turned = augment(clips, np.array([[0, 0, 0, 10.0]]))[0, 0]
    row, column = divmod(int(turned.argmax()), 41)
    assert row < 20  # up
    assert column in (34, 35)
    assert augment(clips, np.array([[0, 0, 1, 0]]))[0, 0, 20, 5] == 255


@pytest.mark.parametrize("length", [1, 2, 3, 4, 7, 16])
def test_all_frames_of_a_clip_move_alike(length):
    clips = smooth_clips(2, 1).expand(2, length, 40, 40).contiguous()
    out = augment(clips, DRAWS[-2:])
    for frame in range(1, length):
        assert torch.equal(out[:, frame], out[:, 0])
    assert not torch.equal(out[0], out[1])


def test_a_clip_does_not_depend_on_its_batch():
    clips = smooth_clips(len(DRAWS))
    whole = augment(clips, DRAWS)
    for number in range(len(DRAWS)):
        alone = augment(clips[number : number + 1], DRAWS[number : number + 1])
        assert torch.equal(alone[0], whole[number])


def test_shifts_beyond_the_picture_leave_nothing():
    clips = torch.full((2, 2, 10, 12), 9, dtype=torch.uint8)
    assert augment(clips, np.array([[12, 0, 0, 0], [-3, -50, 1, 0]])).abs().sum() == 0


def test_draws_are_the_papers():
    settings = AugmentationOptions()
    rows = np.stack([draw(settings, generator(0, "augment", 0, item)) for item in range(8000)])
    for axis in (0, 1):
        values, counts = np.unique(rows[:, axis], return_counts=True)
        np.testing.assert_array_equal(values, np.arange(-8, 9))  # -8 and +8 included
        assert counts.min() > 370  # 471 expected, sd 21
        assert counts.max() < 570
    assert rows[:, 2].mean() == pytest.approx(0.5, abs=0.025)
    assert set(rows[:, 2]) == {0.0, 1.0}
    turned = rows[rows[:, 3] != 0, 3]
    assert len(turned) / 8000 == pytest.approx(0.5, abs=0.025)
    assert -10 < turned.min() < -9.9
    assert 9.9 < turned.max() < 10
    assert turned.std() == pytest.approx(20 / np.sqrt(12), rel=0.03)  # uniform
    assert abs(np.corrcoef(rows.T) - np.eye(4)).max() < 0.05


def test_draws_depend_on_their_keys_alone_and_options_do_not_shift_the_stream():
    first = draw(AugmentationOptions(), generator(1, "augment", 2, "v_a"))
    np.testing.assert_array_equal(first, draw(AugmentationOptions(), generator(1, "augment", 2, "v_a")))
    assert (first != draw(AugmentationOptions(), generator(1, "augment", 3, "v_a"))).any()
    off = draw(AugmentationOptions(flip_prob=0.0, rotation_prob=0.0), generator(1, "augment", 2, "v_a"))
    np.testing.assert_array_equal(off, [first[0], first[1], 0, 0])


def test_every_setting_changes_the_draws():
    def rows(**change):
        settings = AugmentationOptions(**change)
        return np.stack([draw(settings, generator(0, item)) for item in range(200)])

    assert abs(rows(pad=3)[:, :2]).max() == 3
    assert (rows(pad=0)[:, :2] == 0).all()
    assert (rows(flip_prob=1.0)[:, 2] == 1).all()
    assert (rows(rotation_prob=1.0)[:, 3] != 0).all()
    assert 15 < abs(rows(max_rotation=20.0)[:, 3]).max() < 20


@pytest.mark.parametrize(
    "change", [{"pad": -1}, {"pad": 1.5}, {"flip_prob": 1.1}, {"rotation_prob": -0.1}, {"max_rotation": -1}]
)
def test_impossible_settings_are_refused(change):
    with pytest.raises(ValueError, match=next(iter(change))):
        AugmentationOptions(**change)


def test_wrong_clips_and_draws_are_refused():
    clips = smooth_clips(2)
    for wrong in (clips.float(), clips[0]):
        with pytest.raises(ValueError, match="allowed are uint8"):
            augment(wrong, np.zeros((2, 4)))
    with pytest.raises(ValueError, match=r"draws \(3, 4\)"):
        augment(clips, np.zeros((3, 4)))
    with pytest.raises(ValueError, match="whole numbers"):
        augment(clips, np.array([[0.5, 0, 0, 0], [0, 0, 0, 0]]))


def test_draws_may_be_a_tensor():
    clips = smooth_clips(2)
    assert torch.equal(augment(clips, torch.from_numpy(DRAWS[-2:])), augment(clips, DRAWS[-2:]))


def test_normalise_is_min_max_by_clip():
    clips = smooth_clips(3).float() + torch.tensor([0.0, 10.0, -3.0]).view(3, 1, 1, 1)
    out = normalise(clips)
    for clip, found in zip(clips.double().numpy(), out.numpy(), strict=True):
        np.testing.assert_allclose(found, (clip - clip.min()) / (clip.max() - clip.min()), atol=1e-6)
        assert (found.min(), found.max()) == (0.0, 1.0)
    assert torch.equal(normalise(smooth_clips()), normalise(smooth_clips().float()))


@pytest.mark.parametrize("value", [0, 77])
def test_blank_clips_become_zeros_not_nan(value):
    clips = torch.stack([torch.full((4, 8, 8), value), torch.arange(256).view(4, 8, 8)]).to(torch.uint8)
    out = normalise(clips)
    assert (out[0] == 0).all()
    assert out[1].max() == 1


def test_kinetics_statistics_go_to_their_channels():
    grey = torch.tensor([0.43216, 0.394666, 0.37645]).view(1, 3, 1, 1, 1).expand(2, 3, 4, 5, 5)
    assert standardise(grey, "kinetics400").abs().max() == 0
    ones = standardise(torch.ones(1, 3, 1, 1, 1), "kinetics400").flatten()
    expected = [(1 - 0.43216) / 0.22803, (1 - 0.394666) / 0.22145, (1 - 0.37645) / 0.216989]
    torch.testing.assert_close(ones, torch.tensor(expected))
    with pytest.raises(ValueError, match="B, 3, T, H, W"):
        standardise(torch.ones(1, 1, 1, 1, 1), "kinetics400")


def test_resize_is_the_exact_mean_of_each_block():
    clips = smooth_clips(2, 4, 112, 112)
    expected = clips.double().view(2, 4, 56, 2, 56, 2).mean(dim=(3, 5))
    found = resize_clips(clips, 56)
    assert found.shape == (2, 4, 56, 56)
    assert torch.equal(found.double(), expected)
    assert torch.equal(resize_clips(clips, 112), clips.float())


def test_resize_by_other_factors_keeps_constants_and_the_mean():
    clips = smooth_clips(2, 4, 112, 112)
    found = resize_clips(clips, 64)
    assert found.shape == (2, 4, 64, 64)
    assert found.mean() == pytest.approx(float(clips.float().mean()), rel=0.01)
    assert torch.equal(
        resize_clips(torch.full((1, 2, 9, 9), 5, dtype=torch.uint8), 4), torch.full((1, 2, 4, 4), 5.0)
    )
    with pytest.raises(ValueError, match="1 to 112"):
        resize_clips(clips, 224)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_a_gpu_gives_the_cpus_clips():
    clips = smooth_clips(len(DRAWS))
    torch.testing.assert_close(augment(clips.cuda(), DRAWS).cpu(), augment(clips, DRAWS), atol=0.05, rtol=0)


def shift_and_flip_one_by_one(clips, draws):
    """The slow version: slices of each clip in turn."""
    out = torch.zeros(clips.shape)
    height, width = clips.shape[2:]
    for clip, target, (dx, dy, flip, _) in zip(clips, out, draws.astype(int), strict=True):
        for y in range(height):
            for x in range(width):
                from_y, from_x = y - dy, (width - 1 - x if flip else x) - dx
                if 0 <= from_y < height and 0 <= from_x < width:
                    target[:, y, x] = clip[:, from_y, from_x]
    return out


@pytest.mark.parametrize("shape", [(9, 9), (7, 12)])
def test_one_gather_shifts_and_flips_bit_by_bit_as_slices_do(shape):
    rng = np.random.default_rng(0)
    clips = torch.from_numpy(rng.integers(0, 256, (40, 3, *shape)).astype(np.uint8))
    draws = np.stack(
        [rng.integers(-15, 16, 40), rng.integers(-15, 16, 40), rng.integers(0, 2, 40), np.zeros(40)], 1
    )
    assert torch.equal(_augment_batch(clips, draws.astype(float)), shift_and_flip_one_by_one(clips, draws))
