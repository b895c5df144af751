"""What a run found, in sentences: the first screen of the report and the last lines of a run."""

import math
from collections.abc import Mapping, Sequence

import pandas as pd

from echoclr_core.reporting.captions import with_interval
from echoclr_core.reporting.performance import reference_of
from echoclr_core.reporting.style import COHORT_NAMES, init_name

ALPHA = 0.05
DIVERGED = 2 * math.log(2)  # nats; probability 0.5 for every study gives log 2


def findings(metrics: pd.DataFrame, comparisons: pd.DataFrame, titles: Mapping[str, str]) -> list[str]:
    """Two sentences a task: the AUROC of every initialisation with the fewest labels, and their order.

    Parameters
    ----------
    metrics, comparisons
        Schemas METRICS and COMPARISONS of the evaluate room; the internal test set is described.
    titles
        Task to title, in the order of the sentences. A task without an AUROC is said to have none.

    Returns
    -------
    list of str
        Plain text; one entry a task.
    """
    return [_of_task(metrics, comparisons, task, title) for task, title in titles.items()]


def _of_task(metrics: pd.DataFrame, comparisons: pd.DataFrame, task: str, title: str) -> str:
    rows = metrics[
        (metrics["task"] == task) & (metrics["metric"] == "auroc") & (metrics["cohort"] == "internal")
    ]
    rows = rows[rows["ratio"] == rows["ratio"].min()].dropna(subset="value")
    if rows.empty:
        return f"{title}: no AUROC could be computed on the internal test set."
    first = rows.iloc[0]
    means = rows.groupby("init", sort=False)[["value", "ci_low", "ci_high"]].mean().sort_values("value")
    bounded = means["ci_low"].notna().any()
    named = [
        f"{init_name(init)} "
        + (with_interval(row["value"], row["ci_low"], row["ci_high"]) if bounded else f"{row['value']:.3f}")
        for init, row in means[::-1].iterrows()
    ]
    intervals = "95 % intervals" if bounded else "too few cases for intervals"
    draws = rows["draw"].nunique()
    repeats = f", means of {draws} repeats" if draws > 1 else ""
    text = (
        f"{title} from {first['n_labelled_studies']} labelled studies ({100 * first['ratio']:g} "
        f"%), internal test set of {first['n_studies']:,} studies with {first['n_positive']:,} cases: AUROC "
        f"{', '.join(named)} ({intervals}{repeats})."
    )
    order = _order(means["value"], _tests(comparisons, first), reference_of(comparisons, task))
    return f"{text} {order}".strip()


def _tests(comparisons: pd.DataFrame, cell: pd.Series) -> pd.DataFrame:
    same = comparisons["init_a"] == reference_of(comparisons, cell["task"])
    for name in ("task", "cohort", "ratio"):
        same &= comparisons[name] == cell[name]
    return comparisons[same]


def _order(values: pd.Series, tests: pd.DataFrame, reference: str) -> str:
    """Whether the order that the comparisons ask for is found: the paper's, EchoCLR above every other
    initialisation, or that of the configuration.
    """
    compared = set(tests["init_b"])
    others = [init for init in values.index if init in compared]
    if reference not in values.index or not others:
        return ""
    name = _order_name(reference, others, everyone=len(others) == len(values) - 1)
    above = [init for init in others if values[init] >= values[reference]]
    if above:
        names = listing([init_name(init) for init in above])
        text = (
            f"{name} does not hold here in the point estimates: {names} "
            f"{'is' if len(above) == 1 else 'are'} not below {init_name(reference)}"
        )
    else:
        text = f"{name} holds here in the point estimates"
    largest = tests[tests["estimable"]].groupby("init_b")["p_holm"].max()
    separated = [init for init in others if largest.get(init, 1.0) < ALPHA]
    if not separated:
        return (
            f"{text}; {init_name(reference)} is statistically above none of the others (Holm-adjusted "
            f"P ≥ {ALPHA:g})."
        )
    names = listing([init_name(init) for init in separated])
    return f"{text}; {init_name(reference)} is above {names} with Holm-adjusted P < {ALPHA:g}."


def _order_name(reference: str, others: Sequence[str], *, everyone: bool) -> str:
    if reference == "echoclr" and everyone:
        return "The paper's order (EchoCLR above every other initialisation)"
    return (
        f"The expected order ({init_name(reference)} above {listing([init_name(init) for init in others])})"
    )


def below_chance(metrics: pd.DataFrame, titles: Mapping[str, str]) -> list[str]:
    """Models whose AUROC interval lies below 0.5 as a whole, one phrase each.

    Such a model ranks the classes the wrong way round on that test set.
    """
    rows = metrics[(metrics["metric"] == "auroc") & (metrics["ci_high"] < 0.5)]
    rows = rows[rows["task"].isin(list(titles))]
    return [
        f"{titles[row.task]}, {COHORT_NAMES[row.cohort]}, {init_name(row.init)} at {100 * row.ratio:g} "
        f"% of the labels: {with_interval(row.value, row.ci_low, row.ci_high)}"
        for row in rows.itertuples(index=False)
    ]


def has_diverged(validation_loss: float) -> bool:
    """Whether a selected model is worse than useless: a loss that is not finite, or above 2 log 2.

    Predicting probability 0.5 for every study gives log 2 = 0.69.
    """
    return not math.isfinite(validation_loss) or validation_loss > DIVERGED


def listing(names: Sequence[str], last: str = "and") -> str:
    """ "A, B and C", or with another word before the last."""
    return f" {last} ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
