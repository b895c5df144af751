"""Every repeat, its mean, the worst, claims and how many repeats they need, against slow obvious versions."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy.stats import nct, t
from sklearn.metrics import roc_auc_score

from echoclr_core.evaluate.efficiency import efficiency
from echoclr_core.evaluate.repeat_tables import NO_MODEL, TOO_FEW, repeat_tables
from echoclr_core.evaluate.repeats import REPEAT_TABLES, analyse_repeats, repeats_needed, verdict
from echoclr_core.evaluate.settings import EvaluationSettings

GRID = [(draw, pretraining) for draw in range(2) for pretraining in range(3)]
LABELS = np.r_[np.ones(20, int), np.zeros(40, int)]
SETTINGS = EvaluationSettings(n_resamples=200)


def scores_of(strength, seed):
    rng = np.random.default_rng(seed)
    return {repeat: strength * LABELS + rng.normal(size=60) + 0.2 * repeat[1] * LABELS for repeat in GRID}


SCORES = {"random": scores_of(0.2, 1), "simclr": scores_of(0.2, 3), "echoclr": scores_of(1.5, 2)}
PAIRS = [("echoclr", "random"), ("random", "echoclr"), ("simclr", "random")]


def test_every_repeat_its_mean_and_the_worst():
    found = analyse_repeats(LABELS, SCORES, PAIRS, n_resamples=200)
    values = found["repeats"]
    assert len(values) == 3 * len(GRID)
    for row in values.itertuples():
        slow = roc_auc_score(LABELS, SCORES[row.init][row.label_draw, row.pretraining])
        assert row.auroc == pytest.approx(slow)
    for row in found["repeat_means"].itertuples():
        own = values[values["init"] == row.init]
        assert row.auroc_mean == pytest.approx(own["auroc"].mean())
        assert row.auroc_sd == pytest.approx(own["auroc"].std())
        worst = own.sort_values("auroc").iloc[0]
        assert (row.worst_draw, row.worst_pretraining) == (worst["label_draw"], worst["pretraining"])
        assert row.auroc_worst == worst["auroc"]
        assert (row.n_draws, row.n_pretrainings) == (2, 3)


def test_claims_have_the_spread_between_pretrainings():
    found = analyse_repeats(LABELS, SCORES, PAIRS, n_resamples=200)
    claims = found["repeat_claims"].set_index(["init_a", "init_b"])
    by = found["repeats"].groupby(["init", "pretraining"])["auroc"].mean()
    for (a, b), row in claims.iterrows():
        differences = (by[a] - by[b]).to_numpy()
        assert row["difference"] == pytest.approx(differences.mean())
        assert row["difference_sd"] == pytest.approx(differences.std(ddof=1))
        assert (row["unit"], row["n_units"]) == ("pretrainings", 3)
    forward, back = claims.loc[("echoclr", "random")], claims.loc[("random", "echoclr")]
    assert (forward["verdict"], back["verdict"]) == ("holds", "reversed")
    assert forward["ci_low"] == pytest.approx(-back["ci_high"])
    assert forward["n_needed"] >= 2
    assert pd.isna(back["n_needed"])


def test_with_one_pretraining_the_spread_is_that_of_the_draws():
    one = {init: {key: row for key, row in rows.items() if key[1] == 0} for init, rows in SCORES.items()}
    [row] = analyse_repeats(LABELS, one, PAIRS[:1], n_resamples=50)["repeat_claims"].to_dict("records")
    assert (row["unit"], row["n_units"]) == ("draws", 2)


def test_the_number_needed_has_the_power_it_names():
    """Against the exact power of the paired t test (noncentral t)."""
    for difference, sd in ((0.1, 0.23), (0.1, 0.1), (0.05, 0.02)):
        n = repeats_needed(difference, sd)

        def power(size, difference=difference, sd=sd):
            return nct.sf(t.ppf(0.975, size - 1), size - 1, difference / sd * math.sqrt(size))

        assert power(n) > 0.72
        assert n == 2 or power(n - 1) < 0.86
    assert repeats_needed(0.1, 0.23) == 44
    assert repeats_needed(0.1, 0.0) == 2
    assert repeats_needed(0.0, 0.1) is None
    assert repeats_needed(0.001, 0.3) is None


@pytest.mark.parametrize(
    ("low", "high", "word"), [(0.01, 0.2, "holds"), (-0.1, 0.1, "not separated"), (-0.3, -0.1, "reversed")]
)
def test_verdict(low, high, word):
    assert verdict(low, high) == word


def test_patients_are_drawn_whole():
    """Copies of each study widen no interval by patient, and narrow one by study."""
    copied = {init: {key: np.repeat(row, 4) for key, row in rows.items()} for init, rows in SCORES.items()}
    labels, patients = np.repeat(LABELS, 4), np.repeat(np.arange(60), 4)
    width = {}
    for name, groups in (("study", None), ("patient", patients)):
        means, _ = efficiency(labels, {"random": copied["random"]}, n_resamples=500, groups=groups)
        width[name] = means["ci_high"][0] - means["ci_low"][0]
    plain, _ = efficiency(LABELS, {"random": SCORES["random"]}, n_resamples=500)
    assert width["patient"] == pytest.approx(plain["ci_high"][0] - plain["ci_low"][0], rel=0.05)
    assert width["study"] < 0.85 * width["patient"]


def predictions(scores, labels=LABELS):
    probability = 1 / (1 + np.exp(-scores))
    return pd.DataFrame(
        {
            "study_id": [f"s_{number:03d}" for number in range(len(labels))],
            "label": labels,
            "study_probability": probability,
            "video_probability": probability,
        }
    )


def tables_of(labels=LABELS, **more):
    tables = {
        init: {key: predictions(row[: len(labels)], labels) for key, row in rows.items()}
        for init, rows in SCORES.items()
    }
    return tables | more


CELL = {"task": "lvh", "cohort": "internal", "ratio": 0.1, "settings": SETTINGS}


def test_tables_from_predictions():
    found = repeat_tables(tables_of(), **CELL)
    assert {name: len(table) for name, table in found.items()} == {
        "repeats": 18,
        "repeat_means": 3,
        "repeat_claims": 2,  # the paper's list: EchoCLR above each other one
    }
    assert set(found["repeats"]["task"]) == {"lvh"}
    direct = analyse_repeats(LABELS, SCORES, PAIRS[:1], n_resamples=10)["repeats"]["auroc"]
    assert found["repeats"]["auroc"].tolist() == pytest.approx(direct.tolist())


def test_a_model_that_could_not_be_trained_is_a_row_with_the_reason():
    rows = {key: predictions(row) for key, row in SCORES["simclr"].items()}
    rows[1, 2] = rows[1, 2].iloc[:0]
    found = repeat_tables(tables_of(simclr=rows), **CELL)
    means = found["repeat_means"].set_index("init")
    assert means["auroc_mean"].isna().to_dict() == {"random": False, "echoclr": False, "simclr": True}
    assert means.loc["simclr", "reason"] == NO_MODEL
    claims = found["repeat_claims"].set_index(["init_a", "init_b"])
    assert claims.loc[("echoclr", "simclr"), "reason"] == NO_MODEL
    assert claims.loc[("echoclr", "random"), "verdict"] == "holds"
    nothing = {init: {key: row.iloc[:0] for key, row in rows.items()} for init in SCORES}
    assert {name: len(table) for name, table in repeat_tables(nothing, **CELL).items()} == dict.fromkeys(
        REPEAT_TABLES, 0
    )


def test_too_few_cases_give_no_values_and_say_so():
    labels = np.r_[np.ones(3, int), np.zeros(57, int)]
    found = repeat_tables(tables_of(labels), **CELL)
    assert set(found["repeat_means"]["reason"]) == {TOO_FEW}
    assert found["repeats"]["auroc"].isna().all()
    assert set(found["repeat_claims"]["reason"]) == {TOO_FEW}
