"""Labelled subsets of the training studies: the label-efficiency experiment."""

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

import numpy as np
import pandas as pd

from echoclr_core.cohort.random_order import random_order, unique_ids
from echoclr_core.cohort.tables import SUBSETS


def subset_size(n: int, ratio: float | str) -> int:
    """floor(ratio · n), the ratio's decimal text taken as exact (0.29 · 100 is 29, not 28).

    Paper, "Supervised fine-tuning": 5,311 → 53, 265, 531, 1327, 2655, 5311.

    Raises
    ------
    ValueError
        If the ratio is no number above 0 and at most 1.
    """
    try:
        exact = Fraction(str(ratio))
    except ValueError as error:
        raise ValueError(f"ratio: {ratio!r}; allowed is a number above 0, at most 1") from error
    if not 0 < exact <= 1:
        raise ValueError(f"ratio: {ratio!r}; allowed is a number above 0, at most 1")
    return int(exact * n)


def label_subset(
    ids: Iterable[str | int], labels: Iterable, ratio: float | str, seed: int = 0, *, draw: int = 0
) -> np.ndarray:
    """A random subset of the labelled studies: floor(ratio · N) ids, N counting only those with a label.

    The labelled studies are put in a random order that depends on (seed, draw, id) alone, and a subset is
    the beginning of that order: smaller ratios nest in larger ones, and all initialisations get the same
    studies. As in the paper the draw is random, not stratified, with one exception: the first study of the
    class that comes later is moved to the second place. So every subset has both classes, and a subset
    that would have had both anyway is not changed.

    Parameters
    ----------
    ids
        Training studies, each once.
    labels
        One a study: True/False, 1/0, or missing (None, NaN, NA).
    ratio
        Above 0, at most 1.
    seed, draw
        Different seeds or draws give independent orders.

    Returns
    -------
    ndarray
        The ids in their random order.

    Raises
    ------
    ValueError
        If an id stands there twice, lengths differ, a label is anything else, one class has no study, or
        the subset has fewer than two places.
    """
    ids = unique_ids(ids)
    labels = _binary(labels, len(ids))
    labelled = ~np.isnan(labels)
    ids, labels = ids[labelled], labels[labelled]
    size = subset_size(len(ids), ratio)
    if size < 2:
        raise ValueError(
            f"ratio: {ratio} of {len(ids)} labelled studies is {size}; at least 2 are needed for both classes"
        )
    if len(np.unique(labels)) < 2:
        only = "positive" if labels[0] else "negative"
        raise ValueError(f"labels: all {len(ids)} labelled studies are {only}; both classes are needed")
    order = random_order(ids, seed, "subset", draw)
    other = int(np.argmax(labels[order] != labels[order[0]]))
    order = np.concatenate([order[:1], order[other : other + 1], np.delete(order[1:], other - 1)])
    return ids[order[:size]]


def draw_subsets(
    studies: pd.DataFrame,
    tasks: Sequence[str],
    ratios: Mapping[str, Sequence[float | str]] | Sequence,
    *,
    draws: int = 1,
    seed: int = 0,
) -> pd.DataFrame:
    """All subsets of all tasks as one table.

    Parameters
    ----------
    studies
        COHORT_STUDIES; only its training studies are drawn from.
    tasks
        Names of the tasks: the columns that hold their labels.
    ratios
        Ratios for every task, or a dict of them by task.
    draws
        Independent draws a ratio.

    Returns
    -------
    DataFrame
        Schema :data:`SUBSETS`.

    Raises
    ------
    ValueError
        As :func:`label_subset`, the message beginning with task, ratio and draw.
    """
    train = studies[studies["set"] == "train"]
    pieces = [SUBSETS.empty()]
    for task in tasks:
        for ratio in ratios[task] if isinstance(ratios, Mapping) else ratios:
            for draw in range(draws):
                pieces.append(draw_subset(train, task=task, ratio=ratio, draw=draw, seed=seed))
    return SUBSETS.check(pd.concat(pieces, ignore_index=True))


def draw_subset(
    studies: pd.DataFrame, *, task: str, ratio: float | str, draw: int, seed: int
) -> pd.DataFrame:
    """The subset of one task, ratio and draw, schema :data:`SUBSETS`; see :func:`draw_subsets`."""
    train = studies[studies["set"] == "train"]
    try:
        chosen = label_subset(train["study_id"], train[task], ratio, seed, draw=draw)
    except ValueError as error:
        raise ValueError(f"task {task}, ratio {ratio}, draw {draw}: {error}") from error
    piece = {"task": task, "ratio": float(ratio), "draw": draw, "study_id": chosen}
    return SUBSETS.check(pd.DataFrame(piece))


def _binary(labels: Iterable, n: int) -> np.ndarray:
    try:
        values = pd.array(list(labels), dtype="boolean").to_numpy(dtype=float, na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise ValueError(f"labels: allowed are True, False, 1, 0 or missing ({error})") from error
    if len(values) != n:
        raise ValueError(f"labels: {len(values)} values for {n} ids; one a study is needed")
    return values
