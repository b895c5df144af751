import numpy as np
import pandas as pd
import pytest

from echoclr_core.evaluate.bootstrap import bootstrap_metrics
from echoclr_core.evaluate.calibration import calibration_line
from echoclr_core.evaluate.details import calibration_tables, operating_points, subgroup_metrics
from echoclr_core.evaluate.metrics import brier
from echoclr_core.evaluate.schema import CALIBRATION, CALIBRATION_CURVE, OPERATING_POINTS, SUBGROUPS
from echoclr_core.evaluate.settings import EvaluationSettings
from echoclr_core.evaluate.studies import evaluate_cohort
from echoclr_core.evaluate.subgroups import age_band, subgroups_of
from echoclr_core.evaluate.thresholds import classify, clopper_pearson, threshold_at

RUN = {"task": "lvh", "ratio": 0.1, "draw": 1, "cohort": "external"}
HOW = EvaluationSettings(n_resamples=200, seed=3)


def predictions(n=80, cases=30, effect=1.0, seed=0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    label = (np.arange(n) < cases).astype(int)
    score = 1 / (1 + np.exp(-rng.normal(size=n) - effect * label))
    return pd.DataFrame(
        {"study_id": [f"s_{i:03d}" for i in range(n)], "label": label, "study_probability": score}
    )


@pytest.fixture
def models():
    return {"random": predictions(effect=0.1), "echoclr": predictions(effect=1.5, seed=1)}


@pytest.fixture
def studies():
    rng = np.random.default_rng(5)
    return pd.DataFrame(
        {
            "study_id": [f"s_{i:03d}" for i in range(90)],  # ten of them were not scored
            "sex": pd.array(np.where(np.arange(90) % 2, "female", "male"), dtype="string"),
            "study_year": 2021,
            "age": rng.uniform(30, 95, 90),
        }
    )


def test_operating_points_are_fixed_on_validation(models):
    validation = {init: predictions(effect=1.0, seed=7 + i) for i, init in enumerate(models)}
    table = operating_points(models, validation, **RUN, settings=HOW)
    pd.testing.assert_frame_equal(table, OPERATING_POINTS.check(table))
    assert len(table) == 4
    for row in table.itertuples():
        val, test = validation[row.init], models[row.init]
        assert row.threshold == threshold_at(val["label"], val["study_probability"], criterion=row.criterion)
        called = (test["study_probability"] >= row.threshold).to_numpy()
        case = (test["label"] == 1).to_numpy()
        assert row.true_positive == (called & case).sum()
        assert row.true_positive + row.false_negative == 30
        assert row.true_negative + row.false_positive == 50
        assert (row.sensitivity, row.sensitivity_low, row.sensitivity_high) == pytest.approx(
            clopper_pearson(row.true_positive, 30)
        )
        assert row.ppv == pytest.approx(row.true_positive / called.sum())
    # On validation itself the wanted rate holds.
    own = operating_points(validation, validation, **RUN, settings=HOW).set_index("criterion")
    assert (own.loc["specificity", "specificity"] >= 0.9).all()
    assert (own.loc["sensitivity", "sensitivity"] >= 0.9).all()


def test_operating_points_stand_in_the_metrics_too(models):
    validation = {init: predictions(seed=9) for init in models}
    table = operating_points(models, validation, **RUN, settings=HOW)
    metrics, _ = evaluate_cohort(models, **RUN, settings=HOW, validation=validation)
    for row in table.itertuples():
        other = "sensitivity" if row.criterion == "specificity" else "specificity"
        name = f"{other}_at_{row.criterion}_90"
        [value] = metrics[(metrics["init"] == row.init) & (metrics["metric"] == name)]["value"]
        assert value == getattr(row, other)


def test_nobody_called_has_no_predictive_value():
    rates = classify([1, 1, 0, 0], [0.1, 0.2, 0.3, 0.4], np.inf)
    assert (rates["sensitivity"], rates["specificity"]) == (0, 1)
    assert (rates["ppv"], rates["ppv_low"], rates["npv"]) == (None, None, 0.5)


def test_one_class_gives_no_operating_points(models):
    one = {init: frame.assign(label=0) for init, frame in models.items()}
    assert operating_points(one, models, **RUN, settings=HOW).empty
    assert operating_points(models, one, **RUN, settings=HOW).empty


def test_no_validation_is_said(models):
    with pytest.raises(ValueError, match="no validation predictions of echoclr"):
        operating_points(models, {"random": models["random"]}, **RUN, settings=HOW)


def test_calibration_tables(models):
    lines, curves = calibration_tables(models, **RUN, settings=HOW)
    pd.testing.assert_frame_equal(lines, CALIBRATION.check(lines))
    pd.testing.assert_frame_equal(curves, CALIBRATION_CURVE.check(curves))
    for row in lines.itertuples():
        frame = models[row.init]
        intercept, slope = calibration_line(frame["label"], frame["study_probability"])
        assert (row.intercept, row.slope_low) == (intercept.value, slope.low)
        assert row.brier == brier(frame["label"], frame["study_probability"])
        assert row.brier_constant == pytest.approx(brier(frame["label"], np.full(80, 30 / 80)))
    assert (curves.groupby("init")["n_studies"].sum() == 80).all()


@pytest.mark.parametrize("cases", [0, 4])
def test_too_few_cases_have_a_curve_and_no_line(cases):
    lines, curves = calibration_tables({"random": predictions(cases=cases)}, **RUN, settings=HOW)
    assert lines[["intercept", "slope"]].isna().all(axis=None)
    assert lines.loc[0, "brier"] > 0
    assert curves["n_positive"].sum() == cases


def test_subgroups_are_evaluated_alone(models, studies):
    table = subgroup_metrics(models, studies, **RUN, settings=HOW)
    pd.testing.assert_frame_equal(table, SUBGROUPS.check(table))
    assert set(table["characteristic"]) == {"sex", "age"}  # one year only: the cohort over again
    row = table.query("init == 'echoclr' and level == 'female' and metric == 'auroc'").iloc[0]
    women = models["echoclr"][np.arange(80) % 2 == 1]
    assert (row["n_studies"], row["n_positive"]) == (40, 15)
    alone = bootstrap_metrics(women["label"], women["study_probability"], 200).loc["auroc"]
    assert row["value"] == alone["value"]
    assert row["ci_low"] == pytest.approx(alone["low"], abs=0.05)
    bands = table[table["characteristic"] == "age"].drop_duplicates("level").sort_values("place")
    assert bands["level"].tolist() == ["<50", "50–64", "65–79", "≥80"]
    assert bands["n_studies"].sum() == 80


def test_subgroups_with_few_cases_have_no_interval(models, studies):
    few = studies.assign(sex=np.where(np.arange(90) < 4, "female", "male"))
    table = subgroup_metrics(models, few, **RUN, settings=HOW)
    rows = table.query("level == 'female'")
    assert set(rows["metric"]) >= {"auroc", "brier"}
    assert rows["ci_low"].isna().all()
    assert rows.loc[rows["metric"] == "auroc", "value"].isna().all()  # four cases, no control


def test_unknown_values_are_a_level(models, studies):
    studies.loc[:9, "sex"] = pd.NA
    table = subgroup_metrics(models, studies, **RUN, settings=HOW)
    levels = table[table["characteristic"] == "sex"].drop_duplicates("level")
    assert levels["level"].tolist() == ["female", "male", "missing"]
    assert levels["n_studies"].tolist() == [35, 35, 10]


def test_patients_are_drawn_whole_within_subgroups(models, studies):
    everybody = {study: study for study in studies["study_id"]}
    pairs = {study: f"p_{int(study[2:]) // 4}" for study in studies["study_id"]}
    alone, clustered = (
        subgroup_metrics(models, studies, **RUN, settings=HOW, patients=patients)
        for patients in (everybody, pairs)
    )
    assert alone["value"].equals(clustered["value"])
    assert not alone["ci_low"].equals(clustered["ci_low"])


def test_studies_that_do_not_match_are_refused(models, studies):
    with pytest.raises(ValueError, match=r"lvh, ratio 0\.1, draw 1, external: 20 of 80 scored studies"):
        subgroup_metrics(models, studies[20:], **RUN, settings=HOW)
    with pytest.raises(ValueError, match="1 study_id stand there more than once"):
        list(subgroups_of(studies.assign(study_id=studies["study_id"].replace("s_001", "s_000"))))
    with pytest.raises(ValueError, match="echoclr scored 79 studies, random 80"):
        calibration_tables(models | {"echoclr": models["echoclr"][1:]}, **RUN, settings=HOW)


def test_age_as_text_is_taken_as_bands(studies):
    text = studies.assign(age=np.where(studies["age"] < 70, "younger", "older"))
    found = [level for characteristic, level, _, _ in subgroups_of(text) if characteristic == "age"]
    assert found == ["older", "younger"]


def test_age_bands():
    assert [age_band(age, (50, 65, 80)) for age in (49.9, 50, 64.9, 65, 80, 101)] == [
        "<50",
        "50–64",
        "50–64",
        "65–79",
        "≥80",
        "≥80",
    ]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"target_rate": 1.0}, "target_rate"),
        ({"calibration_bins": 0}, "calibration_bins"),
        ({"age_bands": (65, 50)}, "rising ages"),
    ],
)
def test_impossible_settings_are_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        EvaluationSettings(**wrong)
