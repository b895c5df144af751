"""Pages of the figures of results: four panels, two tasks each.

The Snakefile reads this in every job of a cluster, to know the files' names: nothing here draws or imports.
"""

from collections.abc import Mapping

TASKS_A_PAGE = 2  # four panels, since each task has one for each of the two test sets


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
