"""The page of label efficiency: what it says follows from the numbers, in either direction."""

from pathlib import Path

import pandas as pd
import pytest

from echoclr_core.evaluate.efficiency import EFFICIENCY
from tools.study_page import (
    claims_table,
    commit_of,
    markdown,
    means_table,
    summary,
    verdict,
    write_page,
)

ROOT = Path(__file__).resolve().parents[2]

TITLES = {"lvh": "LVH", "severe_as": "Severe AS"}


def differences(shift):
    """Four comparisons of EchoCLR with random weights and with MI-SimCLR, ``shift`` AUROC apart."""
    rows = []
    for task in ("severe_as", "lvh"):
        for cohort in ("internal", "external"):
            for ratio in (0.05, 1.0):
                for b in ("random", "mi_simclr"):
                    d = shift if b == "random" else 0.01
                    row = {"task": task, "cohort": cohort, "ratio": ratio, "init_a": "echoclr", "init_b": b}
                    rows.append({**row, "difference": d, "ci_low": d - 0.05, "ci_high": d + 0.05})
    return pd.DataFrame(rows)


@pytest.mark.parametrize(
    ("low", "high", "word"),
    [(0.01, 0.2, "holds"), (-0.1, 0.1, "not separated"), (-0.3, -0.01, "the other way round")],
)
def test_verdict(low, high, word):
    assert verdict(low, high) == word


def test_the_summary_says_what_the_differences_say():
    better, worse = ("\n".join(summary(differences(gain), TITLES)) for gain in (0.2, -0.2))
    assert "**EchoCLR over Random**: holds in 4 of 4 comparisons; on average +0.200 AUROC." in better
    assert "**EchoCLR over MI-SimCLR**: not separated in 4 of 4" in better
    assert "Aim, LVH: EchoCLR at least 0.10 above random weights in 2 of 2" in better
    assert "**EchoCLR over Random**: the other way round in 4 of 4 comparisons; on average -0.200" in worse
    assert "in 0 of 2 comparisons" in worse
    assert "SimCLR over Random" not in better.replace("MI-SimCLR", "")  # not compared: not spoken of


def test_every_comparison_is_a_row():
    table = claims_table(differences(0.2), TITLES)
    assert len(table) == 16
    assert list(table.iloc[0]) == [
        *("EchoCLR over Random", "LVH", "external", "5 %"),
        *("+0.200 (+0.150 to +0.250)", "holds"),
    ]


def test_means_table():
    means = pd.DataFrame(
        [
            {"ratio": 0.05, "labels": 16, "init": "random", "auroc_mean": 0.5, "auroc_sd": 0.02},
            {"ratio": 0.05, "labels": 16, "init": "echoclr", "auroc_mean": 0.8, "auroc_sd": None},
        ]
    ).assign(ci_low=0.4, ci_high=0.9)
    text = markdown(means_table(means))
    assert text.splitlines()[0] == "| Labels | Random | EchoCLR |"
    assert text.splitlines()[2] == "| 5 % (16) | 0.500 ± 0.020 (0.400 to 0.900) | 0.800 (0.400 to 0.900) |"


def test_commit(tmp_path):
    assert commit_of(tmp_path) == "unknown (no git repository)"


def test_the_study_of_the_claim_is_the_full_grid(study_of, tmp_path):
    """Two tasks, four initialisations, five shares of labels, three draws from each of two pretrainings."""
    plan = study_of(tmp_path, ROOT / "config" / "synthetic_study.yaml").plan()
    assert plan["pretrain_encoder"] == 3 * 2
    assert plan["select_learning_rate"] == 2 * 4 * 5 * 6
    assert plan["predict_studies"] == 2 * 5 * 6  # all initialisations together
    assert plan["finetune_model"] == 2 * 4 * 6 * (3 * 2 + 2)  # two rates up to 10 % of the labels


@pytest.mark.study
def test_the_page_of_a_finished_study(smoke, tmp_path):
    write_page(ROOT / "config" / "smoke.yaml", tmp_path, results=smoke.path("results"), command="make study")
    table = pd.read_csv(tmp_path / "label_efficiency.csv")
    assert set(table.columns) == set(EFFICIENCY.columns)
    assert len(table) == 2 * 2 * 2 * 4  # tasks, test sets, shares of labels, initialisations
    metrics = pd.read_parquet(smoke.path("results", "smoke", "evaluation", "metrics.parquet"))
    auroc = metrics[metrics["metric"] == "auroc"]
    both = table.merge(auroc, on=["task", "cohort", "init", "ratio"])
    assert len(both) == len(table)
    assert both["auroc_mean"].to_numpy() == pytest.approx(both["value"].to_numpy(float), abs=1e-4)
    text = (tmp_path / "label_efficiency.md").read_text(encoding="utf-8")
    for words in ("What holds of the paper's order", "EchoCLR over MI-SimCLR", "core-hours", "name: smoke"):
        assert words in text
    assert (tmp_path / "images" / "label_efficiency.png").stat().st_size > 10_000
