"""What figures of results share: panels by task and test set, and the models with the most labels."""

from collections.abc import Mapping, Sequence
from itertools import product
from string import ascii_uppercase

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from echoclr_core.reporting.style import COHORT_NAMES

COHORTS = tuple(COHORT_NAMES)
LETTERS = ascii_uppercase


def panels_of(titles: Mapping[str, str], rows: pd.DataFrame) -> list[tuple[str, str]]:
    """(task, test set) of panels A, B, ...: each task of ``rows`` (task, cohort), as in ``titles``.

    A test set that no task has, as where a study has no external years, gets no panel; one that a single task
    lacks gets an empty panel for it.
    """
    tasks, cohorts = set(rows["task"]), set(rows["cohort"])
    return [
        (task, cohort) for task, cohort in product(titles, COHORTS) if task in tasks and cohort in cohorts
    ]


def panel_lines(panels: Sequence) -> int:
    """Lines of a figure with two panels a line."""
    return -(-len(panels) // 2)


def panel_axes(figure: Figure, panels: Sequence, **options) -> list[Axes]:
    """The axes of the panels, two a line, a single one over the whole width; ``options``: of ``subplots``."""
    columns = min(2, len(panels))
    axes = list(figure.subplots(panel_lines(panels), columns, squeeze=False, **options).ravel())
    for axis in axes[len(panels) :]:
        axis.remove()
    return axes[: len(panels)]


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
