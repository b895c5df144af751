"""Vendors' screens: text stands where it should, and the fan where the truth says."""

import numpy as np
import pytest

from echoclr_core.common.randomness import generator
from echoclr_core.synthetic.plan.settings import VENDOR_SCREENS as NAMES
from echoclr_core.synthetic.rendering.render import ScanConverter, Sector
from echoclr_core.synthetic.rendering.video import place_fan
from echoclr_core.synthetic.screen.overlay import draw_overlay
from echoclr_core.synthetic.screen.screens import Caption, Screen, plain, screen_font
from echoclr_core.synthetic.screen.vendor_screens import VENDOR_SCREENS

CAPTION = Caption(
    name="Ångström-Test, Ingrid",
    identifier="MR12300001",
    date="03/02/2018",
    settings=("15 Hz", "14 cm", "2D", "60%", "C 55", "P Low", "HGen"),
    bpm=70,
)
SIZES = [(240, 320), (300, 400), (480, 640), (768, 1024)]


def make(vendor_screen, size, half_angle=0.75, overlay=(), coloured=False):
    height, width = size
    x0, y0, x1, y1 = VENDOR_SCREENS[vendor_screen].fan
    sector = Sector(depth=15.0, half_angle=half_angle)
    fan = place_fan(sector, (x0 * width, y0 * height, x1 * width, y1 * height))
    mask = ScanConverter(sector, fan.apex, fan.scale, size, fan.cut).mask
    return Screen(
        VENDOR_SCREENS[vendor_screen], size, CAPTION, (fan.edge(-1), fan.edge(1)), overlay, coloured
    ), mask


def test_at_least_four_vendor_screens_all_named():
    assert set(VENDOR_SCREENS) == set(NAMES)
    assert len(VENDOR_SCREENS) >= 4


@pytest.mark.parametrize("vendor_screen", NAMES)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("half_angle", [0.64, 0.81])
def test_nothing_is_written_inside_the_fan(vendor_screen, size, half_angle):
    screen, mask = make(vendor_screen, size, half_angle)
    empty = VENDOR_SCREENS[vendor_screen].background
    assert (screen.background[mask] == empty).all()
    outside = screen.background[~mask]
    assert (outside.max(-1) > 150).mean() > 0.004  # there is text somewhere
    for lines in screen.ecg(np.linspace(0.2, 2.3, 24) % 1.0):
        for trace in lines:
            assert not mask[trace[:, 1], trace[:, 0]].any()


def test_the_fan_lies_in_its_box_and_is_as_large_as_can_be():
    for degrees in (20, 37, 46):
        for near, steer in ((0.0, 0.0), (4.0, 0.2)):
            sector = Sector(depth=12.0, half_angle=np.deg2rad(degrees), near=near, steer=steer)
            fan = place_fan(sector, (20, 10, 300, 200))
            mask = ScanConverter(sector, fan.apex, fan.scale, (240, 320), fan.cut).mask
            rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
            assert rows[0] >= 9
            assert rows[-1] <= 201
            assert columns[0] >= 19
            assert columns[-1] <= 301
            fills = (np.ptp(rows) >= 186, np.ptp(columns) >= 276)
            assert any(fills)


def test_overlay_text_stands_inside_when_asked_for():
    size = (240, 320)
    bare, mask = make("column", size)
    written, _ = make("column", size, overlay=(((150.0, 120.0), "Müster"),))
    fan = np.full(size, 40, np.uint8)
    without = bare.compose(fan, mask.astype(np.uint8))
    with_text = written.compose(fan, mask.astype(np.uint8))
    changed = (without != with_text).any(-1)
    assert changed.sum() > 30
    assert mask[changed].mean() > 0.9


def test_compose_shows_the_fan_and_nothing_else_of_it():
    screen, mask = make("classic", (240, 320))
    noise = generator(0, "fan").integers(0, 255, (240, 320), dtype=np.uint8)
    frame = screen.compose(noise, mask.astype(np.uint8))
    np.testing.assert_array_equal(frame[mask], np.repeat(noise[mask][:, None], 3, 1))
    np.testing.assert_array_equal(frame[~mask], screen.background[~mask])


