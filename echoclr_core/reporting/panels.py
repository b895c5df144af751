"""What figures of results share: panels by task and test set, and the models with the most labels."""

from collections.abc import Collection, Mapping
from itertools import product
from string import ascii_uppercase

import pandas as pd

from echoclr_core.reporting.style import COHORT_NAMES

COHORTS = tuple(COHORT_NAMES)
LETTERS = ascii_uppercase


def panels_of(titles: Mapping[str, str], present: Collection[str]) -> list[tuple[str, str]]:
    """(task, test set) of panels A, B, ...: both test sets of each task present, as in ``titles``."""
    return [panel for panel in product(titles, COHORTS) if panel[0] in set(present)]


def panel_title(title: str, cohort: str) -> str:
    """ "LVH, internal test set"."""
    return f"{title}, {COHORT_NAMES[cohort]}"


def at_max_ratio(table: pd.DataFrame) -> pd.DataFrame:
    """Rows of the first draw at the highest ratio of each task."""
    highest = table.groupby("task")["ratio"].transform("max")
    return table[(table["ratio"] == highest) & (table["draw"] == table["draw"].min())]


def ratio_words(rows: pd.DataFrame) -> str:
    """ "100% of the labels"; of several ratios, the highest."""
    return f"{100 * float(rows['ratio'].max()):g}% of the labels"
