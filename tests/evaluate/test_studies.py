import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from echoclr_core.evaluate.comparisons import adjust, default_comparisons
from echoclr_core.evaluate.delong import delong_test
from echoclr_core.evaluate.details import view_metrics
from echoclr_core.evaluate.holm import holm
from echoclr_core.evaluate.schema import COMPARISONS, METRICS
from echoclr_core.evaluate.settings import EvaluationSettings
from echoclr_core.evaluate.studies import evaluate_cohort
from echoclr_core.evaluate.study_scores import study_table
from echoclr_core.evaluate.thresholds import rates_at, threshold_at
from echoclr_core.finetune.scoring import study_probabilities

RUN = {"task": "severe_as", "ratio": 0.05, "draw": 0, "cohort": "internal", "n_resamples": 200, "seed": 3}


def predictions(n=60, cases=20, effect=1.0, seed=0, videos=2) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    label = (np.arange(n) < cases).astype(int)
    logit = rng.normal(size=(n, videos)) + effect * label[:, None]
    probability = 1 / (1 + np.exp(-logit))
    return pd.DataFrame(
        {
            "video_id": [f"v_{i}" for i in range(n * videos)],
            "study_id": np.repeat([f"s_{i:03d}" for i in rng.permutation(n)], videos),
            "label": np.repeat(label, videos),
            "video_probability": probability.ravel(),
            "study_probability": np.repeat(probability.mean(axis=1), videos),
        }
    )


def with_effect(frame: pd.DataFrame, effect: float, seed: int) -> pd.DataFrame:
    """Other scores for the same studies."""
    rng = np.random.default_rng(seed)
    other = frame.copy()
    other["video_probability"] = 1 / (1 + np.exp(-rng.normal(size=len(frame)) - effect * frame["label"]))
    other["study_probability"] = other.groupby("study_id")["video_probability"].transform("mean")
    return other


@pytest.fixture
def models() -> dict[str, pd.DataFrame]:
    first = predictions()
    effects = {"simclr": 0.2, "mi_simclr": 0.8, "echoclr": 1.5}
    return {"random": first} | {
        init: with_effect(first, effect, i) for i, (init, effect) in enumerate(effects.items(), 1)
    }


def test_a_study_is_the_mean_of_its_videos():
    frame = predictions()
    table = study_table(frame)
    assert list(table.columns) == ["study_id", "label", "score"]
    assert table["study_id"].is_monotonic_increasing
    expected = frame.groupby("study_id")["video_probability"].mean()
    np.testing.assert_allclose(table["score"], expected.to_numpy())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"label": None}, "missing values in .*label"),
        ({"study_probability": 1.5}, r"\[0, 1\]"),
        ({"study_probability": 0.123}, "1 studies have more than one study_probability"),
        ({"video_probability": 0.99}, "not the mean over videos in 1 studies"),
    ],
)
def test_faulty_predictions_are_named(change, message):
    frame = predictions().astype({"label": "Int64"})
    for column, value in change.items():
        frame.loc[0, column] = value
    with pytest.raises(ValueError, match=message):
        study_table(frame, name="echoclr")


def test_missing_column_and_empty_table():
    with pytest.raises(ValueError, match="study_probability"):
        study_table(predictions().drop(columns="study_probability"))
    with pytest.raises(ValueError, match="no rows"):
        study_table(predictions().iloc[:0])


def test_rows_of_a_cohort(models):
    metrics, compared = evaluate_cohort(models, **RUN, n_labelled_studies=265)
    METRICS.check(metrics)
    COMPARISONS.check(compared)
    auroc = metrics[metrics["metric"] == "auroc"].set_index("init")
    assert list(auroc.index) == list(models)
    assert (auroc["n_studies"] == 60).all()
    assert (auroc["n_positive"] == 20).all()
    assert (auroc["n_labelled_studies"] == 265).all()
    assert {"average_precision", "aupr_trapezoid", "brier", "auroc_delong_logit"} <= set(metrics["metric"])
    assert [(a, b) for a, b in zip(compared["init_a"], compared["init_b"], strict=True)] == [
        ("echoclr", "random"),
        ("echoclr", "simclr"),
        ("echoclr", "mi_simclr"),
        ("mi_simclr", "simclr"),
    ]
    tables = {init: study_table(frame) for init, frame in models.items()}
    labels = tables["random"]["label"]
    for row in compared.itertuples():
        cross = delong_test(labels, tables[row.init_a]["score"], tables[row.init_b]["score"])
        assert (row.auroc_a, row.auroc_b) == pytest.approx((cross.auroc_a, cross.auroc_b))
        assert row.p == pytest.approx(cross.p_greater, abs=0.1)
        assert row.p_delong == cross.p_greater


