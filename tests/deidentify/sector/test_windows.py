"""Screens with several windows: counted, and the kept one named."""

import cv2
import numpy as np
import pytest
from phantom_screens import random_shape, screen

from echoclr_core.deidentify.identifiers.header_allowlist import WINDOW_PLACES
from echoclr_core.deidentify.sector.boundary import boundary_mask
from echoclr_core.deidentify.sector.windows import find_windows
from echoclr_core.dicom.cine import Cine

HEIGHT, WIDTH = 240, 320
KINDS = ("phased", "convex", "trapezoid", "parallelogram", "upright")


def one_screen(seed, kind):
    rng = np.random.default_rng(seed)
    return screen(rng, random_shape(rng, kind, 2 * HEIGHT, 2 * WIDTH), 2 * HEIGHT, 2 * WIDTH, dark=0.3)


def smaller(frames):
    return np.stack([cv2.resize(frame, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA) for frame in frames])


def frozen(frames):
    return np.repeat(frames[:1], len(frames), axis=0)


def several(places, fill):
    """(T, 2 H, 2 W): screens in the quarters (row, column) of a larger one."""
    canvas = np.zeros((16, 2 * HEIGHT, 2 * WIDTH), np.uint8)
    for (row, column), frames in zip(places, fill, strict=True):
        canvas[:, row * HEIGHT : (row + 1) * HEIGHT, column * WIDTH : (column + 1) * WIDTH] = frames
    return canvas


def windows_of(frames):
    mask = boundary_mask(Cine.from_array(frames), frames=frames)
    return find_windows(frames, mask), mask


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(4))
def test_one_window_is_one(seed, kind):
    frames, _ = one_screen(seed, kind)
    found, _ = windows_of(frames)
    assert (found.count, found.kept) == (1, None)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("still", ["none", "left", "right"])
def test_two_side_by_side(kind, still):
    left, right = (smaller(one_screen(seed, kind)[0]) for seed in (1, 2))
    left, right = (frozen(left) if still == "left" else left), (frozen(right) if still == "right" else right)
    found, mask = windows_of(several([(0, 0), (0, 1)], [left, right]))
    assert found.count == 2
    kept = "left" if np.nonzero(mask)[1].mean() < WIDTH else "right"
    assert found.kept == kept
    if still != "none":
        assert kept != still  # the one that moves


def test_four_quarters():
    frames = [smaller(one_screen(seed, "phased")[0]) for seed in range(4)]
    frames[:3] = [frozen(one) for one in frames[:3]]
    found, _ = windows_of(several([(0, 0), (0, 1), (1, 0), (1, 1)], frames))
    assert (found.count, found.kept) == (4, "lower right")


def test_two_in_one_mask():
    left, right = (smaller(one_screen(seed, "upright")[0]) for seed in (1, 2))
    frames = several([(0, 0), (0, 1)], [left, right])
    mask = np.zeros(frames.shape[1:], bool)
    mask[HEIGHT // 10 : HEIGHT, WIDTH // 5 : 2 * WIDTH - WIDTH // 5] = True
    found = find_windows(frames, mask)
    assert (found.count, found.kept) == (2, "all")


def test_every_place_has_its_word():
    frames = several([(0, 0), (1, 1)], [smaller(one_screen(seed, "upright")[0]) for seed in (1, 2)])
    for window, word in (((0, 0), "upper left"), ((1, 1), "lower right")):
        mask = np.zeros(frames.shape[1:], bool)
        row, column = window
        mask[row * HEIGHT : (row + 1) * HEIGHT, column * WIDTH : (column + 1) * WIDTH] = True
        found = find_windows(frames, mask)
        assert (found.count, found.kept) == (2, word)
        assert found.kept in WINDOW_PLACES
