"""The page of many pretrainings: its numbers follow from the runs."""

import json

import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.metrics import roc_auc_score

from tools.seeds_page import (
    comparisons,
    means_and_worst,
    probe_tests,
    read_runs,
    seeds_needed,
    warning_signs,
    write_page,
)

STUDIES, DRAWS = 60, 2
GAIN = {"random": 0.0, "mi_simclr": 1.0, "echoclr": 1.0}


def write_runs(folder, seeds=6, methods=tuple(GAIN)):
    """Runs whose scores rise with the class: not at all with random weights, more for higher seeds."""
    rng = np.random.default_rng(0)
    classes = rng.integers(0, 2, STUDIES)
    for seed in range(seeds):
        for method in methods:
            strength = GAIN[method] * (1 + seed)
            rows = strength * classes + rng.normal(size=(DRAWS, STUDIES))
            scores = {str(draw): row.tolist() for draw, row in enumerate(rows)}
            test = {"task": "lvh", "labels": 16, "classes": classes.tolist(), "scores": scores}
            run = {"method": method, "seed": seed, "steps": 10, "tests": [test]}
            run |= {"effective_rank": 4.0, "cpu_seconds": 36.0, "order_accuracy": None}
            if method != "random":
                run |= {"contrastive_accuracy": 0.1 * seed, "alignment": 0.2 - 0.01 * seed}
            (folder / f"{method}_{seed}.json").write_text(json.dumps(run))


@pytest.fixture
def runs(tmp_path):
    write_runs(tmp_path)
    return read_runs(tmp_path)


def test_the_auroc_of_a_seed_is_the_mean_over_its_draws(runs):
    [test] = probe_tests(runs)
    run = next(run for run in runs if (run["method"], run["seed"]) == ("echoclr", 2))
    rows = run["tests"][0]["scores"].values()
    mean = np.mean([roc_auc_score(run["tests"][0]["classes"], row) for row in rows])
    assert test.by_seed().loc[2, "echoclr"] == pytest.approx(mean)


def test_a_seed_that_lacks_a_method_is_left_out(tmp_path):
    write_runs(tmp_path)
    (tmp_path / "echoclr_4.json").unlink()
    assert {run["seed"] for run in read_runs(tmp_path)} == {0, 1, 2, 3, 5}


def test_too_few_seeds_are_refused(tmp_path):
    write_runs(tmp_path, seeds=2)
    with pytest.raises(ValueError, match="2 seeds are finished for every method; at least 3"):
        read_runs(tmp_path)


def test_runs_of_other_studies_are_refused(runs):
    runs[-1]["tests"][0]["classes"][0] ^= 1
    with pytest.raises(ValueError, match="echoclr, seed 5: another test set"):
        probe_tests(runs)


def test_comparisons_say_what_holds(runs):
    table = comparisons(probe_tests(runs), 200).set_index("claim")
    assert table.loc["MI-SimCLR over Random", "verdict"] == "holds"
    assert table.loc["EchoCLR over MI-SimCLR", "verdict"] == "not separated"
    [test] = probe_tests(runs)
    difference = test.by_seed()["mi_simclr"] - test.by_seed()["random"]
    shown = table.loc["MI-SimCLR over Random"]
    assert shown["difference"].startswith(f"{difference.mean():+.3f} (")
    assert shown["seeds for ±0.10"] == seeds_needed(difference.std(), 0.10)


@pytest.mark.parametrize(("spread", "gain", "seeds"), [(0.23, 0.10, 22), (0.09, 0.05, 13), (0.0, 0.05, 2)])
def test_seeds_needed(spread, gain, seeds):
    assert seeds_needed(spread, gain) == seeds
    assert 2 * spread / np.sqrt(seeds) <= gain


def test_the_worst_seed_stands_beside_the_mean(runs):
    [test] = probe_tests(runs)
    worst = test.by_seed()["mi_simclr"].min()
    assert means_and_worst([test]).loc[0, "MI-SimCLR"].endswith(f"worst {worst:.3f}")


def test_a_sign_is_correlated_over_the_seeds_of_a_method(runs):
    tests = probe_tests(runs)
    table = warning_signs(runs, tests)
    assert set(table["sign"]) == {"pair found", "alignment"}  # the others are unknown or the same for all
    row = table[(table["encoder"] == "MI-SimCLR") & (table["sign"] == "pair found")].iloc[0]
    expected = spearmanr(range(6), tests[0].by_seed()["mi_simclr"]).statistic
    assert row["LVH, 16 labels"].startswith(f"{expected:+.2f}")


def test_page(runs, tmp_path):
    write_page(runs, tmp_path / "page.md", n_resamples=50)
    text = (tmp_path / "page.md").read_text(encoding="utf-8")
    assert "6 pretrainings of each method" in text
    assert "0.18 hours" in text
    assert text.count("| EchoCLR | ") >= 6
