"""The patient's heart: labels by their definitions, distributions that overlap."""

import dataclasses

import numpy as np
import pytest

from echoclr_core.common.randomness import generator
from echoclr_core.synthetic.heart.anatomy import draw_anatomy, progress_disease


def draw(count, **shares):
    return [draw_anatomy(generator(1, "patient", i), **shares) for i in range(count)]


@pytest.fixture(scope="module")
def hearts():
    return draw(1500)


def test_mass_index_is_devereux_over_dubois():
    heart = dataclasses.replace(
        draw(1)[0], septum=1.0, lvidd=5.0, posterior_wall=1.0, height=170.0, weight=70.0, sex="M"
    )
    mass = 0.8 * 1.04 * (7.0**3 - 5.0**3) + 0.6
    assert heart.body_surface == pytest.approx(1.810, abs=1e-3)  # DuBois' table
    assert heart.mass_index == pytest.approx(mass / heart.body_surface)


@pytest.mark.parametrize(("sex", "limit"), [("F", 95.0), ("M", 115.0)])
def test_hypertrophy_lies_strictly_above_the_limit_of_the_sex(sex, limit):
    heart = dataclasses.replace(draw(1)[0], sex=sex, lvidd=4.8)
    walls = np.linspace(0.6, 1.8, 400)
    hearts = [dataclasses.replace(heart, septum=w, posterior_wall=w) for w in walls]
    assert [h.hypertrophy for h in hearts] == [h.mass_index > limit for h in hearts]
    assert {h.hypertrophy for h in hearts} == {True, False}


def test_severe_share_and_area_limit(hearts):
    severe = np.array([h.severe_stenosis for h in hearts])
    assert severe.mean() == pytest.approx(0.40, abs=0.04)
    assert all(h.severe_stenosis == (h.valve_area < 1.0) for h in hearts)
    assert not any(h.severe_stenosis for h in draw(50, severe_share=0.0))
    assert all(h.severe_stenosis for h in draw(50, severe_share=1.0))


def test_hypertrophy_goes_with_stenosis_but_not_always(hearts):
    severe = np.array([h.severe_stenosis for h in hearts])
    thick = np.array([h.hypertrophy for h in hearts])
    assert 0.25 < thick[~severe].mean() < thick[severe].mean() < 0.75


def overlap(values, labels):
    """Share of pairs in the wrong order: 0 for classes that do not overlap."""
    positive, negative = values[labels], values[~labels]
    return float((positive[:, None] <= negative[None]).mean())


def test_what_is_seen_overlaps_between_the_classes(hearts):
    severe = np.array([h.severe_stenosis for h in hearts])
    thick = np.array([h.hypertrophy for h in hearts])
    assert 0.002 < overlap(-np.array([h.cusp_separation for h in hearts]), severe) < 0.08
    assert 0.03 < overlap(np.array([h.cusp_thickness for h in hearts]), severe) < 0.25
    assert 0.02 < overlap(np.array([h.septum for h in hearts]), thick) < 0.25


def test_nothing_without_a_label_tells_the_classes_apart(hearts):
    severe = np.array([h.severe_stenosis for h in hearts])
    for name in ("axis", "annulus", "sinus", "chest_wall", "heart_rate", "penetration", "atrium"):
        values = np.array([getattr(h, name) for h in hearts])
        assert abs(overlap(values, severe) - 0.5) < 0.05, name


def test_the_valve_narrows_with_the_years(hearts):
    heart = next(h for h in hearts if h.valve_area > 1.5)
    later = progress_disease(heart, 3.0)
    assert later.valve_area == pytest.approx(heart.valve_area - 0.15)
    assert later.cusp_separation < heart.cusp_separation
    assert later.mass_index == heart.mass_index
    assert progress_disease(heart, 0.0) == heart
    assert progress_disease(heart, 100.0).valve_area == 0.35
