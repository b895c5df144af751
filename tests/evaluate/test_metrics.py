import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import (
    auc,
    average_precision_score,
    brier_score_loss,
    precision_recall_curve,
    roc_auc_score,
)

from echoclr_core.evaluate.bootstrap import resample_metrics
from echoclr_core.evaluate.metrics import METRIC_NAMES, auroc, average_precision, brier, point_metrics


def sklearn_metrics(y, s) -> list[float]:
    precision, recall, _ = precision_recall_curve(y, s)
    return [roc_auc_score(y, s), average_precision_score(y, s), auc(recall, precision)]


# Few distinct scores, so that ties within and across the classes are the rule.
labelled = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 6)), min_size=2, max_size=40).filter(
    lambda rows: len({label for label, _ in rows}) == 2
)


@given(labelled)
@settings(max_examples=50, deadline=None)
def test_equal_to_scikit_learn_with_ties(rows):
    y, s = np.array(rows).T
    got = point_metrics(y, s / 6)
    assert list(got) == list(METRIC_NAMES)
    np.testing.assert_allclose(list(got.values()), sklearn_metrics(y, s / 6), rtol=0, atol=1e-12)


@given(labelled, st.integers(0, 2**32 - 1))
@settings(max_examples=50, deadline=None)
def test_given_resamples_equal_to_scikit_learn_on_their_rows(rows, seed):
    y, s = np.array(rows).T
    indices = np.random.default_rng(seed).integers(0, len(y), (5, len(y)))
    got = resample_metrics(y, s, indices)
    for row, values in zip(indices, got, strict=True):
        if len(set(y[row])) == 1:
            assert np.isnan(values).all()
        else:
            np.testing.assert_allclose(values, sklearn_metrics(y[row], s[row]), rtol=0, atol=1e-12)


def test_auroc_is_the_share_of_pairs_ranked_right():
    rng = np.random.default_rng(3)
    y, s = rng.integers(0, 2, 60), rng.integers(0, 8, 60)
    pairs = [np.sign(a - b) / 2 + 0.5 for a in s[y == 1] for b in s[y == 0]]
    assert auroc(y, s) == pytest.approx(np.mean(pairs), abs=1e-14)
    assert auroc(y, -s) == pytest.approx(1 - auroc(y, s), abs=1e-14)


def test_constant_scores_have_defined_values():
    y = np.array([1] * 17 + [0] * 33)
    got = point_metrics(y, np.full(50, 0.3))
    assert got["auroc"] == 0.5
    assert got["average_precision"] == 0.34
    assert got["aupr_trapezoid"] == pytest.approx(0.67, abs=1e-15)


def test_saturated_scores_show_why_both_areas_are_reported():
    y = np.r_[np.ones(10), np.zeros(90)]
    s = np.r_[np.ones(3), np.zeros(97)]
    assert average_precision(y, s) == pytest.approx(0.3 + 0.7 * 0.1)
    assert point_metrics(y, s)["aupr_trapezoid"] == pytest.approx(0.3 + 0.7 * (1 + 0.1) / 2)


def test_brier():
    rng = np.random.default_rng(0)
    y, p = rng.integers(0, 2, 50), rng.random(50)
    assert brier(y, p) == pytest.approx(brier_score_loss(y, p), abs=1e-15)
    with pytest.raises(ValueError, match=r"\[0, 1\]"):
        brier(y, p * 2)


@pytest.mark.parametrize(
    ("y", "s", "message"),
    [
        ([0] * 40, np.linspace(0, 1, 40), "only one class: all 40 labels are 0"),
        ([1, 1], [0.1, 0.2], "only one class: all 2 labels are 1"),
        ([0, 1, 1], [0.1, np.nan, 0.2], "NaN score in 1 rows: 1"),
        ([0, 1, 1], [0.1, np.inf, 0.2], "infinite score in 1 rows: 1"),
        ([0, 1, 1], [0.1, 0.2], "2 values for 3 labels"),
        ([0, 1, 2], [0.1, 0.2, 0.3], "labels must be 0 or 1; rows 2"),
        ([0, 1, None], [0.1, 0.2, 0.3], "rows 2"),
        ([], [], "non-empty"),
        ([[0, 1]], [[0.1, 0.2]], "one-dimensional"),
        ([0, 1], ["low", "high"], "expected numbers"),
    ],
)
def test_faulty_input_is_named(y, s, message):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ValueError, match=message):
            point_metrics(y, s)


def test_golden_points(golden, dataset):
    frame = golden.frame(dataset)
    for model in ("s1", "s2"):
        expected = golden[dataset]["point"][model]
        for name, value in point_metrics(frame.y, frame[model]).items():
            assert value == pytest.approx(expected[name], abs=1e-12)
        assert brier(frame.y, frame[model]) == pytest.approx(expected["brier"], abs=1e-12)


def test_golden_resamples(golden, dataset):
    frame, stored = golden.frame(dataset), golden.indices(dataset)
    for i, model in enumerate(("s1", "s2")):
        got = resample_metrics(frame.y, frame[model], stored["idx"])
        for k, name in enumerate(METRIC_NAMES):
            np.testing.assert_allclose(got[:, k], stored[name][i], rtol=0, atol=1e-12, equal_nan=True)


def test_golden_degenerate(golden):
    one, constant, gap = (
        golden.frame(name) for name in ("x01_one_class_neg_n40", "x02_constant_s2_n50", "x03_nan_s1_n50")
    )
    with pytest.raises(ValueError, match="only one class"):
        point_metrics(one.y, one.s1)
    assert auroc(constant.y, constant.s2) == 0.5
    rows = ", ".join(str(i) for i in np.flatnonzero(gap.s1.isna()))
    with pytest.raises(ValueError, match=f"NaN score in 2 rows: {rows}"):
        point_metrics(gap.y, gap.s1)
