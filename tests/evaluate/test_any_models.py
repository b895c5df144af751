"""Anybody's predictions: the same numbers as the single functions give, and clear errors."""

import numpy as np
import pandas as pd
import pytest

from echoclr_core.evaluate.any_models import evaluate_predictions, levels_of
from echoclr_core.evaluate.bootstrap import bootstrap_metrics
from echoclr_core.evaluate.holm import holm
from echoclr_core.evaluate.prediction_file import PredictionColumns, read_predictions
from echoclr_core.evaluate.resampling import resampling_stream
from echoclr_core.evaluate.roc_test import roc_test
from echoclr_core.evaluate.settings import EvaluationSettings

HOW = EvaluationSettings(n_resamples=200)


def table(n=120, seed=0):
    random = np.random.default_rng(seed)
    label = random.integers(0, 2, n)
    scores = {
        name: 1 / (1 + np.exp(-(gain * label + random.normal(size=n))))
        for name, gain in (("first", 1.5), ("second", 0.7), ("third", 0.0))
    }
    return pd.DataFrame(
        {
            "study": [f"case-{k:04d}" for k in range(n)],
            "label": label,
            **scores,
            "sex": random.choice(["F", "M"], n),
            "age": random.integers(30, 95, n),
        }
    )


@pytest.fixture
def write(tmp_path):
    def to_file(frame, name="p.csv"):
        path = tmp_path / name
        frame.to_csv(path, index=False)
        return path

    return to_file


def test_numbers_are_those_of_the_functions_themselves(write):
    frame = table()
    found = evaluate_predictions(read_predictions(write(frame)), settings=HOW)
    stream = resampling_stream(0, "prediction", "internal")
    metrics = found["metrics"].set_index(["model", "metric"])
    tests = found["comparisons"].set_index(["model_a", "model_b"])
    for model in ("first", "second", "third"):
        alone = bootstrap_metrics(frame["label"], frame[model], 200, stream).loc["auroc"]
        row = metrics.loc[(model, "auroc")]
        assert [row["value"], row["ci_low"], row["ci_high"]] == pytest.approx(
            [alone["value"], alone["low"], alone["high"]]
        )
    assert list(tests.index) == [("first", "second"), ("first", "third"), ("second", "third")]
    p = roc_test(frame["label"], frame["first"], frame["third"], "two-sided", 200, stream)
    assert tests.loc[("first", "third"), "p"] == pytest.approx(p)
    assert tests["p_holm"].tolist() == pytest.approx(list(holm(tests["p"].to_numpy())))


def test_the_long_form_gives_the_same(write):
    frame = table()
    long = frame.melt(["study", "label", "sex", "age"], var_name="model", value_name="probability")
    wide = evaluate_predictions(read_predictions(write(frame)), settings=HOW)
    other = evaluate_predictions(read_predictions(write(long, "long.csv")), settings=HOW)
    for name, rows in wide.items():
        pd.testing.assert_frame_equal(rows, other[name])


def test_tasks_sets_and_thresholds_of_validation(write):
    parts = [
        table(seed=k).assign(task=task, set=part, study=lambda f: f["study"] + "x")
        for k, (task, part) in enumerate([("mr", "validation"), ("mr", "test"), ("as", "test")])
    ]
    predictions = read_predictions(write(pd.concat(parts)))
    found = evaluate_predictions(predictions, settings=HOW, validation="validation")
    points = found["operating_points"]
    assert set(points[["task", "set"]].itertuples(index=False, name=None)) == {("mr", "test")}
    assert len(found["metrics"].groupby(["task", "set"])) == 3
    assert not {"ratio", "init"} & set(found["metrics"])
    with pytest.raises(ValueError, match="'dev' is no set"):
        evaluate_predictions(predictions, settings=HOW, validation="dev")


def test_subgroups_in_bands(write):
    found = evaluate_predictions(read_predictions(write(table(400))), settings=HOW)["subgroups"]
    levels = found.drop_duplicates(["characteristic", "level"])
    assert levels[levels["characteristic"] == "age"]["level"].tolist() == ["<50", "50–64", "65–79", "≥80"]
    assert set(levels[levels["characteristic"] == "sex"]["level"]) == {"F", "M"}
    assert levels_of(pd.Series(range(100), name="bmi").astype(str)).nunique() == 4
    with pytest.raises(ValueError, match="different texts"):
        levels_of(pd.Series([f"t{k}" for k in range(40)], name="note"))


def test_few_cases_and_one_class_give_no_interval(write):
    frame = table()
    frame["label"] = [1, 1, *[0] * (len(frame) - 2)]
    found = evaluate_predictions(read_predictions(write(frame)), settings=HOW)
    assert "ci_low" not in found["metrics"] or found["metrics"]["ci_low"].isna().all()
    assert found["comparisons"]["reason"].str.contains("5 are needed").all()
    one = evaluate_predictions(read_predictions(write(frame.assign(label=0))), settings=HOW)
    values = one["metrics"].set_index("metric")["value"]
    assert values["auroc"].isna().all()
    assert values["brier"].notna().all()


def change(row, column, value):
    def changed(frame):
        return frame.astype({column: object}).pipe(
            lambda f: f.assign(**{column: [value if k == row else cell for k, cell in enumerate(f[column])]})
        )

    return changed


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (change(3, "label", 2), r"column 'label': row\(s\) 5; allowed is 0 or 1"),
        (change(3, "first", 1.2), r"column 'first': row\(s\) 5; allowed is a probability"),
        (change(3, "first", None), r"column 'first': row\(s\) 5; allowed is a probability"),
        (change(3, "first", "0.7.1"), r"column 'first': row\(s\) 5"),
        (change(1, "study", "case-0000"), r"row\(s\) 2, 3; allowed is one row a study"),
        (lambda f: f.drop(columns="label"), "there is no column 'label'; there are 'study'"),
        (lambda f: f.assign(label=None), "no row has a label"),
        (lambda f: f[["study", "label", "age"]], "no column holds probabilities"),
    ],
)
def test_errors_name_column_and_rows_and_no_study(write, fault, message):
    with pytest.raises(ValueError, match=message) as caught:
        read_predictions(write(fault(table())))
    assert "case-" not in str(caught.value)


def test_rows_without_a_label_are_counted(write):
    predictions = read_predictions(write(change(0, "label", None)(table())))
    assert len(predictions.rows) == 119
    assert predictions.notes[0] == "1 row(s) without a label are left out"


def test_columns_by_name(write):
    frame = table().rename(columns={"study": "exam", "label": "severe"})
    columns = PredictionColumns(study="exam", label="severe", models=["first"], subgroups=["sex"])
    predictions = read_predictions(write(frame), columns)
    assert (predictions.models, predictions.subgroups) == (["first"], ["sex"])
    with pytest.raises(ValueError, match="there is no column 'fourth'"):
        read_predictions(write(frame), PredictionColumns(study="exam", label="severe", models=["fourth"]))


def test_whole_patients_are_resampled(write):
    frame = table().assign(patient=[f"p{k // 2}" for k in range(120)])
    found = evaluate_predictions(read_predictions(write(frame)), settings=HOW)["metrics"]
    alone = evaluate_predictions(read_predictions(write(table())), settings=HOW)["metrics"]
    same = found.merge(alone, on=["model", "metric"])
    auroc = same[same["metric"] == "auroc"]
    assert auroc["value_x"].tolist() == auroc["value_y"].tolist()
    assert (auroc["ci_low_x"] != auroc["ci_low_y"]).all()
