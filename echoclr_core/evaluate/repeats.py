"""What several draws of the labels and several pretrainings say: every AUROC, means, claims, repeats needed.

A repeat is one draw of the labels with one pretraining. Means and intervals are those of
:mod:`echoclr_core.evaluate.efficiency`, which resample studies, draws and pretrainings together.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy.stats import t as student

from echoclr_core.common.tables import Column, Table
from echoclr_core.evaluate.efficiency import Repeat, efficiency, resampled_aurocs
from echoclr_core.evaluate.precision import POWER
from echoclr_core.evaluate.schema import COHORTS, METRICS

MAX_REPEATS = 1000
VERDICTS = ("holds", "not separated", "reversed")

_CELL = {
    "task": METRICS.columns["task"],
    "cohort": Column(kind="str", description="Test set.", allowed=COHORTS),
    "ratio": METRICS.columns["ratio"],
}
_REASON = Column(kind="str", nullable=True, description="Why there is no value.")


def _number(description: str, low: float | None = None, high: float | None = None) -> Column:
    return Column(kind="float", nullable=True, description=description, low=low, high=high)


REPEATS = Table(
    "repeats",
    {
        **_CELL,
        "init": Column(kind="str", description="Initialisation of the models."),
        "label_draw": Column(kind="int", description="Draw of the labels, from 0.", low=0),
        "pretraining": Column(kind="int", description="Pretraining of the method, from 0.", low=0),
        "auroc": _number("AUROC of this repeat on the whole test set.", 0, 1),
        "reason": _REASON,
    },
    key=("task", "cohort", "ratio", "init", "label_draw", "pretraining"),
)
REPEAT_MEANS = Table(
    "means over repeats",
    {
        **_CELL,
        "init": REPEATS.columns["init"],
        "n_draws": Column(kind="int", description="Draws of the labels.", low=1),
        "n_pretrainings": Column(kind="int", description="Pretrainings of each method.", low=1),
        "auroc_mean": _number("Mean AUROC over the repeats.", 0, 1),
        "auroc_sd": _number("Standard deviation over the repeats (divisor n - 1).", 0),
        "ci_low": _number("Lower 95 % bound of the mean: studies, draws and pretrainings resampled.", 0, 1),
        "ci_high": _number("Upper 95 % bound.", 0, 1),
        "auroc_worst": _number("AUROC of the worst repeat.", 0, 1),
        "worst_draw": Column(kind="int", nullable=True, description="Draw of the labels of that repeat."),
        "worst_pretraining": Column(kind="int", nullable=True, description="Pretraining of that repeat."),
        "reason": _REASON,
    },
    key=("task", "cohort", "ratio", "init"),
)
REPEAT_CLAIMS = Table(
    "claims over repeats",
    {
        **_CELL,
        "init_a": Column(kind="str", description="Initialisation held to be better."),
        "init_b": Column(kind="str", description="Initialisation it is compared with."),
        "difference": _number("Mean AUROC of init_a less that of init_b, the same repeats.", -1, 1),
        "ci_low": _number("Lower 95 % bound, paired.", -1, 1),
        "ci_high": _number("Upper 95 % bound, paired.", -1, 1),
        "verdict": Column(
            kind="str",
            nullable=True,
            description="holds: the interval lies above 0; reversed: below 0; else not separated.",
            allowed=VERDICTS,
        ),
        "unit": Column(
            kind="str",
            description="What difference_sd is taken over: pretrainings, or draws where there is only one.",
            allowed=("pretrainings", "draws"),
        ),
        "n_units": Column(kind="int", description="How many of them there are.", low=1),
        "difference_sd": _number("Standard deviation of the paired difference over them.", 0),
        "n_needed": Column(
            kind="int",
            nullable=True,
            description="How many would show a difference this large (two-sided t test at 5 %, power 80 %); "
            f"missing where it is not above 0 or more than {MAX_REPEATS:,} are needed.",
            low=2,
        ),
        "reason": _REASON,
    },
    key=("task", "cohort", "ratio", "init_a", "init_b"),
)
REPEAT_TABLES = {"repeats": REPEATS, "repeat_means": REPEAT_MEANS, "repeat_claims": REPEAT_CLAIMS}
"""Name of each table below evaluation/ to its schema; made where there is more than one repeat."""


def analyse_repeats(
    labels: np.ndarray,
    scores: Mapping[str, Mapping[Repeat, np.ndarray]],
    pairs: Sequence[tuple[str, str]],
    *,
    n_resamples: int = 2000,
    seed: int = 0,
    groups: np.ndarray | None = None,
) -> dict[str, pd.DataFrame]:
    """The rows of REPEAT_TABLES for one task, test set and share of labels, without the columns of the cell.

    Parameters
    ----------
    labels
        (n,) classes 0 and 1 of the test set's studies.
    scores
        Initialisation to {(draw, pretraining): (n,) scores}; the same full grid of repeats for all.
    pairs
        (a, b): claims that a is better than b, both among ``scores``.
    n_resamples, seed, groups
        See :func:`echoclr_core.evaluate.efficiency.efficiency`.

    Raises
    ------
    ValueError
        No models, one class only, or models whose repeats are not the same full grid.
    """
    means, claims = efficiency(
        labels, scores, n_resamples=n_resamples, seed=seed, pairs=list(pairs), groups=groups
    )
    once = np.ones((1, len(labels)), dtype=np.int64)
    values = pd.DataFrame(
        [
            {"init": init, "label_draw": draw, "pretraining": pretraining, "auroc": auroc}
            for init, repeats in scores.items()
            for (draw, pretraining), row in sorted(repeats.items())
            for auroc in resampled_aurocs(labels, np.asarray(row, dtype=np.float64), once)
        ]
    )
    worst = values.loc[values.groupby("init")["auroc"].idxmin()].set_index("init")
    means = means.assign(
        auroc_worst=means["init"].map(worst["auroc"]),
        worst_draw=means["init"].map(worst["label_draw"]),
        worst_pretraining=means["init"].map(worst["pretraining"]),
        n_draws=values["label_draw"].nunique(),
        n_pretrainings=values["pretraining"].nunique(),
    )
    return {
        "repeats": values,
        "repeat_means": means,
        "repeat_claims": claims.assign(
            **_spread_of_claims(values, list(zip(claims["init_a"], claims["init_b"], strict=True)), claims)
        )
        if len(claims)
        else pd.DataFrame(),
    }


def _spread_of_claims(
    values: pd.DataFrame, pairs: Sequence[tuple[str, str]], claims: pd.DataFrame
) -> dict[str, list]:
    """Columns of REPEAT_CLAIMS that follow from the differences of single repeats."""
    unit = "pretrainings" if values["pretraining"].nunique() > 1 else "draws"
    column = {"pretrainings": "pretraining", "draws": "label_draw"}[unit]
    of_unit = values.pivot_table(index=column, columns="init", values="auroc", aggfunc="mean")
    columns: dict[str, list] = {name: [] for name in ("unit", "n_units", "difference_sd", "n_needed")}
    for a, b in pairs:
        differences = (of_unit[a] - of_unit[b]).to_numpy()
        sd = float(differences.std(ddof=1)) if len(differences) > 1 else None
        columns["unit"].append(unit)
        columns["n_units"].append(len(differences))
        columns["difference_sd"].append(sd)
        columns["n_needed"].append(None if sd is None else repeats_needed(float(differences.mean()), sd))
    columns["verdict"] = [
        verdict(low, high) for low, high in zip(claims["ci_low"], claims["ci_high"], strict=True)
    ]
    return columns


def verdict(low: float, high: float) -> str:
    """What the interval of a difference says of "a is better than b": one of VERDICTS."""
    return "holds" if low > 0 else "reversed" if high < 0 else "not separated"


def repeats_needed(difference: float, sd: float, *, power: float = POWER, level: float = 0.95) -> int | None:
    """Repeats with which a paired difference would be separated from 0.

    The smallest n with difference >= (t(level) + t(power)) sd / sqrt(n), t of n - 1 degrees of freedom.

    Parameters
    ----------
    difference
        Mean paired difference that is taken for the true one.
    sd
        Standard deviation of the difference between repeats.
    power, level
        Probability of an interval of that level above 0.

    Returns
    -------
    int or None
        At least 2; None where the difference is not above 0, or more than MAX_REPEATS would be needed.
    """
    if difference <= 0:
        return None
    for n in range(2, MAX_REPEATS + 1):
        reach = student.ppf(0.5 + level / 2, n - 1) + student.ppf(power, n - 1)
        if difference >= reach * sd / math.sqrt(n):
            return n
    return None
