"""What figures of results share: panels by task and test set, pages, and the models with the most labels."""

from collections.abc import Collection, Mapping
from itertools import product
from string import ascii_uppercase

import pandas as pd

from echoclr_core.reporting.style import COHORT_NAMES

COHORTS = tuple(COHORT_NAMES)
PANELS_A_PAGE = 4
TASKS_A_PAGE = PANELS_A_PAGE // len(COHORTS)
LETTERS = ascii_uppercase


def panels_of(titles: Mapping[str, str], present: Collection[str]) -> list[tuple[str, str]]:
    """(task, test set) of panels A, B, ...: both test sets of each task present, as in ``titles``."""
    return [panel for panel in product(titles, COHORTS) if panel[0] in set(present)]


def page_count(n_tasks: int) -> int:
    """How many pages of four panels the figures of ``n_tasks`` tasks need; at least one."""
    return max(1, -(-n_tasks // TASKS_A_PAGE))


def page_of(titles: Mapping[str, str], number: int) -> dict[str, str]:
    """The tasks and titles of page ``number``, from 1."""
    first = (number - 1) * TASKS_A_PAGE
    return dict(list(titles.items())[first : first + TASKS_A_PAGE])


def page_suffix(number: int) -> str:
    """What the file name of a page has after the figure's name; nothing for page 1."""
    return f"_page{number}" if number > 1 else ""


def panel_title(title: str, cohort: str) -> str:
    """ "LVH, internal test set"."""
    return f"{title}, {COHORT_NAMES[cohort]}"


def of_most_labels(table: pd.DataFrame) -> pd.DataFrame:
    """Rows of the first draw at the highest ratio of each task."""
    highest = table.groupby("task")["ratio"].transform("max")
    return table[(table["ratio"] == highest) & (table["draw"] == table["draw"].min())]


def ratio_words(rows: pd.DataFrame) -> str:
    """ "100% of the labels"; of several ratios, the highest."""
    return f"{100 * float(rows['ratio'].max()):g}% of the labels"
