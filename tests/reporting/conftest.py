"""Made-up evaluation tables of the paper's shape."""

import numpy as np
import pandas as pd
import pytest

from echoclr_core.evaluate.schema import COMPARISONS, METRICS
from echoclr_core.reporting.style import INIT_STYLES

INITS = tuple(INIT_STYLES)

RATIOS = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0)
LABELLED = {"lvh": (51, 259, 519, 1298, 2597, 5194), "severe_as": (53, 265, 531, 1327, 2655, 5311)}


def make_metrics(inits=INITS, *, draws=1, tasks=("lvh", "severe_as"), ratios=RATIOS) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    rows = []
    for task in tasks:
        for cohort, n, cases in (("internal", 1063, 160), ("external", 2040, 31)):
            for init in inits:
                for ratio, labelled in zip(ratios, LABELLED[task], strict=False):
                    for draw in range(draws):
                        value = 0.6 + 0.05 * INITS.index(init) + 0.1 * ratio + rng.normal(0, 0.01)
                        run = {"task": task, "init": init, "ratio": ratio, "draw": draw, "cohort": cohort}
                        size = {"n_studies": n, "n_positive": cases, "n_labelled_studies": labelled}
                        for metric in ("auroc", "average_precision", "aupr_trapezoid"):
                            bounds = {"value": value, "ci_low": value - 0.03, "ci_high": value + 0.04}
                            rows.append({**run, **size, **bounds, "metric": metric})
    return METRICS.check(pd.DataFrame(rows).assign(n_resamples=10_000, n_redrawn=0, reason=None))


def make_comparisons(metrics: pd.DataFrame) -> pd.DataFrame:
    rows = []
    auroc = metrics[metrics["metric"] == "auroc"]
    for (task, ratio, draw, cohort), part in auroc.groupby(["task", "ratio", "draw", "cohort"]):
        value = part.set_index("init")["value"]
        run = {"task": task, "ratio": ratio, "draw": draw, "cohort": cohort}
        for k, b in enumerate(name for name in value.index if name != "echoclr"):
            pair = {"init_a": "echoclr", "init_b": b, "auroc_a": value["echoclr"], "auroc_b": value[b]}
            p = (0.0004, 0.0204, 0.5, 0.774)[k]
            tested = {
                "statistic": 1.0,
                "p": p,
                "p_holm": min(1, 4 * p),
                "p_delong": p,
                "estimable": b != "simclr",
            }
            rows.append({**run, **pair, **tested, "n_studies": 1063, "n_positive": 160})
    return COMPARISONS.check(pd.DataFrame(rows))


@pytest.fixture
def metrics() -> pd.DataFrame:
    return make_metrics()


@pytest.fixture
def comparisons(metrics) -> pd.DataFrame:
    return make_comparisons(metrics)


@pytest.fixture(scope="session")
def build_metrics():
    return make_metrics
