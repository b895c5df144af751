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


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--compare", "new"], "write two models with a colon"),
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
