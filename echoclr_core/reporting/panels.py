"""What figures of results share: the paper's four panels, and the models with the most labels."""

import pandas as pd

from echoclr_core.reporting.style import COHORT_NAMES, TASK_NAMES

PANELS = (("lvh", "internal"), ("lvh", "external"), ("severe_as", "internal"), ("severe_as", "external"))
"""(task, test set) of panels A to D."""


def panel_title(task: str, cohort: str) -> str:
    """ "LVH, internal test set"."""
    return f"{TASK_NAMES[task]}, {COHORT_NAMES[cohort]}"


def of_most_labels(table: pd.DataFrame) -> pd.DataFrame:
    """Rows of the first draw at the highest ratio of each task."""
    highest = table.groupby("task")["ratio"].transform("max")
    return table[(table["ratio"] == highest) & (table["draw"] == table["draw"].min())]


def ratio_words(rows: pd.DataFrame) -> str:
    """ "100% of the labels"; of several ratios, the highest."""
    return f"{100 * float(rows['ratio'].max()):g}% of the labels"