def test_rows_do_not_depend_on_the_order_of_rows_or_models(models):
    shuffled = {init: models[init].sample(frac=1, random_state=1) for init in reversed(models)}
    one, two = (evaluate_cohort(m, **RUN)[0] for m in (models, shuffled))
    keys = ["init", "metric"]
    pd.testing.assert_frame_equal(
        one.sort_values(keys, ignore_index=True), two.sort_values(keys, ignore_index=True)
    )


def test_different_studies_are_refused(models):
    models["simclr"] = models["simclr"][models["simclr"]["study_id"] != "s_004"]
    with pytest.raises(ValueError, match="simclr scored 59 studies, random 60; 1 studies"):
        evaluate_cohort(models, **RUN)


def test_different_labels_are_refused(models):
    changed = models["simclr"]["study_id"].isin(["s_001", "s_002"])
    models["simclr"].loc[changed, "label"] = 1 - models["simclr"].loc[changed, "label"]
    with pytest.raises(ValueError, match="different labels for 2 studies"):
        evaluate_cohort(models, **RUN)


def test_few_cases_get_values_without_intervals():
    first = predictions(cases=4)
    metrics, compared = evaluate_cohort({"random": first, "echoclr": with_effect(first, 1, 1)}, **RUN)
    assert metrics["value"].notna().all()
    assert metrics["ci_low"].isna().all()
    assert compared["auroc_a"].notna().all()
    assert compared["p"].isna().all()
    assert not compared["estimable"].any()


def test_one_class_is_a_counted_row():
    first = predictions(cases=0)
    metrics, compared = evaluate_cohort({"random": first, "echoclr": with_effect(first, 1, 1)}, **RUN)
    assert metrics.loc[metrics["metric"] == "auroc", "value"].isna().all()
    assert metrics.loc[metrics["metric"] == "brier", "value"].notna().all()
    assert (metrics["n_positive"] == 0).all()
    assert compared["auroc_a"].isna().all()


def test_patients_are_drawn_whole(models):
    ids = study_table(models["random"])["study_id"]
    patients = {study: f"p_{i // 3}" for i, study in enumerate(ids)}
    by_study, by_patient = (evaluate_cohort(models, **RUN, patients=p)[0] for p in (None, patients))
    assert (by_study["value"] == by_patient["value"]).all()
    assert not (by_study["ci_low"].dropna() == by_patient["ci_low"].dropna()).all()
    del patients[ids[0]]
    with pytest.raises(ValueError, match="1 of 60 studies have no patient"):
        evaluate_cohort(models, **RUN, patients=patients)


def test_settings_change_the_result(models):
    base = evaluate_cohort(models, **RUN)
    for change in ({"seed": 4}, {"stratified_intervals": True}, {"n_resamples": 300}):
        assert not evaluate_cohort(models, **(RUN | change))[0]["ci_low"].equals(base[0]["ci_low"])
    assert not evaluate_cohort(models, **RUN, stratified_test=False)[1]["p"].equals(base[1]["p"])


def test_comparisons_can_be_named(models):
    compared = evaluate_cohort(models, **RUN, comparisons=[("simclr", "random")])[1]
    assert compared[["init_a", "init_b"]].to_numpy().tolist() == [["simclr", "random"]]
    with pytest.raises(ValueError, match="kinetics400"):
        evaluate_cohort(models, **RUN, comparisons=[("echoclr", "kinetics400")])


def test_default_comparisons_of_those_present():
    assert default_comparisons(["random", "echoclr"]) == [("echoclr", "random")]
    assert default_comparisons(["simclr", "mi_simclr"]) == [("mi_simclr", "simclr")]
    every = default_comparisons(["random", "kinetics400", "simclr", "mi_simclr", "echoclr"])
    assert len(every) == 5


def test_holm_runs_within_task_and_cohort(models):
    parts = [
        evaluate_cohort(models, **(RUN | {"ratio": r, "cohort": c, "seed": s}))[1]
        for s, (r, c) in enumerate([(0.01, "internal"), (0.05, "internal"), (0.05, "external")])
    ]
    joined = pd.concat(parts, ignore_index=True)
    joined.loc[0, ["p", "estimable"]] = [0.5, False]
    result = adjust(joined)
    internal = result["cohort"] == "internal"
    tested = internal & result["estimable"]
    np.testing.assert_allclose(result.loc[tested, "p_holm"], holm(joined.loc[tested, "p"]))
    external = result.loc[~internal]
    np.testing.assert_allclose(external["p_holm"], holm(external["p"]))
    assert pd.isna(result.loc[0, "p_holm"])


