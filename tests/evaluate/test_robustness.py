"""Changes of AUROC by perturbation: paired, on the resamples of all other intervals."""

import numpy as np
import pandas as pd
import pytest

from echoclr_core.evaluate.metrics import auroc
from echoclr_core.evaluate.robustness import robustness_rows
from echoclr_core.evaluate.robustness_tables import ROBUSTNESS
from echoclr_core.evaluate.settings import EvaluationSettings

RUN = {"task": "lvh", "ratio": 1.0, "cohort": "internal"}
HOW = EvaluationSettings(n_resamples=400, seed=1)


def scores(shift=0.0, n=60, seed=0):
    rng = np.random.default_rng(seed)
    labels = (np.arange(n) % 3 == 0).astype(int)
    values = np.clip(0.3 + 0.3 * labels + rng.normal(0, 0.15, n) + shift, 0, 1)
    columns = {"study_id": [f"s{k:02d}" for k in range(n)], "label": labels}
    return pd.DataFrame(columns | {"study_probability": values})


def test_the_same_scores_differ_by_nothing():
    [row] = robustness_rows(
        {"echoclr": scores()}, {"gain": {"echoclr": scores()}}, **RUN, settings=HOW
    ).to_dict("records")
    assert (row["difference"], row["ci_low"], row["ci_high"], row["mean_shift"]) == (0, 0, 0, 0)


def test_intervals_are_paired_and_signs_are_right():
    noise = scores(seed=5)
    after = {"gain": {"echoclr": scores(0.05)}, "speckle": {"echoclr": noise}}
    table = robustness_rows({"echoclr": scores()}, after, **RUN, settings=HOW)
    ROBUSTNESS.check(table)
    rows = table.set_index("perturbation")
    labels = scores()["label"].to_numpy()
    plain = scores()["study_probability"].to_numpy()
    expected = auroc(labels, noise["study_probability"].to_numpy()) - auroc(labels, plain)
    assert rows.loc["speckle", "difference"] == pytest.approx(expected)
    assert rows.loc["speckle", "ci_low"] < expected < rows.loc["speckle", "ci_high"]
    # shifted scores keep their order but for ties at 1: the interval is narrow because it is paired
    assert rows.loc["gain", "ci_high"] - rows.loc["gain", "ci_low"] < 0.02
    assert rows.loc["gain", "mean_shift"] == pytest.approx(0.05, abs=0.01)


def test_few_cases_one_class_and_other_studies():
    few = scores(n=9)
    [row] = robustness_rows({"m": few}, {"gain": {"m": few}}, **RUN, settings=HOW).to_dict("records")
    assert pd.isna(row["ci_low"])
    one = scores().assign(label=0)
    assert robustness_rows({"m": one}, {"gain": {"m": one}}, **RUN, settings=HOW).empty
    with pytest.raises(ValueError, match="stud"):
        robustness_rows({"m": scores()}, {"gain": {"m": scores().head(50)}}, **RUN, settings=HOW)
