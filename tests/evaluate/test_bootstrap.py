import tracemalloc

import numpy as np
import pytest

from echoclr_core.evaluate import bootstrap as bootstrap_module
from echoclr_core.evaluate.bootstrap import (
    Resamples,
    Resampling,
    bootstrap_metrics,
    bootstrap_models,
    bootstrap_values,
    resample_metrics,
)
from echoclr_core.evaluate.metrics import METRIC_NAMES, point_metrics


def example(n=200, prevalence=0.3, seed=0, models=1):
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < prevalence).astype(int)
    return y, {f"m{i}": np.round(rng.normal(size=n) + y, 1) for i in range(models)}


def test_shape_and_value():
    y, scores = example()
    table = bootstrap_metrics(y, scores["m0"], 500)
    assert list(table.index) == list(METRIC_NAMES)
    assert list(table.columns) == ["value", "low", "high"]
    assert table["value"].to_dict() == pytest.approx(point_metrics(y, scores["m0"]), abs=1e-14)
    assert (table["low"] < table["value"]).all()
    assert (table["value"] < table["high"]).all()
    assert table.attrs["n_positive"] == y.sum()


@pytest.mark.parametrize("settings", [{}, {"stratified": True}, {"groups": np.arange(200) // 3}])
def test_equal_to_metrics_on_the_very_rows_of_each_resample(settings):
    # The oracle: turn the drawn counts into row lists, and evaluate those.
    y, scores = example(models=2)
    resampling = Resampling(n_resamples=70, seed=4, **settings)
    counts = np.concatenate(list(Resamples(y, resampling)), axis=1)
    rows = [np.repeat(np.arange(200), column.astype(int)) for column in counts.T]
    values, n_redrawn = bootstrap_values(y, scores, resampling)
    assert n_redrawn == 0
    for i, s in enumerate(scores.values()):
        slow = np.array([list(point_metrics(y[row], s[row]).values()) for row in rows])
        np.testing.assert_allclose(values[i].T, slow, rtol=0, atol=1e-12)


def test_resamples_have_the_right_size_and_strata():
    y, _ = example()
    plain = np.concatenate(list(Resamples(y, Resampling(n_resamples=50))), axis=1)
    assert (plain.sum(axis=0) == 200).all()
    assert len(set(y @ plain)) > 1
    stratified = np.concatenate(list(Resamples(y, Resampling(n_resamples=50, stratified=True))), axis=1)
    assert (y @ stratified == y.sum()).all()
    assert (stratified.sum(axis=0) == 200).all()


def test_clusters_are_drawn_whole():
    y, _ = example()
    patients = np.arange(200) // 4
    counts = np.concatenate(list(Resamples(y, Resampling(n_resamples=40, groups=patients))), axis=1)
    by_patient = counts.reshape(50, 4, 40)
    assert (by_patient == by_patient[:, :1]).all()
    assert (by_patient[:, 0].sum(axis=0) == 50).all()


def test_clusters_of_equal_copies_widen_the_interval():
    # Each study copied four times tells no more than one: clusters must give the interval of the originals.
    y, scores = example(100)
    copies = np.repeat(np.arange(100), 4)
    width = {}
    for name, groups in (("rows", None), ("patients", copies)):
        table = bootstrap_metrics(y[copies], scores["m0"][copies], 2000, groups=groups)
        width[name] = table.loc["auroc", "high"] - table.loc["auroc", "low"]
    assert width["patients"] == pytest.approx(2 * width["rows"], rel=0.15)


def test_same_seed_same_resamples_alone_or_together():
    y, scores = example(models=3)
    together = bootstrap_models(y, scores, 300, seed=7)
    alone = bootstrap_metrics(y, scores["m1"], 300, seed=7)
    assert together.loc["m1"].equals(alone)
    assert not together.loc["m1"].equals(bootstrap_metrics(y, scores["m1"], 300, seed=8))


def test_one_class_resamples_are_redrawn_and_counted():
    y = np.array([1] + [0] * 19)
    s = np.linspace(1, 0, 20)
    values, n_redrawn = bootstrap_values(y, {"a": s, "b": -s}, Resampling(n_resamples=2000))
    assert np.isfinite(values).all()
    # A case is missing with probability (19/20)^20 = 0.358: 2000·p/(1 − p) redraws are expected, sd about 40.
    expected = 2000 * (p := 0.95**20) / (1 - p)
    assert abs(n_redrawn - expected) < 5 * np.sqrt(2000 * p) / (1 - p)
    # On the same resamples, a perfect and a reversed model mirror each other.
    np.testing.assert_allclose(values[0, 0], 1 - values[1, 0], atol=1e-12)


def test_level_sets_the_percentiles():
    y, scores = example()
    values, _ = bootstrap_values(y, scores, Resampling(n_resamples=400, seed=1))
    table = bootstrap_metrics(y, scores["m0"], 400, seed=1, level=0.9)
    np.testing.assert_allclose(table[["low", "high"]].T, np.quantile(values[0], [0.05, 0.95], axis=1))


def test_perfect_and_constant_scores_have_no_spread():
    y, _ = example()
    assert (bootstrap_metrics(y, y, 200).to_numpy() == 1).all()
    assert bootstrap_metrics(y, np.zeros(200), 200).loc["auroc"].tolist() == [0.5, 0.5, 0.5]


def test_memory_is_bounded_for_many_studies():
    y, scores = example(20_000, models=2)
    tracemalloc.start()
    bootstrap_values(y, scores, Resampling(n_resamples=64))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 12 * 8 * bootstrap_module.LANE_CELLS  # a few arrays of counts, whatever n_resamples is


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_resamples": 1}, "n_resamples"),
        ({"level": 95}, "level"),
        ({"stratified": True, "groups": np.arange(200)}, "not defined"),
        ({"groups": np.arange(7)}, "expected 200"),
        ({"min_per_class": 500}, "at least 500"),
    ],
)
def test_faulty_settings_are_named(arguments, message):
    y, scores = example()
    with pytest.raises(ValueError, match=message):
        bootstrap_metrics(y, scores["m0"], **arguments)


def test_indices_out_of_range_are_refused():
    y, scores = example()
    with pytest.raises(ValueError, match="rows from 0 to 199"):
        resample_metrics(y, scores["m0"], [[0, 200]])


def test_golden_intervals(golden, dataset):
    frame, n = golden.frame(dataset), 5_000
    wider = np.sqrt(10_000 / n)
    for stratified in (True, False):
        table = bootstrap_models(frame.y, {"s1": frame.s1, "s2": frame.s2}, n, seed=11, stratified=stratified)
        for (model, metric), row in table.iterrows():
            kind = "stratified" if stratified else "unstratified"
            expected = golden[dataset]["ci95_percentile"][metric][model][kind]
            assert row["low"] == pytest.approx(expected["lo"], abs=expected["tol_lo"] * wider)
            assert row["high"] == pytest.approx(expected["hi"], abs=expected["tol_hi"] * wider)


def test_golden_share_of_redrawn_resamples(golden):
    frame = golden.frame("d07_tiny_rare_n100")
    share = golden["d07_tiny_rare_n100"]["one_class"]["prob_per_resample"]
    n_redrawn = bootstrap_metrics(frame.y, frame.s1, 10_000).attrs["n_redrawn"]
    assert n_redrawn == pytest.approx(10_000 * share / (1 - share), abs=5 * np.sqrt(10_000 * share))
