"""Captions whose every number comes from the run's own tables."""

from collections.abc import Mapping, Sequence

import pandas as pd

from echoclr_core.reporting.label_efficiency import figure_content, summarise_draws
from echoclr_core.reporting.panels import LETTERS, panels_of
from echoclr_core.reporting.performance import format_interval
from echoclr_core.reporting.style import COHORT_NAMES, METRIC_LABELS, init_name


def figure_caption(number: str, metrics: pd.DataFrame, titles: Mapping[str, str]) -> str:
    """Caption of Figure "2", "3", "s1" or "s2" in reStructuredText; every number comes from ``metrics``.

    ``titles``: task to title of the panels, as the figure has them.
    """
    metric, inits = figure_content(number)
    rows = metrics[(metrics["metric"] == metric) & metrics["init"].isin(list(inits))]
    panels = panels_of(titles, rows)
    name = METRIC_LABELS.get(metric, metric)
    named = []
    for letter, (task, cohort) in zip(LETTERS, panels, strict=False):
        named.append(f"{titles[task]} on the {COHORT_NAMES[cohort]} ({letter})")
    text = f"{name} for {', '.join(named)}, by share of the labelled training studies."
    for task in dict.fromkeys(task for task, _ in panels):
        of_task = rows[(rows["task"] == task) & (rows["cohort"] == "internal")]
        fewest = of_task[of_task["ratio"] == of_task["ratio"].min()]
        text += _sentence(titles[task], fewest, [init for init in inits if init in set(fewest["init"])], name)
    draws = int(rows["draw"].nunique())
    if draws > 1:
        text += f" Values and bounds are means over {draws} repeats: draws of the labels, and pretrainings."
    return text


def with_interval(value: float, low: float, high: float) -> str:
    """0.818 (0.793–0.840); in words where there is no interval."""
    if pd.isna(low) or pd.isna(high):
        return f"{value:.3f} (too few cases for an interval)" if pd.notna(value) else "not defined"
    return format_interval(value, low, high)


def _sentence(title: str, fewest: pd.DataFrame, present: Sequence[str], name: str) -> str:
    if fewest.empty:
        return ""
    labelled = fewest["n_labelled_studies"].dropna()
    count = f" ({int(labelled.max()):,} studies)" if len(labelled) else ""
    reached = []
    for init in present:
        row = summarise_draws(fewest[fewest["init"] == init]).iloc[0]
        reached.append(f"{init_name(init)} {with_interval(row['value'], row['ci_low'], row['ci_high'])}")
    share = f"{100 * float(fewest['ratio'].iloc[0]):g}%"
    return f" {title} with {share} of the labels{count}, internal {name}: {', '.join(reached)}."
