"""The results paragraphs: the numbers of a run's tables, without judgement."""

import pandas as pd

from echoclr_core.reporting.captions import with_interval
from echoclr_core.reporting.panels import at_max_ratio
from echoclr_core.reporting.performance import reference_of
from echoclr_core.reporting.sections.page import Page
from echoclr_core.reporting.style import COHORT_NAMES, init_name


def results_text(page: Page) -> str:
    """The cohort, then one paragraph a task."""
    studies, videos = page.table("studies"), page.table("videos")
    first = f"The cohort had {len(studies):,} studies with {len(videos):,} {page.kept} videos."
    return "\n\n".join([first, *(_task(page, task, title) for task, title in page.titles.items())])


def _task(page: Page, task: str, title: str) -> str:
    metrics = page.table("metrics")
    rows = metrics[(metrics["task"] == task) & (metrics["metric"] == "auroc")]
    rows = rows[rows["draw"] == rows["draw"].min()].dropna(subset="value")
    if rows.empty:
        return f"{title}: no AUROC could be computed."
    sentences = []
    for cohort in COHORT_NAMES:
        of_set = rows[rows["cohort"] == cohort]
        for ratio in sorted({of_set["ratio"].min(), of_set["ratio"].max()}) if len(of_set) else ():
            sentences.append(_aurocs(page, of_set[of_set["ratio"] == ratio], cohort))
    repeats = metrics.loc[metrics["task"] == task, "draw"].nunique()
    which = f" (first of {repeats} repeats)" if repeats > 1 else ""
    return " ".join([f"{title}{which}.", *sentences, _calibration(page, task)]).strip()


def _aurocs(page: Page, rows: pd.DataFrame, cohort: str) -> str:
    first = rows.iloc[0]
    named = ", ".join(
        f"{init_name(row.init)} {with_interval(row.value, row.ci_low, row.ci_high)}"
        for row in rows.itertuples()
    )
    text = (
        f"On the {COHORT_NAMES[cohort]} ({first['n_positive']:,} cases of {first['n_studies']:,} "
        "studies), with "
        f"{100 * first['ratio']:g} % of the labels ({first['n_labelled_studies']:,} studies), the AUROC was: "
        f"{named}"
    )
    return f"{text}{_tests(page, first)}."


def _tests(page: Page, cell: pd.Series) -> str:
    tests = page.table("comparisons")
    reference = reference_of(tests, cell["task"])
    for name in ("task", "cohort", "ratio", "draw"):
        tests = tests[tests[name] == cell[name]]
    tests = tests[(tests["init_a"] == reference) & tests["estimable"]].dropna(subset="p_holm")
    if tests.empty:
        return ""
    named = ", ".join(
        f"{init_name(row.init_b)} {_p_value(row.p)} (adjusted {_p_value(row.p_holm)})"
        for row in tests.itertuples()
    )
    return f"; one-sided P of {init_name(reference)} against {named}"


def _p_value(value: float) -> str:
    return "<0.001" if value < 0.001 else f"{value:.3f}"


def _calibration(page: Page, task: str) -> str:
    table = page.table("calibration")
    table = table[(table["task"] == task) & (table["init"] == page.inits[-1])]
    if table.empty:
        return ""
    parts = [
        f"{COHORT_NAMES[row['cohort']]} "
        + with_interval(row["oe_ratio"], row["oe_ratio_low"], row["oe_ratio_high"])
        for row in at_max_ratio(table).to_dict("records")
        if pd.notna(row["oe_ratio"])
    ]
    if not parts:
        return ""
    return f"The O:E ratio of {init_name(page.inits[-1])} with the most labels was: {', '.join(parts)}."
