"""`echoclr evaluate`: tables and figures out, one message for each fault."""

import numpy as np
import pandas as pd
import pytest


@pytest.fixture
def predictions(tmp_path):
    random = np.random.default_rng(1)
    label = np.repeat([0, 1], 30)
    frame = pd.DataFrame(
        {
            "study": [f"case-{k}" for k in range(60)],
            "label": label,
            "new": np.clip(0.5 * label + random.uniform(0, 0.5, 60), 0, 1),
            "old": random.uniform(0, 1, 60),
            "sex": ["F", "M"] * 30,
        }
    )
    path = tmp_path / "foreign.csv"
    frame.to_csv(path, index=False)
    return path


def test_tables_and_figures(echoclr, predictions, tmp_path):
    out = tmp_path / "stats"
    code, said, error = echoclr("evaluate", predictions, "--out", out, "--n-resamples", 100)
    assert (code, error) == (0, "")
    assert "AUROC" in said
    assert "new against old, two-sided" in said
    names = {path.name for path in out.iterdir()}
    assert {"metrics.csv", "comparisons.csv", "calibration.csv", "subgroups.csv"} <= names
    figures = ("roc", "precision_recall", "calibration", "decision_curve", "subgroups")
    assert {f"{name}{suffix}" for name in figures for suffix in (".png", ".pdf")} <= names
    text = "".join(path.read_text() for path in out.glob("*.csv"))
    assert "case-" not in text


def test_a_spreadsheet_with_decimal_commas_and_a_column_of_texts(echoclr, predictions, tmp_path):
    table = pd.read_csv(predictions).assign(ward=["north", "south", "west"] * 20)
    tables = {}
    for name, form in {"points": {}, "commas": {"sep": ";", "decimal": ",", "encoding": "utf-8-sig"}}.items():
        table.round(3).to_csv(tmp_path / f"{name}.csv", index=False, **form)
        words = (tmp_path / f"{name}.csv", "--out", tmp_path / name, "--n-resamples", 100)
        code, said, error = echoclr("evaluate", *words)
        assert (code, error) == (0, "")
        assert "models: new, old; subgroups: sex, ward" in said
        tables[name] = (tmp_path / name / "metrics.csv").read_text()
    assert tables["points"] == tables["commas"]


def test_a_single_patient_gives_no_p_value(echoclr, predictions, tmp_path):
    pd.read_csv(predictions).assign(patient="one").to_csv(predictions, index=False)
    code, said, _ = echoclr("evaluate", predictions, "--out", tmp_path / "stats", "--n-resamples", 100)
    assert code == 0
    assert "new against old, two-sided: the resamples do not differ, no p-value" in said


def test_what_is_left_out_is_said_in_words_of_the_command(echoclr, tmp_path, caplog):
    """Small sets: no ratio, draw or internal set of the workflow, neither printed nor logged."""
    rng = np.random.default_rng(0)
    rows = {"study": range(21), "label": [1] * 4 + [0] * 17, "set": ["A"] * 7 + ["B"] * 7 + ["C"] * 7}
    table = pd.DataFrame(rows | {"old": rng.random(21), "new": rng.random(21)})
    table.to_csv(tmp_path / "small.csv", index=False)
    words = ("--n-resamples", 100, "--validation-set", "B", "--out", tmp_path / "out")
    code, said, _ = echoclr("evaluate", tmp_path / "small.csv", *words)
    assert code == 0
    assert "prediction, A: models are not compared: 3 studies of the smaller class; 5 are needed" in said
    assert "prediction, A: no thresholds, the set B has one class only" in said
    assert said.count("prediction, C: one class only, no curves") == 1
    assert "C: models are not compared" not in said
    assert "draw" not in said + caplog.text
    assert "ratio " not in said + caplog.text


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--compare", "new"], "write two models with a colon"),
        (["--compare", "new:new"], "write two models with a colon"),
        (["--seed", "-1"], "--seed: -1; allowed is 0 or more"),
        (["--compare", "new:other"], "comparisons name ['other']"),
        (["--n-resamples", "5"], "allowed is 100 or more"),
        (["--label", "severe"], "there is no column 'severe'"),
    ],
)
def test_wrong_usage(echoclr, predictions, words, message):
    code, _, error = echoclr("evaluate", predictions, "--n-resamples", 100, *words)
    assert code == 2
    assert message in error


def test_a_file_that_is_not_there(echoclr, tmp_path):
    code, _, error = echoclr("evaluate", tmp_path / "none.csv")
    assert code == 2
    assert "there is no such file" in error