def test_the_trace_grows_from_frame_to_frame_or_runs_through_its_window():
    phases = np.linspace(0, 1.5, 10) % 1.0
    growing, _ = make("banner", (240, 320))
    lengths = [len(line) for (line,) in growing.ecg(phases)]
    assert lengths == sorted(set(lengths))
    sweeping, _ = make("console", (240, 320))
    for new, old in sweeping.ecg(phases):
        assert 210 < len(new) + len(old) < 240  # the whole window but for the gap
        assert not len(old) or new[-1, 0] < old[0, 0]
    assert make("tablet", (240, 320))[0].ecg(np.zeros(3)) == [()] * 3


@pytest.mark.parametrize("vendor_screen", NAMES)
def test_a_colour_bar_stands_outside_the_fan_when_the_picture_is_coloured(vendor_screen):
    grey, mask = make(vendor_screen, (480, 640))
    coloured, _ = make(vendor_screen, (480, 640), coloured=True)
    changed = (grey.background != coloured.background).any(-1)
    assert changed.sum() > 100
    assert not (changed & mask).any()
    spread = np.ptp(coloured.background[changed].astype(int), axis=-1)
    assert (spread > 60).mean() > 0.9


def test_ticks_stand_a_centimetre_apart():
    sector = Sector(depth=15.0, half_angle=0.7)
    fan = place_fan(sector, (20, 10, 600, 400))
    steps = np.linalg.norm(np.diff(fan.edge(1), axis=0), axis=1)
    np.testing.assert_allclose(steps, fan.scale)
    assert len(fan.edge(1)) == 15


def draw(mask, size, seed=0, **shares):
    rng = generator(seed, "overlay")
    identity = ("Muster, Émile", "MR1230", "x 1/2/2018")
    return draw_overlay(rng, mask, screen_font(size), identity, **{"transient_text_share": 0.0} | shares)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("seed", range(4))
def test_text_inside_lies_inside_and_text_at_the_edge_crosses_it(size, seed):
    _, mask = make("classic", size)
    within = draw(mask, size, seed, edge_text_share=0.0, inside_text_share=1.0)
    across = draw(mask, size, seed, edge_text_share=1.0, inside_text_share=0.0)
    assert (within.edge_text, across.inside_text) == (None, None)
    assert within.inside_text in ("Muster, Emile", "MR1230", "x 1/2/2018")
    assert across.edge_text
    for overlay, low, high in ((within, 1.0, 1.0), (across, 0.005, 0.6)):
        screen, _ = make("classic", size, overlay=overlay.items)
        ink = screen._over[1] > 0
        assert ink.sum() > 10
        assert low <= mask[ink].mean() <= high


def test_text_shares():
    _, mask = make("classic", (240, 320))
    drawn = [draw(mask, (240, 320), i, edge_text_share=0.3, inside_text_share=0.1) for i in range(300)]
    assert sum(d.edge_text is not None for d in drawn) == pytest.approx(90, abs=28)
    assert sum(d.inside_text is not None for d in drawn) == pytest.approx(30, abs=18)
    assert all(
        draw(mask, (240, 320), i, edge_text_share=0, inside_text_share=0).items == () for i in range(20)
    )


def test_text_that_passes_is_shown_in_a_part_of_the_clip():
    _, mask = make("classic", (240, 320))
    shares = {"edge_text_share": 1.0, "inside_text_share": 1.0}
    for seed in range(20):
        stays, passes = (draw(mask, (240, 320), seed, **shares, transient_text_share=p) for p in (0.0, 1.0))
        assert passes.items == stays.items
        shown = [len(passes.shown(i, 24)) for i in range(24)]
        assert set(shown) == {1, 2}
        assert "21" not in "".join(map(str, shown)).strip("1")  # in one piece
        assert [len(stays.shown(i, 24)) for i in range(24)] == [2] * 24


def test_plain_text_keeps_every_letter():
    assert plain("Żółwik, Søren Ångström ß") == "Zolwik, Soren Angstrom ss"
