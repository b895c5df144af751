"""Tables S2 (LVH) and S3 (severe AS): every ratio and initialisation, both test sets, with p-values."""

import math
from collections.abc import Mapping

import pandas as pd

from echoclr_core.evaluate.schema import COHORTS
from echoclr_core.reporting.style import COHORT_NAMES, METRIC_LABELS, init_name, init_styles
from echoclr_core.reporting.tables import ABSENT, EXACT

NOT_ESTIMABLE = "n.e."
DELONG_METRIC = "auroc_delong_logit"  # the interval to look at beside the bootstrap's where cases are few
UNTESTED = {"p": math.nan, "p_holm": math.nan, "estimable": True}
MISSING_ESTIMATE = {"value": math.nan, "ci_low": math.nan, "ci_high": math.nan}


def performance_table(
    metrics: pd.DataFrame,
    comparisons: pd.DataFrame,
    task: str,
    *,
    aupr: str = "aupr_trapezoid",
    published: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """The result table of a task (the paper's S2 and S3): one row a ratio, draw and initialisation.

    Parameters
    ----------
    metrics, comparisons
        Schemas METRICS and COMPARISONS of the evaluate room.
    task
        Which rows.
    aupr
        The metric shown as AUPR: "aupr_trapezoid" (the paper's) or "average_precision".
    published
        :func:`echoclr_core.reporting.published.published_metrics`; adds a column "… AUROC, published" a
        cohort for which the paper printed a number. None for no such columns.

    Returns
    -------
    Text columns "Training studies", "Draw" (only with several), "Initialisation", and for each cohort
    "Internal AUROC" as "0.818 (0.793–0.840)", "Internal AUPR", "Internal P, raw" and "Internal P, Holm"
    (the reference above this one: "<0.001", "n.e." where it cannot be estimated, "–" where there is no such
    test); then float columns ending in EXACT: value and bounds of each metric, the bounds of AUROC by DeLong
    on the logit scale, p and Holm-adjusted p.

    Raises
    ------
    ValueError
        If there are no rows of this task.
    """
    rows = _rows_of(metrics, task, aupr)
    values = _lookup(rows, ["ratio", "draw", "init", "cohort", "metric"], ["value", "ci_low", "ci_high"])
    mine = comparisons[
        (comparisons["task"] == task) & (comparisons["init_a"] == reference_of(comparisons, task))
    ]
    tests = _lookup(mine, ["ratio", "draw", "init_b", "cohort"], ["p", "p_holm", "estimable"])
    published_numbers = _published(published, task)
    labelled = rows.groupby("ratio")["n_labelled_studies"].max()
    several = rows["draw"].nunique() > 1
    lines = []
    for ratio, draw, init in _runs(rows):
        line: dict[str, object] = {"Training studies": _ratio_text(ratio, labelled[ratio])}
        if several:
            line["Draw"] = str(draw + 1)
        line["Initialisation"] = init_name(init)
        exact: dict[str, object] = {}
        for cohort in COHORTS:
            name, run = cohort.capitalize(), (ratio, draw, init, cohort)
            for metric, short in (("auroc", "AUROC"), (aupr, "AUPR")):
                numbers = values.get((*run, metric), MISSING_ESTIMATE)
                line[f"{name} {short}"] = format_interval(**numbers)
                exact |= {f"{name} {short} {k}{EXACT}": v for k, v in numbers.items()}
                if metric == "auroc" and any(key[1] == cohort for key in published_numbers):
                    numbers = published_numbers.get((ratio, cohort, init), MISSING_ESTIMATE)
                    line[f"{name} AUROC, published"] = format_interval(**numbers)
            delong = values.get((*run, DELONG_METRIC), MISSING_ESTIMATE)
            exact |= {f"{name} AUROC logit DeLong {k}{EXACT}": delong[k] for k in ("ci_low", "ci_high")}
            test = tests.get(run, UNTESTED)
            line |= _p_texts(name, test)
            exact |= {f"{name} P{EXACT}": test["p"], f"{name} P Holm{EXACT}": test["p_holm"]}
        lines.append(line | exact)
    return pd.DataFrame(lines)


def _rows_of(metrics: pd.DataFrame, task: str, aupr: str) -> pd.DataFrame:
    rows = metrics[(metrics["task"] == task) & metrics["metric"].isin(["auroc", aupr, DELONG_METRIC])]
    if rows.empty:
        raise ValueError(
            f"performance table: no rows of task {task!r}; there are {sorted(set(metrics['task']))}"
        )
    return rows


def _p_texts(cohort: str, test: Mapping[str, object]) -> dict[str, str]:
    columns = {f"{cohort} P, raw": "p", f"{cohort} P, Holm": "p_holm"}
    return {
        column: format_p(test[key]) if test["estimable"] else NOT_ESTIMABLE for column, key in columns.items()
    }


def performance_caption(
    metrics: pd.DataFrame,
    task: str,
    *,
    title: str,
    reference: str = "echoclr",
    aupr: str = "aupr_trapezoid",
) -> str:
    """What the columns of :func:`performance_table` mean, with the run's own counts; plain text.

    ``reference``: see :func:`reference_of`.
    """
    rows = metrics[(metrics["task"] == task) & (metrics["metric"] == "auroc")]
    sizes = []
    for cohort in COHORTS:
        part = rows[rows["cohort"] == cohort]
        if len(part):
            first = part.iloc[0]
            sizes.append(
                f"{COHORT_NAMES[cohort]} {first['n_studies']:,} studies, {first['n_positive']:,} cases"
            )
    resamples = rows["n_resamples"].dropna()
    drawn = f" of {int(resamples.max()):,} resamples" if len(resamples) else ""
    return " ".join(
        [
            f"{title}: {'; '.join(sizes)}.",
            f"Value (95% percentile bootstrap interval{drawn}, studies drawn with replacement).",
            f"AUPR: {METRIC_LABELS[aupr]}.",
            *_test_words(reference),
            "Intervals from few cases are too narrow: read them with the number of cases.",
        ]
    )


def _test_words(reference: str) -> list[str]:
    if not reference:
        return ["No comparison was asked for."]
    return [
        f"P: one-sided paired bootstrap test that {init_name(reference)} has the greater AUROC, raw and "
        "adjusted by Holm's method for all comparisons of this task on this test set;",
        f"{NOT_ESTIMABLE}: not estimable.",
    ]


def format_p(p: float) -> str:
    """ "<0.001" below it, else three decimals; "–" for a missing one."""
    if pd.isna(p):
        return ABSENT
    return "<0.001" if p < 0.001 else f"{p:.3f}"


def format_interval(value: float, ci_low: float, ci_high: float) -> str:
    """ "0.818 (0.793–0.840)"; without bounds "0.818 (–)"; "–" for a missing value."""
    if pd.isna(value):
        return ABSENT
    bounds = ABSENT if pd.isna(ci_low) or pd.isna(ci_high) else f"{ci_low:.3f}–{ci_high:.3f}"
    return f"{value:.3f} ({bounds})"


def _runs(rows: pd.DataFrame) -> list[tuple[float, int, str]]:
    """(ratio, draw, init) by rising ratio and draw, initialisations in their fixed order."""
    found = set(zip(rows["ratio"].astype(float), rows["draw"].astype(int), rows["init"], strict=True))
    order = list(init_styles())
    return sorted(found, key=lambda run: (run[0], run[1], order.index(run[2])))


def reference_of(comparisons: pd.DataFrame, task: str) -> str:
    """The initialisation that most comparisons of a task hold to be better; "" where there is none."""
    counts = comparisons.loc[comparisons["task"] == task, "init_a"].value_counts(sort=True)
    return str(counts.index[0]) if len(counts) else ""


def _lookup(rows: pd.DataFrame, keys: list[str], columns: list[str]) -> dict[tuple, dict]:
    """Key to the row's ``columns`` as plain floats and bools, NaN for missing ones."""

    def plain(value):
        return math.nan if pd.isna(value) else value

    cells = zip(*(rows[name] for name in [*keys, *columns]), strict=True)
    return {row[: len(keys)]: dict(zip(columns, map(plain, row[len(keys) :]), strict=True)) for row in cells}


def _published(published: pd.DataFrame | None, task: str) -> Mapping[tuple, dict]:
    if published is None:
        return {}
    chosen = published[(published["task"] == task) & (published["metric"] == "auroc")]
    return _lookup(chosen, ["ratio", "cohort", "init"], ["value", "ci_low", "ci_high"])


def _ratio_text(ratio: float, labelled) -> str:
    return f"{100 * ratio:g}%" + ("" if pd.isna(labelled) else f" ({int(labelled):,})")
