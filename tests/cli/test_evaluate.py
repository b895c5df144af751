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
