"""Each view: it can be drawn at any moment, and what is drawn has the patient's sizes."""

import dataclasses

import cv2
import numpy as np
import pytest

from echoclr_core.common.randomness import generator
from echoclr_core.synthetic.heart.anatomy import draw_anatomy
from echoclr_core.synthetic.heart.motion import Cycle
from echoclr_core.synthetic.heart.scene import MYOCARDIUM, Pose
from echoclr_core.synthetic.heart.views import VIEWS
from echoclr_core.synthetic.plan.settings import LABELLED_VIEWS
from echoclr_core.synthetic.rendering.render import Sector, level_map


def heart(**sizes):
    anatomy = draw_anatomy(generator(3, "heart"))
    level = {"axis": 0.0, "unevenness": (), "septal_bulge": 0.0}
    return dataclasses.replace(anatomy, **{**level, **sizes})


def raster(scene, name, pixels=100):
    """All shapes of one name on a grid of ``pixels`` a cm: bool, x from -10 cm and z from 0."""
    picture = np.zeros((20 * pixels, 20 * pixels), np.uint8)
    for shape in scene.shapes:
        points = np.round((shape.points + np.array([10, 0])) * pixels).astype(np.int32)
        cv2.fillPoly(picture, [points], 1 if shape.name == name else 0)
    return picture.astype(bool)


def test_every_taught_view_can_be_drawn():
    assert set(VIEWS) == set(LABELLED_VIEWS)


@pytest.mark.parametrize("view", LABELLED_VIEWS)
def test_a_view_is_drawn_through_the_whole_beat(view):
    anatomy, cycle = draw_anatomy(generator(4, view)), Cycle(72)
    depth = np.mean(VIEWS[view].depths)
    maps = []
    for phase in np.linspace(0, 1, 9):
        scene = VIEWS[view].scene(anatomy, cycle.at(phase), Pose(), depth)
        assert all(np.isfinite(shape.points).all() for shape in scene.shapes)
        softs = [shape.soft for shape in scene.shapes]
        assert softs == sorted(softs, reverse=True) or softs.index(False) > 3
        maps.append(level_map(scene, Sector(depth=depth, half_angle=0.75)))
    assert np.ptp(maps[0]) > 100  # blood and tissue
    moved = np.mean(np.abs(maps[4].astype(int) - maps[0]))
    assert moved > 1  # steps of a quarter dB: it beats
    np.testing.assert_array_equal(maps[0], maps[-1])  # and comes round


@pytest.mark.parametrize("thickness", [0.8, 1.1, 1.5])
def test_the_septum_and_cavity_of_the_long_axis_measure_what_they_should(thickness):
    anatomy = heart(septum=thickness, posterior_wall=thickness, lvidd=4.6)
    scene = VIEWS["plax"].scene(anatomy, Cycle(70).at(0.0), Pose(), 16.0)
    x = 1.5 - 0.38 * anatomy.lv_length  # the widest place of the ventricle
    column = round((x + 10) * 100)
    cavity = raster(scene, "left ventricle") | raster(scene, "chord")
    assert cavity[:, column].sum() / 100 == pytest.approx(4.6, abs=0.06)
    muscle = np.flatnonzero(raster(scene, "myocardium")[:, column])
    first = np.split(muscle, np.flatnonzero(np.diff(muscle) > 1) + 1)[0]
    assert len(first) / 100 == pytest.approx(thickness, abs=0.06)
    assert scene.septum == pytest.approx(thickness, rel=0.01)


def cusp_gap(separation, phase=0.22, view="plax"):
    """Smallest distance between the two cusps of the long axis, cm."""
    anatomy = heart(cusp_separation=separation, cusp_thickness=0.1)
    scene = VIEWS[view].scene(anatomy, Cycle(70).at(phase), Pose(), 15.0)
    upper, lower = (shape.points for shape in scene.shapes if shape.name == "aortic cusp")
    return float(np.linalg.norm(upper[:, None] - lower[None], axis=2).min())


def test_cusps_open_by_the_separation_and_close():
    gaps = [cusp_gap(separation) for separation in (0.4, 0.8, 1.2, 1.6)]
    np.testing.assert_allclose(gaps, [0.3, 0.7, 1.1, 1.5], atol=0.12)  # less one thickness
    assert cusp_gap(1.6, phase=0.8) < 0.1


def test_walls_thicken_and_the_cavity_narrows_in_systole():
    anatomy, cycle = heart(shortening=0.35), Cycle(70)
    rest = VIEWS["plax"].scene(anatomy, cycle.at(0.0), Pose(), 15.0)
    work = VIEWS["plax"].scene(anatomy, cycle.at(cycle.end_systole), Pose(), 15.0)
    assert work.radius == pytest.approx(rest.radius * 0.65, rel=0.03)
    assert work.septum > 1.2 * rest.septum


def test_the_two_chamber_view_has_no_right_heart():
    names = {s.name for s in VIEWS["a2c"].scene(heart(), Cycle(70).at(0), Pose(), 16.0).shapes}
    four = {s.name for s in VIEWS["a4c"].scene(heart(), Cycle(70).at(0), Pose(), 16.0).shapes}
    assert not any("right" in name or "tricuspid" in name for name in names)
    assert {"left ventricle", "left atrium", "right ventricle", "right atrium"} <= four


def test_a_pose_moves_and_turns_the_heart():
    anatomy, beat = heart(), Cycle(70).at(0)
    plain = VIEWS["plax"].scene(anatomy, beat, Pose(), 15.0)
    moved = VIEWS["plax"].scene(anatomy, beat, Pose(shift=(0.5, -0.25)), 15.0)
    np.testing.assert_allclose(np.subtract(moved.valve, plain.valve), (0.5, -0.25))
    thick = VIEWS["plax"].scene(anatomy, beat, Pose(wall_obliquity=1.2), 15.0)
    assert thick.septum == pytest.approx(1.2 * plain.septum)


def test_calcified_cusps_are_brighter_than_muscle():
    scene = VIEWS["plax"].scene(heart(cusp_level=14.0), Cycle(70).at(0), Pose(), 15.0)
    assert {s.level for s in scene.shapes if s.name == "aortic cusp"} == {MYOCARDIUM + 14.0}
