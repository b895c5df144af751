"""Means over repeats and paired differences, against slow obvious versions and constructed cases."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from echoclr_core.evaluate.efficiency import DIFFERENCES, EFFICIENCY, efficiency, resampled_aurocs

RNG = np.random.default_rng(5)
LABELS = np.r_[np.ones(30, int), np.zeros(50, int)]
GRID = [(draw, pretraining) for draw in range(3) for pretraining in range(2)]


def scores_of(strength, seed):
    """Six repeats of a model that separates the classes by ``strength`` standard deviations."""
    rng = np.random.default_rng(seed)
    return {repeat: strength * LABELS + rng.normal(size=len(LABELS)) for repeat in GRID}


def test_auroc_of_a_resample_is_sklearns_on_repeated_rows():
    scores = np.round(LABELS + RNG.normal(size=80), 1)  # with ties
    counts = RNG.multinomial(80, np.full(80, 1 / 80), 25)
    found = resampled_aurocs(LABELS, scores, counts)
    for row, value in zip(counts, found, strict=True):
        again = np.repeat(np.arange(80), row)
        assert value == pytest.approx(roc_auc_score(LABELS[again], scores[again]), abs=1e-12)


def test_means_spreads_and_differences():
    scores = {"random": scores_of(0.3, 2), "simclr": scores_of(0.3, 2), "echoclr": scores_of(2.0, 1)}
    means, differences = efficiency(LABELS, scores, n_resamples=400)
    assert list(means["init"]) == ["random", "simclr", "echoclr"]
    for _, row in means.iterrows():
        plain = [roc_auc_score(LABELS, scores[row["init"]][repeat]) for repeat in GRID]
        assert row["auroc_mean"] == pytest.approx(np.mean(plain))
        assert row["auroc_sd"] == pytest.approx(np.std(plain, ddof=1))
        assert row["ci_low"] < row["auroc_mean"] < row["ci_high"]
    by_pair = differences.set_index(["init_a", "init_b"])
    assert set(by_pair.index) == {("simclr", "random"), ("echoclr", "random"), ("echoclr", "simclr")}
    same = by_pair.loc[("simclr", "random")]  # the same scores on the same resamples: paired
    assert (same["difference"], same["ci_low"], same["ci_high"]) == (0, 0, 0)
    better = by_pair.loc[("echoclr", "random")]
    assert 0.15 < better["ci_low"] < better["difference"] < better["ci_high"]


def test_intervals_widen_with_the_spread_of_repeats():
    calm = {repeat: scores_of(1.0, 3)[0, 0] for repeat in GRID}
    shaken = {
        (draw, pretraining): (draw - 0.5) * LABELS + scores_of(1.0, 3)[0, 0] for draw, pretraining in GRID
    }
    width = {}
    for name, rows in (("calm", calm), ("shaken", shaken)):
        means, _ = efficiency(LABELS, {"random": rows}, n_resamples=600)
        width[name] = means["ci_high"][0] - means["ci_low"][0]
    assert width["shaken"] > 1.3 * width["calm"]


def test_the_interval_covers_the_truth_of_a_single_model_about_as_often_as_it_says():
    truth = 0.7602  # Φ(1 / √2): two normals one standard deviation apart
    hits = 0
    for trial in range(120):
        rng = np.random.default_rng(trial)
        scores = {"random": {(0, 0): LABELS + rng.normal(size=len(LABELS))}}
        means, _ = efficiency(LABELS, scores, n_resamples=300, seed=trial)
        hits += means["ci_low"][0] <= truth <= means["ci_high"][0]
    assert 0.88 <= hits / 120 <= 1.0


def test_same_seed_same_table_and_the_schemas_hold():
    scores = {"echoclr": scores_of(1.0, 1), "random": scores_of(0.5, 2)}
    first, second = (efficiency(LABELS, scores, n_resamples=50, seed=3) for _ in range(2))
    pd.testing.assert_frame_equal(first[0], second[0])
    cell = {"task": "lvh", "cohort": "internal", "ratio": 0.1, "labels": 9, "draws": 3, "pretrainings": 2}
    EFFICIENCY.check(first[0].assign(**cell))
    DIFFERENCES.check(first[1].assign(**cell))
    alone, _ = efficiency(LABELS, {"random": {(0, 0): scores["random"][0, 0]}}, n_resamples=50)
    assert pd.isna(alone["auroc_sd"][0])


@pytest.mark.parametrize(
    ("labels", "scores", "words"),
    [
        (LABELS, {}, "no initialisation"),
        (np.ones(80, int), {"random": scores_of(1, 1)}, "control"),
        (LABELS, {"random": {k: v for k, v in scores_of(1, 1).items() if k != (2, 1)}}, "full grid"),
        (LABELS, {"random": scores_of(1, 1), "echoclr": {(0, 0): scores_of(1, 1)[0, 0]}}, "full grid"),
        (LABELS, {"random": {(0, 0): np.zeros(7)}}, "scores"),
    ],
)
def test_what_cannot_be_compared_is_refused(labels, scores, words):
    with pytest.raises(ValueError, match=words):
        efficiency(labels, scores, n_resamples=20)
