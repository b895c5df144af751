import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression

from echoclr_core.evaluate.calibration import calibration_curve, calibration_line
from echoclr_core.evaluate.thresholds import clopper_pearson


def example(n=400, intercept=0.0, slope=1.0, seed=0):
    """Probabilities, and labels drawn so that logit P(y = 1) = intercept + slope·logit(p)."""
    rng = np.random.default_rng(seed)
    p = expit(rng.normal(-0.5, 1.2, n))
    return (rng.random(n) < expit(intercept + slope * logit(p))).astype(int), p


def test_slope_is_that_of_a_logistic_regression():
    y, p = example(intercept=0.4, slope=0.6)
    x = logit(p)[:, None]
    oracle = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(x, y)
    _, slope = calibration_line(y, p)
    assert slope.value == pytest.approx(oracle.coef_[0, 0], abs=1e-5)
    # Wald: the inverse of the information of both parameters.
    weight = oracle.predict_proba(x)[:, 1] * oracle.predict_proba(x)[:, 0]
    design = np.column_stack([np.ones(len(y)), x])
    error = np.sqrt(np.linalg.inv(design.T @ (design * weight[:, None]))[1, 1])
    assert (slope.high - slope.low) / 2 == pytest.approx(1.959964 * error, rel=1e-4)


def test_intercept_makes_the_mean_right():
    y, p = example(intercept=0.8)
    intercept, _ = calibration_line(y, p)
    moved = expit(intercept.value + logit(p))
    assert moved.mean() == pytest.approx(y.mean(), abs=1e-10)
    assert (intercept.high - intercept.low) / 2 == pytest.approx(
        1.959964 / np.sqrt((moved * (1 - moved)).sum()), rel=1e-5
    )


def test_recalibrated_probabilities_have_intercept_0_and_slope_1():
    y, p = example(intercept=-0.7, slope=1.8)
    x = logit(p)[:, None]
    fitted = LogisticRegression(C=np.inf, tol=1e-12, max_iter=1000).fit(x, y).predict_proba(x)[:, 1]
    intercept, slope = calibration_line(y, fitted)
    assert (intercept.value, slope.value) == pytest.approx((0, 1), abs=1e-4)


def test_what_is_not_estimable_is_missing():
    y, p = example(60)
    for probabilities in (np.full(60, 0.3), y * 0.5 + 0.2, 0.9 - y * 0.5):
        intercept, slope = calibration_line(y, probabilities)
        assert np.isfinite([intercept.value, intercept.low, intercept.high]).all()
        assert np.isnan([slope.value, slope.low, slope.high]).all()
    # 0 and 1 have no logit; they are taken as very small and very large.
    assert np.isfinite(calibration_line(y, np.where(p > 0.9, 1.0, np.where(p < 0.1, 0.0, p)))[1].value)


@pytest.mark.parametrize(
    ("y", "p", "message"),
    [
        ([0, 1], [0.2, 1.2], r"\[0, 1\]"),
        ([0, 1], [0.2, np.nan], "NaN"),
        ([0, 1], [0.2], "1 values for 2"),
        ([1, 1], [0.2, 0.3], "only one class"),
    ],
)
def test_faulty_input_is_named(y, p, message):
    with pytest.raises(ValueError, match=message):
        calibration_line(y, p)


def test_curve_by_hand():
    y = np.array([0, 0, 1, 0, 0, 1, 0, 1, 1, 1])
    p = np.array([0.1, 0.2, 0.2, 0.2, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9])
    curve = calibration_curve(y, p, bins=10)  # ten studies give two bins of five
    assert curve["n_studies"].tolist() == [5, 5]
    assert curve["n_positive"].tolist() == [1, 4]
    assert curve["mean_probability"].tolist() == pytest.approx([0.2, 0.7])
    assert curve.loc[0, ["observed", "ci_low", "ci_high"]].tolist() == list(clopper_pearson(1, 5))
    assert curve[["lowest", "highest"]].to_numpy().tolist() == [[0.1, 0.3], [0.5, 0.9]]


def test_curve_covers_everybody_and_keeps_ties_together():
    y, p = example(300)
    p = np.round(p, 1)
    curve = calibration_curve(y, p)
    assert curve["bin"].tolist() == list(range(1, len(curve) + 1))
    assert (curve["n_studies"].sum(), curve["n_positive"].sum()) == (300, y.sum())
    assert (curve["highest"].to_numpy()[:-1] < curve["lowest"].to_numpy()[1:]).all()
    assert np.average(curve["mean_probability"], weights=curve["n_studies"]) == pytest.approx(p.mean())
    assert len(calibration_curve(y, np.full(300, 0.5))) == 1
    assert isinstance(calibration_curve(np.zeros(3), [0.1, 0.2, 0.3]), pd.DataFrame)  # one class is a curve


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("scale", [0.0, 1e-16, 1e-12, 1e-9, 1e-7])
def test_nearly_constant_logits_give_a_reason_and_no_slope(seed, scale):
    """One unit in the last place apart, the likelihood of the slope is flat: 14 of 60 such fits failed."""
    rng = np.random.default_rng(seed)
    y = np.arange(60) % 3 == 0
    x = rng.normal() * (1 + scale * rng.normal(size=60))
    intercept, slope = calibration_line(y.astype(int), expit(x))
    assert np.isfinite([intercept.value, intercept.low, intercept.high]).all()
    assert np.isnan([slope.value, slope.low, slope.high]).all()
    assert slope.reason == "the probabilities are constant"


@pytest.mark.parametrize("scale", [1e-5, 1e-3, 1.0, 5.0])
def test_a_slope_does_not_depend_on_the_spread_of_the_logits(scale):
    y, p = example(200)
    x = logit(p)
    small = calibration_line(y, expit(-0.5 + scale * (x - x.mean()) / x.std()))[1]
    unit = calibration_line(y, expit(-0.5 + (x - x.mean()) / x.std()))[1]
    tolerance = 1e-3 if scale < 1 else 1e-6
    assert small.value * scale == pytest.approx(unit.value, rel=tolerance)
    assert (small.high - small.low) * scale == pytest.approx(unit.high - unit.low, rel=tolerance)
    assert small.reason == ""
