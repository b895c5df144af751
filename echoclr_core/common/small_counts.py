"""Small counts of published tables: which are hidden, and which others, so that none follows from them."""

from collections.abc import Callable

import numpy as np
import pandas as pd

HIDDEN = "n.r."
"""Not reported: large enough, but a small count would follow from it."""


def hide_counts(counts: pd.DataFrame, least: int, *, unshown: tuple[str, ...] = ()) -> pd.DataFrame:
    """What stands in place of each count: "<5", "n.r.", or "" where it may be shown.

    Parameters
    ----------
    counts
        One row a level, one column a part; of several the last is the sum of the others, and several levels
        of a part sum to its size, which the reader knows. Whole numbers.
    least
        Counts from 1 to ``least`` - 1 are small; 0 and 1 hide nothing.
    unshown
        Levels (index labels) that are printed nowhere.

    Returns
    -------
    DataFrame of texts with the index and columns of ``counts``. No small count follows from what is shown
    by adding and subtracting, unless there is one level and one part.
    """
    numbers = counts.to_numpy(dtype=int)
    small = (numbers > 0) & (numbers < least)
    unknown = small | np.isin(counts.index.to_numpy(), list(unshown))[:, None]
    while len(determined := np.argwhere(small & _determined(unknown))):
        more = min(_rectangles(tuple(determined[0]), unknown.shape), key=_cost(numbers, unknown))
        if all(unknown[cell] for cell in more):  # there is one level and one part
            break
        for cell in more:
            unknown[cell] = True
    texts = np.where(small, f"<{least}", np.where(unknown, HIDDEN, ""))
    return pd.DataFrame(texts, index=counts.index, columns=counts.columns, dtype="object")


Cell = tuple[int, int]


def _rectangles(cell: Cell, shape: tuple[int, int]) -> list[list[Cell]]:
    """Cells that together leave ``cell`` open: what one loses, its neighbours in level and part gain."""
    level, part = cell
    levels = [k for k in range(shape[0]) if k != level]
    parts = [k for k in range(shape[1]) if k != part]
    if not levels:  # one level: its parts alone must sum up
        return [[(level, k)] for k in parts] or [[cell]]
    if not parts:
        return [[(k, part)] for k in levels]
    return [[(level, k), (j, part), (j, k)] for j in levels for k in parts] or [[cell]]


def _cost(numbers: np.ndarray, unknown: np.ndarray) -> Callable[[list[Cell]], tuple[int, int]]:
    """How much hiding cells loses: zeros, which tell that nobody is there, last; then what they count."""

    def cost(cells: list[Cell]) -> tuple[int, int]:
        shown = [int(numbers[cell]) for cell in cells if not unknown[cell]]
        return sum(number == 0 for number in shown), sum(shown)

    return cost


def _determined(unknown: np.ndarray) -> np.ndarray:
    """Which unknown cells follow from the sums of levels and parts: (levels, parts) bool."""
    places = np.argwhere(unknown)
    levels, parts = unknown.shape
    sums = np.zeros((levels + parts, len(places)))
    for column, (level, part) in enumerate(places):
        if parts > 1:
            sums[level, column] = -1 if part == parts - 1 else 1
        if levels > 1:
            sums[levels + part, column] = 1
    found = np.zeros_like(unknown)
    # A cell is free if a table with the same sums has another number there: a vector of the null space.
    _, values, vectors = np.linalg.svd(sums)
    free = vectors[int((values > 1e-9).sum()) :]
    found[tuple(places.T)] = ~(np.abs(free) > 1e-9).any(axis=0)
    return found
