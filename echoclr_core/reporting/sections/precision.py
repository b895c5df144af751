"""How wide the intervals had to be expected, and how many cases the main comparison would need."""

from collections.abc import Mapping

import pandas as pd

from echoclr_core.evaluate.precision import ALPHA, POWER, cases_needed, expected_width
from echoclr_core.reporting.performance import format_p
from echoclr_core.reporting.report import DataTable, Section, Text
from echoclr_core.reporting.sections.page import Page, decimal
from echoclr_core.reporting.style import COHORT_NAMES, init_name

INTRODUCTION = (
    "The width of an interval follows mostly from the number of cases. Planned before a study, these numbers "
    "say how many patients are needed; after it, what the test sets here could have shown."
)
WIDTHS = (
    "Models fine-tuned on the fewest labels, first repeat. Expected: the width by Hanley and McNeil (1982) "
    "for this AUROC and these numbers of cases and controls. With few cases the bootstrap is too narrow, and "
    "the expected width is the more honest one; for an AUROC of 0 or 1 it is 0 and says nothing."
)
CASES = (
    "Cases in a test set of the same prevalence at which a true difference as large as the observed one "
    f"would give a one-sided P below {ALPHA:g} (not adjusted) with probability {POWER:g}. A dash: the first "
    "model is not above the second, or the test is not estimable. A number from a chance difference is "
    "itself uncertain."
)


def section(page: Page) -> Section:
    """Two tables, of the models with the fewest labels: those of the main comparison."""
    metrics = page.table("metrics")
    aurocs = fewest_labels(metrics[metrics["metric"] == "auroc"])
    compared = fewest_labels(page.table("comparisons"))
    return Section(
        title="Precision and sample size",
        blocks=[
            Text(rst=INTRODUCTION),
            DataTable(
                frame=width_table(aurocs, page.titles),
                title="Width of the intervals",
                caption=WIDTHS,
                group=True,
            ),
            DataTable(
                frame=cases_table(compared, page.titles),
                title="Cases that a comparison would need",
                caption=CASES,
                group=True,
            ),
        ],
    )


def fewest_labels(table: pd.DataFrame) -> pd.DataFrame:
    """Rows of the first repeat at the lowest ratio of each task."""
    lowest = table.groupby("task")["ratio"].transform("min")
    return table[(table["ratio"] == lowest) & (table["draw"] == table["draw"].min())]


def width_table(aurocs: pd.DataFrame, titles: Mapping[str, str]) -> pd.DataFrame:
    """One row a task, set and initialisation: METRICS of the AUROC with the expected width."""
    rows = []
    for row in aurocs[aurocs["task"].isin(list(titles))].dropna(subset="value").to_dict("records"):
        cases, controls = row["n_positive"], row["n_studies"] - row["n_positive"]
        observed = None if pd.isna(row["ci_low"]) else row["ci_high"] - row["ci_low"]
        rows.append(
            {
                **_place(row, titles),
                "Initialisation": init_name(row["init"]),
                "Cases, controls": f"{cases:,}, {controls:,}",
                "AUROC": decimal(row["value"]),
                "Width of the interval": decimal(observed),
                "Expected width": decimal(expected_width(row["value"], cases, controls)),
            }
        )
    return pd.DataFrame(rows, columns=_WIDTH_COLUMNS)


_WIDTH_COLUMNS = [
    *(
        "Task and set",
        "Initialisation",
        "Cases, controls",
        "AUROC",
        "Width of the interval",
        "Expected width",
    ),
]


def cases_table(compared: pd.DataFrame, titles: Mapping[str, str]) -> pd.DataFrame:
    """One row a task, set and comparison: COMPARISONS with the number of cases needed."""
    rows = []
    for row in compared[compared["task"].isin(list(titles))].to_dict("records"):
        known = not pd.isna(row["auroc_a"]) and not pd.isna(row["auroc_b"])
        needed = None
        if row["estimable"] and not pd.isna(row["statistic"]) and row["n_positive"]:
            needed = cases_needed(row["statistic"], row["n_positive"])
        rows.append(
            {
                **_place(row, titles),
                "Comparison": f"{init_name(row['init_a'])} above {init_name(row['init_b'])}",
                "Difference of AUROC": decimal(row["auroc_a"] - row["auroc_b"] if known else None),
                "P (raw)": format_p(row["p"] if row["estimable"] else float("nan")),
                "Cases here": f"{row['n_positive']:,}",
                "Cases needed": decimal(None) if needed is None else f"{needed:,}",
            }
        )
    return pd.DataFrame(rows, columns=_CASES_COLUMNS)


_CASES_COLUMNS = [
    *("Task and set", "Comparison", "Difference of AUROC", "P (raw)", "Cases here", "Cases needed"),
]


def _place(row: dict, titles: Mapping[str, str]) -> dict[str, str]:
    return {"Task and set": f"{titles[row['task']]}, {COHORT_NAMES[row['cohort']]}"}
