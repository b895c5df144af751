"""Figures of curves draw what the tables say, and survive thin tables."""

import numpy as np
import pandas as pd
import pytest

from echoclr_core.evaluate.curve_tables import benefit_curves, ranking_curves
from echoclr_core.evaluate.details import operating_points
from echoclr_core.evaluate.schema import CURVES, DECISION_CURVES, RECALIBRATED_CURVE
from echoclr_core.evaluate.settings import EvaluationSettings
from echoclr_core.reporting.curves import decision_figure, ranking_figure
from echoclr_core.reporting.reliability import recalibration_figure
from echoclr_core.reporting.style import save_figure

INITS = ("random", "echoclr")
TITLES = {"lvh": "LVH", "severe_as": "Severe AS"}
RUN = {"task": "lvh", "ratio": 1.0, "draw": 0, "cohort": "internal"}
HOW = EvaluationSettings(n_resamples=30)


def predictions(seed, cases=20):
    rng = np.random.default_rng(seed)
    label = (np.arange(60) < cases).astype(int)
    score = np.clip(0.3 * label + 0.7 * rng.random(60), 0, 1)
    return pd.DataFrame(
        {"study_id": [f"s_{k}" for k in range(60)], "label": label, "study_probability": score}
    )


@pytest.fixture
def models():
    return {init: predictions(k) for k, init in enumerate(INITS)}


@pytest.mark.parametrize("name", ["roc", "precision_recall"])
def test_ranking_curves_are_drawn_with_the_band_of_the_last(models, name):
    table = ranking_curves(models, **RUN, settings=HOW)
    points = operating_points(models, models, **RUN, settings=HOW)
    figure = ranking_figure(table, name, INITS, titles=TITLES, points=points)
    axis = figure.axes[0]
    rows = table[(table["curve"] == name) & (table["init"] == "echoclr")]
    drawn = next(line for line in axis.lines if line.get_label() == "EchoCLR")
    np.testing.assert_allclose(drawn.get_ydata(), rows["value"])
    assert len(axis.collections) == 1  # one band
    assert len(figure.axes) == 1  # no external test set, no panel
    assert "100% of the labels" in figure.get_supxlabel()
    marks = [line for line in axis.lines if len(line.get_xdata()) == 1]
    assert len(marks) == (4 if name == "roc" else 0)


def test_decision_curves_stand_beside_treating_all_and_none(models):
    table = benefit_curves(models, **RUN, settings=HOW)
    figure = decision_figure(table, INITS, titles=TITLES)
    labels = [line.get_label() for line in figure.axes[0].lines]
    assert labels == ["Random", "EchoCLR", "Treat all", "Treat none"]
    everybody = figure.axes[0].lines[2]
    prevalence = 20 / 60
    at = np.asarray(everybody.get_xdata(), dtype=float)
    expected = prevalence - (1 - prevalence) * at / (1 - at)
    np.testing.assert_allclose(np.asarray(everybody.get_ydata(), dtype=float), expected, atol=1e-12)


def test_no_rows_are_said(tmp_path):
    for k, figure in enumerate(
        (
            ranking_figure(CURVES.empty(), "roc", INITS, titles=TITLES),
            decision_figure(DECISION_CURVES.empty(), INITS, titles=TITLES),
            recalibration_figure(RECALIBRATED_CURVE.empty(), INITS, titles=TITLES),
        )
    ):
        assert figure.texts[0].get_text().startswith("No ")
        save_figure(figure, tmp_path / f"none_{k}")
