"""Curves and polygons."""

import cv2
import numpy as np
import pytest

from echoclr_core.synthetic.heart.outlines import (
    Placement,
    Shape,
    arc,
    area_between,
    closed_spline,
    ellipse,
    spline,
    stroke,
)


def area(points):
    return abs(float(cv2.contourArea(points.astype(np.float32))))


def test_ellipse_has_its_area():
    assert area(ellipse((3, -2), (2.0, 1.0), 30)) == pytest.approx(np.pi * 2, rel=0.02)


def test_ribbon_is_as_thick_as_it_says():
    line = np.stack((np.linspace(0, 5, 30), np.linspace(0, 2, 30)), 1)
    assert area(stroke(line, 0.3)) == pytest.approx(0.3 * np.hypot(5, 2), rel=1e-6)
    assert area(stroke(line, np.linspace(0.2, 0.4, 30))) == pytest.approx(0.3 * np.hypot(5, 2), rel=0.01)


def test_through_and_closed_meet_their_points():
    points = [(0.0, 0.0), (1.0, 2.0), (3.0, 1.0), (4.0, -1.0)]
    curve = spline(points, 31)  # 10 steps a stretch
    np.testing.assert_allclose(curve[[0, 10, 20, 30]], points, atol=1e-6)
    ring = closed_spline(points, 40)
    distance = np.linalg.norm(ring[:, None] - np.array(points)[None], axis=2).min(0)
    np.testing.assert_allclose(distance, 0, atol=1e-9)


def test_bow_sags_to_the_left():
    curve = arc((0, 0), (2, 0), 0.5, 5)
    np.testing.assert_allclose(curve[[0, -1]], [(0, 0), (2, 0)])
    assert curve[2] == pytest.approx((1.0, -0.5))  # z points down: left of rightwards is up


def test_placement_turns_clockwise_on_screen():
    up = np.array([[0.0, -1.0]])
    np.testing.assert_allclose(Placement(2, 3, 90)(up), [[3, 3]], atol=1e-12)


def test_placing_many_shapes_is_placing_each():
    place = Placement(1.0, 2.0, 25)
    shapes = [Shape("a", ellipse((0, 0), (1, 2)), -3.0), Shape("b", np.eye(2), -9.0, soft=True)]
    for before, after in zip(shapes, place.shapes(shapes), strict=True):
        np.testing.assert_allclose(after.points, place(before.points))
        assert (after.name, after.level, after.soft) == (before.name, before.level, before.soft)


def test_band_joins_two_curves():
    x = np.linspace(0, 4, 9)
    upper, lower = np.stack((x, 0 * x), 1), np.stack((x, 0 * x + 1.5), 1)
    assert area(area_between(upper, lower)) == pytest.approx(6.0)
