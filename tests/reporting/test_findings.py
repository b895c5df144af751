"""What the first screen says of a run."""

import numpy as np
import pandas as pd
import pytest

from echoclr_core.reporting.findings import below_chance, findings, has_diverged

TITLES = {"lvh": "LVH"}
RUN = {"task": "lvh", "ratio": 0.05, "draw": 0, "cohort": "internal"}


def tables(values, p_holm=0.2):
    counts = {"n_labelled_studies": 16, "n_studies": 39, "n_positive": 14, "metric": "auroc"}
    metrics = pd.DataFrame(
        [
            {**RUN, **counts, "init": init, "value": value, "ci_low": value - 0.1, "ci_high": value + 0.1}
            for init, value in values.items()
        ]
    )
    tests = [
        {**RUN, "init_a": "echoclr", "init_b": init, "p_holm": p_holm, "estimable": True}
        for init in values
        if init != "echoclr"
    ]
    return metrics, pd.DataFrame(tests, columns=[*RUN, "init_a", "init_b", "p_holm", "estimable"])


def test_all_initialisations_are_named_from_the_highest():
    [text] = findings(*tables({"random": 0.73, "simclr": 0.6, "echoclr": 0.65}), TITLES)
    assert "LVH from 16 labelled studies (5 %), internal test set of 39 studies with 14 cases" in text
    assert text.index("Random 0.730 (0.630–0.830)") < text.index("EchoCLR 0.650") < text.index("SimCLR 0.600")
    assert "does not hold here in the point estimates: Random is not below EchoCLR" in text


def test_order_that_holds_says_whether_it_is_separated():
    values = {"random": 0.6, "simclr": 0.62, "echoclr": 0.8}
    [text] = findings(*tables(values), TITLES)
    assert "holds here in the point estimates; EchoCLR is statistically above none" in text
    [text] = findings(*tables(values, p_holm=0.01), TITLES)
    assert "EchoCLR is above Random and SimCLR with Holm-adjusted P < 0.05." in text


def test_without_numbers_it_says_so():
    metrics, comparisons = tables({"random": np.nan})
    assert findings(metrics, comparisons, TITLES) == [
        "LVH: no AUROC could be computed on the internal test set."
    ]


def test_below_chance_wants_the_whole_interval():
    metrics, _ = tables({"random": 0.45, "simclr": 0.3})
    assert below_chance(metrics, TITLES) == [
        "LVH, internal test set, SimCLR at 5 % of the labels: 0.300 (0.200–0.400)"
    ]


@pytest.mark.parametrize(
    ("loss", "diverged"), [(0.69, False), (1.2, False), (50_026.0, True), (np.nan, True)]
)
def test_diverged(loss, diverged):
    assert has_diverged(loss) is diverged


def test_the_order_is_that_of_the_comparisons():
    metrics, comparisons = tables({"random": 0.6, "simclr": 0.7, "echoclr": 0.8})
    comparisons = comparisons[comparisons["init_b"] == "random"].assign(init_a="simclr")
    [text] = findings(metrics, comparisons, TITLES)
    assert "The expected order (SimCLR above Random) holds here in the point estimates" in text
    [text] = findings(metrics, comparisons.iloc[:0], TITLES)
    assert "order" not in text