def test_threshold_keeps_the_rate_and_is_the_best_that_does():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 300)
    s = np.round(rng.normal(size=300) + y, 1)
    for criterion, better in (("specificity", "sensitivity"), ("sensitivity", "specificity")):
        chosen = threshold_at(y, s, criterion=criterion, at_least=0.9)
        keeps = [t for t in [*np.unique(s), np.inf] if rates_at(y, s, t)[criterion][0] >= 0.9]
        assert rates_at(y, s, chosen)[better][0] == max(rates_at(y, s, t)[better][0] for t in keeps)


def test_rates_have_exact_intervals():
    y, s = np.r_[np.ones(10), np.zeros(20)], np.r_[np.ones(8), np.zeros(22)]
    sensitivity = rates_at(y, s, 0.5)["sensitivity"]
    # R: binom.test(8, 10)$conf.int
    assert sensitivity == pytest.approx((0.8, 0.4439045, 0.9747893), abs=1e-6)
    assert rates_at(y, s, 0.5)["specificity"][::2] == (1.0, 1.0)


def test_operating_points_come_from_validation(models):
    validation = {"echoclr": with_effect(predictions(seed=9), 1.0, 8)}
    metrics, _ = evaluate_cohort(models, **RUN, validation=validation)
    rows = metrics[metrics["metric"] == "sensitivity_at_specificity_90"]
    assert list(rows["init"]) == ["echoclr"]
    val, test = study_table(validation["echoclr"]), study_table(models["echoclr"])
    threshold = threshold_at(val["label"], val["score"])
    expected = rates_at(test["label"], test["score"], threshold)["sensitivity"]
    assert tuple(rows.iloc[0][["value", "ci_low", "ci_high"]]) == pytest.approx(expected)


def test_the_room_does_not_import_torch():
    program = "import sys, echoclr_core.evaluate, echoclr_core.reporting; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_a_model_without_predictions_is_a_row_with_the_reason_and_the_others_go_on(models):
    """Its learning rates all diverged; the study is not to end for it."""
    whole = evaluate_cohort(models, **RUN)
    failed = {"simclr": "no learning rate gave a finite validation loss"}
    rest = {init: table for init, table in models.items() if init != "simclr"}
    metrics, compared = evaluate_cohort(rest, **RUN, failed=failed)
    lost = metrics[metrics["init"] == "simclr"]
    assert set(lost["metric"]) == {"auroc", "average_precision", "aupr_trapezoid", "brier"}
    assert lost["value"].isna().all()
    assert (lost["reason"] == failed["simclr"]).all()
    kept = [frame[frame["init"] != "simclr"].reset_index(drop=True) for frame in (metrics, whole[0])]
    pd.testing.assert_frame_equal(*kept)
    about = compared[(compared[["init_a", "init_b"]] == "simclr").any(axis=1)]
    assert len(about)
    assert not about["estimable"].any()
    assert about["p"].isna().all()
    assert len(compared) == len(whole[1])


def two_views(study_score):
    rows = pd.DataFrame(
        {
            "study_id": ["s"] * 3 + ["t"],
            "view": ["plax", "plax", "a4c", "a4c"],
            "label": [1, 1, 1, 0],
            "video_probability": [0.2, 0.4, 0.9, 0.1],
        }
    )
    return rows.assign(study_probability=study_probabilities(rows, study_score))


@pytest.mark.parametrize(("study_score", "score"), [("videos", 0.5), ("views", 0.6)])
def test_a_study_score_is_a_mean_over_videos_or_of_views(study_score, score):
    table = study_table(two_views(study_score))
    assert table["score"].tolist() == pytest.approx([score, 0.1])
    wrong = two_views(study_score).assign(study_probability=[0.55] * 3 + [0.1])
    with pytest.raises(ValueError, match="not the mean over videos in 1 studies"):
        study_table(wrong)


def test_metrics_of_each_view_come_from_its_own_videos():
    rng = np.random.default_rng(0)
    rows = pd.DataFrame({"study_id": [f"s{k:02d}" for k in range(24) for _ in range(2)]})
    rows["view"] = ["plax", "a4c"] * 24
    rows["label"] = [k % 2 for k in range(24) for _ in range(2)]
    rows["video_probability"] = np.where(rows["view"] == "plax", 0.1 + 0.8 * rows["label"], rng.random(48))
    rows["study_probability"] = rows.groupby("study_id")["video_probability"].transform("mean")
    run = {"task": "lvh", "ratio": 1.0, "draw": 0, "cohort": "internal"}
    found = view_metrics({"random": rows}, **run, settings=EvaluationSettings(n_resamples=50))
    auroc = found[found["metric"] == "auroc"].set_index("level")["value"]
    assert auroc["plax"] == 1
    assert auroc["a4c"] < 0.9
    assert set(found["characteristic"]) == {"view"}
    one = rows[rows["view"] == "plax"].assign(study_probability=lambda part: part["video_probability"])
    assert view_metrics({"random": one}, **run, settings=EvaluationSettings()).empty
