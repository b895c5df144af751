"""O:E, scaled Brier and logistic recalibration against their definitions."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from echoclr_core.evaluate.bootstrap import Resamples, Resampling
from echoclr_core.evaluate.calibration import calibration_line
from echoclr_core.evaluate.recalibration import calibration_ratios, recalibrated, recalibration_line


def cohort(n=400, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    y = (rng.random(n) < 1 / (1 + np.exp(-(0.5 + 0.6 * x)))).astype(int)
    return y, 1 / (1 + np.exp(-2 * x))


def by_hand(y, p):
    y, p = np.asarray(y), np.asarray(p)
    share = sum(y) / len(y)
    error = sum((a - b) ** 2 for a, b in zip(p, y, strict=True)) / len(y)
    return sum(y) / sum(p), 1 - error / (share * (1 - share))


def test_ratios_and_their_intervals():
    y, p = cohort(60)
    resampling = Resampling(n_resamples=50, seed=4)
    found = calibration_ratios(y, {"a": p, "b": np.full(60, y.mean())}, resampling)
    drawn = []
    for counts in Resamples(y, resampling):
        for lane in counts.T.astype(int):
            rows = np.repeat(np.arange(60), lane)
            drawn.append(by_hand(y[rows], p[rows]))
    for k, name in enumerate(("oe_ratio", "brier_scaled")):
        low, high = np.quantile(drawn, [0.025, 0.975], axis=0)[:, k]
        assert found["a"][name] == pytest.approx((by_hand(y, p)[k], low, high), abs=1e-12)
    assert found["b"]["oe_ratio"][0] == pytest.approx(1)
    assert found["b"]["brier_scaled"][0] == pytest.approx(0)
    assert np.isnan(calibration_ratios(y, {"a": p}, None)["a"]["oe_ratio"][1])
    assert calibration_ratios([1, 0], {"a": [0.0, 0.0]}, None)["a"]["oe_ratio"][0] == np.inf


def test_coefficients_are_those_of_a_logistic_regression():
    y, p = cohort()
    x = np.log(p / (1 - p))[:, None]
    reference = LogisticRegression(C=np.inf, tol=1e-10).fit(x, y)
    intercept, slope = recalibration_line(y, p)
    assert slope == pytest.approx(reference.coef_[0, 0], abs=1e-4)
    assert intercept == pytest.approx(reference.intercept_[0], abs=1e-4)


def test_recalibrated_on_its_own_data_is_calibrated():
    y, p = cohort()
    fixed = recalibrated(p, *recalibration_line(y, p))
    line = calibration_line(y, fixed)
    assert line[0].value == pytest.approx(0, abs=1e-6)
    assert line[1].value == pytest.approx(1, abs=1e-6)
    assert calibration_ratios(y, {"a": fixed}, None)["a"]["oe_ratio"][0] == pytest.approx(1, abs=1e-6)


def test_where_nothing_can_be_estimated():
    assert recalibration_line([1, 0, 1, 0], [0.3] * 4) is None
    assert recalibration_line([1, 1, 0, 0], [0.9, 0.8, 0.2, 0.1]) is None
