"""Speckle, log compression, scan conversion."""

import dataclasses

import numpy as np
import pytest

from echoclr_core.common.randomness import generator
from echoclr_core.synthetic.heart.anatomy import draw_anatomy
from echoclr_core.synthetic.heart.motion import Cycle
from echoclr_core.synthetic.heart.outlines import Shape
from echoclr_core.synthetic.heart.scene import Pose, Scene
from echoclr_core.synthetic.heart.views import VIEWS
from echoclr_core.synthetic.rendering.render import (
    Acoustics,
    Renderer,
    ScanConverter,
    Sector,
    level_map,
    uneven,
)

SECTOR = Sector(depth=15.0, half_angle=0.75)
CLEAN = Acoustics(noise=-90.0, attenuation=0.0, edge_loss=0.0, specular=0.0, haze=0.0, dynamic_range=80.0)


def even_scene(level=-20.0):
    """One tissue all over, at rest."""
    angles = np.linspace(-1.2, 1.2, 40)  # straight in polar samples, so that it covers them all
    arc = np.stack((np.sin(angles), np.cos(angles)), 1)
    return Scene(
        shapes=(Shape("tissue", np.concatenate((0.01 * arc, 30 * arc[::-1])), level),),
        axis=np.array([[0.0, 7.0], [0.0, 7.0]]),
        radius=2.0,
        rest_radius=2.0,
        valve=None,
        septum=1.0,
        posterior_wall=1.0,
    )


def decibels(picture, acoustics):
    return (picture / 255.0 - 1) * acoustics.dynamic_range - acoustics.gain


def test_speckle_has_the_statistics_of_a_complex_gaussian():
    # Intensity is exponential: its logarithm has a standard deviation of 5.57 dB; patches of tissue add some.
    frame = Renderer(SECTOR, CLEAN, generator(0, "speckle")).frame(even_scene())
    assert decibels(frame, CLEAN).std() == pytest.approx(5.57, abs=1.2)


def test_gain_and_level_shift_the_picture_by_as_many_decibels():
    def median(level, gain):
        acoustics = dataclasses.replace(CLEAN, gain=gain)
        frame = Renderer(SECTOR, acoustics, generator(0, "speckle")).frame(even_scene(level))
        return np.median((frame / 255.0 - 1) * acoustics.dynamic_range)

    assert median(-14.0, 0.0) - median(-20.0, 0.0) == pytest.approx(6.0, abs=0.5)
    assert median(-20.0, 6.0) - median(-20.0, 0.0) == pytest.approx(6.0, abs=0.5)


def likeness(frames, a, b):
    return np.corrcoef(frames[a].ravel(), frames[b].ravel())[0, 1]


def test_likeness_of_frames_does_not_fall_with_their_distance():
    renderer = Renderer(SECTOR, CLEAN, generator(0, "order"))
    frames = [renderer.frame(even_scene()).astype(float) for _ in range(12)]
    near = np.mean([likeness(frames, i, i + 1) for i in range(11)])
    far = np.mean([likeness(frames, i, i + 8) for i in range(4)])
    assert near == pytest.approx(far, abs=0.03)
    assert 0.3 < near < 0.95


def test_static_share_is_what_frames_have_in_common():
    def near(share):
        acoustics = dataclasses.replace(CLEAN, static_share=share)
        renderer = Renderer(SECTOR, acoustics, generator(0, "share"))
        frames = [renderer.frame(even_scene()).astype(float) for _ in range(2)]
        return likeness(frames, 0, 1)

    assert near(0.2) < near(0.6) < near(0.95)


def test_speckle_moves_with_the_tissue():
    """A ventricle that has shrunk carries its speckle inwards: shifting back recovers the likeness."""
    acoustics = dataclasses.replace(CLEAN, static_share=0.999)
    samples, shift = np.arange(99, 103), 4
    moved = dataclasses.replace(even_scene(), radius=2.0 - shift * 15.0 / 175)
    still, carried = [], []
    for seed in range(12):
        renderer = Renderer(SECTOR, acoustics, generator(seed, "warp"))
        before = renderer.frame(even_scene()).astype(float)[:, 51:61]
        after = renderer.frame(moved).astype(float)[samples, 51:61].ravel()
        still.append(np.corrcoef(before[samples].ravel(), after)[0, 1])
        carried.append(np.corrcoef(before[samples + shift].ravel(), after)[0, 1])
    assert np.mean(carried) > 0.5 > 0.3 > abs(np.mean(still))


def test_shadows_and_noise_do_what_they_say():
    quiet = Renderer(SECTOR, CLEAN, generator(0, "s")).frame(even_scene()).astype(float)
    shadow = dataclasses.replace(CLEAN, dropouts=((0.0, 0.2, 20.0),))
    dark = Renderer(SECTOR, shadow, generator(0, "s")).frame(even_scene()).astype(float)
    lost = (quiet - dark)[100:, 54:58].mean() / 255 * 80
    assert lost == pytest.approx(20.0, abs=2.0)
    loud = dataclasses.replace(CLEAN, noise=-10.0)
    assert Renderer(SECTOR, loud, generator(0, "s")).frame(even_scene()).mean() > quiet.mean() + 10


def test_same_generator_same_frames():
    anatomy, cycle = draw_anatomy(generator(0, "p")), Cycle(70)
    scenes = [VIEWS["plax"].scene(anatomy, cycle.at(p), Pose(), 15.0) for p in (0, 0.2)]

    def render(seed):
        renderer = Renderer(SECTOR, Acoustics(), generator(seed, "v"), anatomy.unevenness)
        return np.stack([renderer.frame(scene) for scene in scenes])

    np.testing.assert_array_equal(render(1), render(1))
    assert (render(1) != render(2)).mean() > 0.3


def test_unevenness_moves_outlines_a_little():
    points = np.random.default_rng(0).uniform(-6, 6, (200, 2))
    waves = draw_anatomy(generator(0, "p")).unevenness
    away = np.linalg.norm(uneven(points, waves) - points, axis=1)
    assert 0 < away.max() < 0.4
    np.testing.assert_array_equal(uneven(points, ()), points)


def test_levels_are_a_quarter_of_a_decibel():
    levels = level_map(even_scene(-20.0), SECTOR)
    assert levels[50, 50] == 255 - 80


def test_scan_conversion_puts_a_sample_where_it_belongs():
    convert = ScanConverter(SECTOR, (100.0, 5.0), 12.0, (200, 200))
    polar = np.zeros((176, 112), np.uint8)
    radius, angle = 9.0, 0.3
    beam = round((angle / 0.75 + 1) / 2 * 111)
    polar[round(radius / 15 * 175) - 1 : round(radius / 15 * 175) + 2, beam - 1 : beam + 2] = 255
    picture = convert(polar)
    y, x = np.unravel_index(picture.argmax(), picture.shape)
    assert x == pytest.approx(100 + 12 * radius * np.sin(angle), abs=2.5)
    assert y == pytest.approx(5 + 12 * radius * np.cos(angle), abs=2.5)
    assert convert(np.full((176, 112), 200, np.uint8))[~convert.mask].max() == 0


def test_a_cut_window_ends_at_its_column():
    convert = ScanConverter(SECTOR, (100.0, 5.0), 12.0, (200, 200), cut=(0.0, 120.0))
    assert not convert.mask[:, 121:].any()
    assert convert.mask[:, :121].any()
