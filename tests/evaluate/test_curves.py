"""ROC and precision–recall curves against scikit-learn, and their tables."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import precision_recall_curve, roc_auc_score, roc_curve

from echoclr_core.evaluate.bootstrap import Resamples, Resampling
from echoclr_core.evaluate.calibration import calibration_curve
from echoclr_core.evaluate.curve_tables import benefit_curves, ranking_curves, recalibrated_curves
from echoclr_core.evaluate.curves import GRID, curve_bands, curve_points
from echoclr_core.evaluate.schema import CURVES, DECISION_CURVES, RECALIBRATED_CURVE
from echoclr_core.evaluate.settings import EvaluationSettings

RUN = {"task": "lvh", "ratio": 0.1, "draw": 1, "cohort": "external"}
HOW = EvaluationSettings(n_resamples=60, seed=3)


def cohort(n=70, seed=0, digits=1):
    rng = np.random.default_rng(seed)
    y = (np.arange(n) < n // 3).astype(int)
    return y, np.round(np.clip(0.3 * y + 0.7 * rng.random(n), 0, 1), digits)


def roc_by_hand(y, scores, x):
    """Sensitivity at false-positive rate ``x``: straight lines between the points, the upper end of
    vertical ones.
    """
    fpr, tpr, _ = roc_curve(y, scores, drop_intermediate=False)
    here = np.flatnonzero(np.isclose(fpr, x, atol=1e-12))
    return tpr[here].max() if len(here) else float(np.interp(x, fpr, tpr))


def precision_by_hand(y, scores, x):
    precision, recall, _ = precision_recall_curve(y, scores)
    reaching = [k for k in range(len(recall) - 1) if recall[k] >= x - 1e-9 and recall[k] > 0]
    return precision[reaching[-1]]


@pytest.mark.parametrize("digits", [1, 2, 8])
@pytest.mark.parametrize("seed", range(4))
def test_points_are_those_of_scikit_learn(seed, digits):
    y, scores = cohort(seed=seed, digits=digits)
    points = curve_points(y, scores)
    for k, x in enumerate(GRID):
        assert points["roc"][k] == pytest.approx(roc_by_hand(y, scores, x), abs=1e-12)
        assert points["precision_recall"][k] == pytest.approx(precision_by_hand(y, scores, x), abs=1e-12)


def test_the_area_under_the_points_is_the_auroc():
    y, scores = cohort(digits=1)
    fine = np.linspace(0, 1, 200_001)
    area = np.trapezoid(curve_points(y, scores, grid=fine)["roc"], fine)
    assert area == pytest.approx(roc_auc_score(y, scores), abs=1e-4)


def test_constant_scores_are_the_diagonal_and_the_prevalence():
    points = curve_points([1, 0, 0, 0], [0.5] * 4)
    np.testing.assert_allclose(points["roc"], GRID, atol=1e-12)
    np.testing.assert_allclose(points["precision_recall"], 0.25)


def test_bands_are_percentiles_over_the_shared_resamples():
    y, scores = cohort()
    resampling = Resampling(n_resamples=40, seed=2)
    table = curve_bands(y, {"a": scores, "b": 1 - scores}, resampling)
    drawn = {"roc": [], "precision_recall": []}
    for counts in Resamples(y, resampling):
        for lane in counts.T.astype(int):
            rows = np.repeat(np.arange(len(y)), lane)
            for name, values in curve_points(y[rows], 1 - scores[rows]).items():
                drawn[name].append(values)
    for name, values in drawn.items():
        rows = table[(table["model"] == "b") & (table["curve"] == name)]
        np.testing.assert_allclose(rows["low"], np.quantile(values, 0.025, axis=0), atol=1e-6)
        np.testing.assert_allclose(rows["high"], np.quantile(values, 0.975, axis=0), atol=1e-6)
    assert curve_bands(y, {"a": scores}, None)["low"].isna().all()


def predictions(n=80, cases=30, seed=0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    label = (np.arange(n) < cases).astype(int)
    score = 1 / (1 + np.exp(-rng.normal(size=n) - label))
    return pd.DataFrame(
        {"study_id": [f"s_{i}" for i in range(n)], "label": label, "study_probability": score}
    )


def test_tables_of_a_test_set():
    models = {"random": predictions(seed=1), "echoclr": predictions(seed=2)}
    curves = ranking_curves(models, **RUN, settings=HOW)
    pd.testing.assert_frame_equal(curves, CURVES.check(curves))
    assert len(curves) == 2 * 2 * len(GRID)
    assert (curves["ci_low"] <= curves["ci_high"]).all()
    benefit = benefit_curves(models, **RUN, settings=HOW)
    pd.testing.assert_frame_equal(benefit, DECISION_CURVES.check(benefit))
    assert benefit.groupby("init")["threshold"].count().tolist() == [99, 99]
    few = {"random": predictions(cases=4)}
    assert ranking_curves(few, **RUN, settings=HOW)["ci_low"].isna().all()
    assert benefit_curves(few, **RUN, settings=HOW)["ci_low"].isna().all()
    none = {"random": predictions(cases=0)}
    assert ranking_curves(none, **RUN, settings=HOW).empty
    assert benefit_curves(none, **RUN, settings=HOW).empty


def test_recalibration_is_fixed_on_validation():
    models = {"echoclr": predictions(seed=2)}
    validation = {"echoclr": predictions(seed=9)}
    curve = recalibrated_curves(models, validation, **RUN, settings=HOW)
    pd.testing.assert_frame_equal(curve, RECALIBRATED_CURVE.check(curve))
    assert curve["n_studies"].sum() == 80
    raw = calibration_curve(models["echoclr"]["label"], models["echoclr"]["study_probability"])
    assert not np.allclose(curve["mean_probability"], raw["mean_probability"])
    few = {"echoclr": predictions(cases=3)}
    assert recalibrated_curves(models, few, **RUN, settings=HOW).empty
