"""Net benefit against the definition, counted study by study, and its intervals on the shared resamples."""

import numpy as np
import pandas as pd
import pytest

from echoclr_core.evaluate import decision_curve
from echoclr_core.evaluate.bootstrap import Resamples, Resampling
from echoclr_core.evaluate.decision import decision_curves


def net_benefit(y, risk, threshold):
    """As the package dcurves counts it: rates of true and false positives at ``risk >= threshold``."""
    n = len(y)
    true_positives = sum(1 for label, p in zip(y, risk, strict=True) if label == 1 and p >= threshold)
    false_positives = sum(1 for label, p in zip(y, risk, strict=True) if label == 0 and p >= threshold)
    return true_positives / n - threshold / (1 - threshold) * (false_positives / n)


def cohort(n=90, seed=0):
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < 0.3).astype(int)
    risk = np.round(np.clip(0.3 * y + 0.7 * rng.random(n), 0, 1), 2)  # ties, and values on the thresholds
    return y, risk


@pytest.mark.parametrize("seed", range(5))
def test_values_are_those_of_the_definition(seed):
    y, risk = cohort(seed=seed)
    thresholds = np.arange(0, 100) / 100
    table = decision_curve(y, risk, thresholds, n_resamples=20)
    assert table["threshold"].tolist() == thresholds.tolist()
    for row in table.itertuples():
        assert row.net_benefit == pytest.approx(net_benefit(y, risk, row.threshold), abs=1e-12)
        assert row.treat_all == pytest.approx(net_benefit(y, np.ones(len(y)), row.threshold), abs=1e-12)
        assert row.treat_none == 0


def test_a_worked_example():
    table = decision_curve([1, 1, 0, 0], [0.9, 0.2, 0.6, 0.1], [0.5, 0.15], n_resamples=10)
    assert table["net_benefit"].tolist() == pytest.approx([1 / 4 - 1 / 4, 2 / 4 - 1 / 4 * 0.15 / 0.85])


def test_intervals_are_percentiles_over_the_shared_resamples():
    y, risk = cohort()
    thresholds = [0.1, 0.35, 0.6]
    table = decision_curve(y, risk, thresholds, n_resamples=64, seed=5)
    drawn = []
    for counts in Resamples(y, Resampling(n_resamples=64, seed=5)):
        for lane in counts.T.astype(int):
            rows = np.repeat(np.arange(len(y)), lane)
            drawn.append([net_benefit(y[rows], risk[rows], t) for t in thresholds])
    np.testing.assert_allclose(table["low"], np.quantile(drawn, 0.025, axis=0), atol=1e-12)
    np.testing.assert_allclose(table["high"], np.quantile(drawn, 0.975, axis=0), atol=1e-12)
    two = decision_curves(y, {"a": 1 - risk, "b": risk}, thresholds, Resampling(n_resamples=64, seed=5))
    pd.testing.assert_frame_equal(two["b"], table, rtol=0, atol=1e-12)  # sums of another order by shape


def test_whole_patients_are_drawn():
    y, risk = cohort()
    alone = decision_curve(y, risk, [0.3], n_resamples=50)
    pairs = decision_curve(y, risk, [0.3], n_resamples=50, groups=np.arange(len(y)) // 3)
    assert alone["net_benefit"].equals(pairs["net_benefit"])
    assert not alone["low"].equals(pairs["low"])


@pytest.mark.parametrize(
    ("y", "scores", "thresholds", "message"),
    [
        ([1, 1], [0.2, 0.3], [0.5], "only one class"),
        ([1, 0], [0.2, 1.3], [0.5], r"probabilities must lie in \[0, 1\]"),
        ([1, 0], [0.2, 0.3], [1.0], r"thresholds: received \[1\.0\]; allowed"),
        ([1, 0], [0.2, 0.3], [-0.1], "thresholds: received"),
        ([1, 0], [0.2, 0.3], [np.nan], "thresholds: received"),
        ([1, 0], [0.2, 0.3], [], "non-empty"),
        ([1, 0], [0.2], [0.5], "1 values for 2 labels"),
    ],
)
def test_what_is_refused(y, scores, thresholds, message):
    with pytest.raises(ValueError, match=message):
        decision_curve(y, scores, thresholds, n_resamples=10)
