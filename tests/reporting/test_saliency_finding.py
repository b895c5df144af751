"""The saliency section begins with whether the maps lie where the heart is, and why if not."""

import pytest

from echoclr_core.reporting.saliency_finding import finding


def summary_of(sector=0.6, valve=0.1, *, valve_area=0.03, empty=0, probability=0.9, correlation=0.1):
    random = {"sector_share": 0.2, "valve_share": 0.0, "empty_maps": 0, "correlations": [0.0]}
    echoclr = {
        "sector_share": sector,
        "valve_share": valve,
        "empty_maps": empty,
        "correlations": [0.9, correlation],
    }
    return {
        "n_studies": 4,
        "sector_area": 0.4,
        "valve_area": valve_area,
        "reference": "random",
        "models": {"echoclr": echoclr, "random": random},  # as JSON sorts them
        "studies": [{"clip_probabilities": {"echoclr": probability, "random": 0.1}}] * 4,
    }


def test_above_both_areas_is_one_sentence():
    text = finding(summary_of(), "severe AS")
    assert text == (
        "The saliency of EchoCLR for severe AS lies in the sector and on the aortic valve more than a flat "
        "map would (in the sector 60.0 %, a flat map 40.0 %; on the aortic valve 10.0 %, a flat map 3.0 %; "
        "4 studies)."
    )


@pytest.mark.parametrize(
    ("shares", "missed"),
    [
        ({"sector": 0.4}, "in the sector more"),
        ({"valve": 0.03}, "on the aortic valve more"),
        ({"sector": 0.1, "valve": 0.0}, "in the sector and on the aortic valve more"),
    ],
)
def test_a_share_that_is_not_above_its_area_is_said_first(shares, missed):
    first = finding(summary_of(**shares), "severe AS").split("(")[0]
    assert f"does not lie {missed} than a flat map" in first


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"empty": 3}, "In 3 of 4 clips"),
        ({"probability": 0.2}, "mean probability of 0.20"),
        ({"correlation": 0.7}, "rank correlation 0.70"),
        ({}, "do not show why"),
    ],
)
def test_the_reason_follows(values, reason):
    text = finding(summary_of(sector=0.1, **values), "severe AS")
    assert reason in text
    assert text.count("do not show why") == int(not values)


def test_without_the_valves_place_only_the_sector_counts():
    assert "valve" not in finding(summary_of(valve=None, valve_area=None), "LVH")


def test_maps_that_are_all_empty():
    text = finding(summary_of(sector=None, valve=None, empty=4, probability=0.3), "severe AS")
    assert text.startswith("EchoCLR shows no saliency for severe AS: none of its 4 maps")
    assert "mean probability of 0.30" in text
