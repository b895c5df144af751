"""The split into training, validation and test set."""

from collections.abc import Iterable, Sequence
from fractions import Fraction

import numpy as np

from echoclr_core.cohort.random_order import as_keys, random_order, unique_ids


def set_sizes(n: int, fractions: Sequence[float | str] = (0.75, 0.10, 0.15)) -> tuple[int, int, int]:
    """Sizes of train, val, test: floor(train · n), floor(val / (val + test) · rest), the rest of the rest.

    The decimal text of each fraction is taken as exact, so no floating-point error moves a floor:
    7,082 gives 5,311 / 708 / 1,063 (paper, "Preprocessing"; workshop paper, Table 1).

    Raises
    ------
    ValueError
        If there are not three fractions from 0 to 1 that sum to exactly 1 (text such as "1/3" is allowed).
    """
    try:
        train, val, test = (Fraction(str(fraction)) for fraction in fractions)
    except ValueError as error:
        raise ValueError(f"fractions: {tuple(fractions)}; allowed are three numbers that sum to 1") from error
    if min(train, val, test) < 0 or train + val + test != 1:
        raise ValueError(f"fractions: {tuple(fractions)}; allowed are three numbers from 0 that sum to 1")
    n_train = int(train * n)
    rest = n - n_train
    n_val = int(val / (val + test) * rest) if rest and val + test else 0
    return n_train, n_val, rest - n_val


def split_studies(
    ids: Iterable[str | int],
    fractions: Sequence[float | str] = (0.75, 0.10, 0.15),
    seed: int = 0,
    groups: Iterable[str | int] | None = None,
) -> dict[str, np.ndarray]:
    """Split studies at random into training, validation and test set.

    Each study (or group) has a place in a random order that depends on ``seed`` and its own id alone, so
    neither the order of ``ids`` nor the machine matters.

    Parameters
    ----------
    ids
        Study ids, each once.
    fractions
        Shares of train, val, test; sizes as in :func:`set_sizes`.
    seed
        The split's seed.
    groups
        A group (patient) for each id: the studies of a group stand in one set. The sizes of test, then
        val, are as near to those of :func:`set_sizes` as whole groups allow, train is the rest.

    Returns
    -------
    dict
        "train", "val", "test" to sorted id arrays; disjoint, together all ids.

    Raises
    ------
    ValueError
        If an id stands there twice or is missing, or ``groups`` has another length.
    """
    ids = unique_ids(ids)
    labels = ids if groups is None else as_keys("groups", list(groups))
    if len(labels) != len(ids):
        raise ValueError(f"groups: {len(labels)} values for {len(ids)} ids; one a study is needed")
    _, n_val, n_test = set_sizes(len(ids), fractions)
    names, member, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    order = random_order(names, seed, "split")
    test = _fill(order, sizes, n_test)
    val = _fill([group for group in order if group not in test], sizes, n_val)
    in_test, in_val = np.isin(member, list(test)), np.isin(member, list(val))
    split = {
        "train": np.sort(ids[~in_test & ~in_val]),
        "val": np.sort(ids[in_val]),
        "test": np.sort(ids[in_test]),
    }
    assert_disjoint(split, len(ids))
    return split


def assert_disjoint(split: dict[str, np.ndarray], n: int) -> None:
    """Assert that the sets hold ``n`` different ids in all: none in two sets, none lost."""
    together = np.concatenate(list(split.values())) if n else np.array([])
    assert len(together) == n, f"{len(together)} ids in the sets, {n} were given"
    assert len(np.unique(together)) == n, "an id stands in two sets"


def _fill(order: Sequence[int], sizes: np.ndarray, target: int) -> set[int]:
    """Groups, the earliest in ``order`` that do it, whose sizes sum as near to ``target`` as possible.

    Bit s of ``reach[k]`` says that some of the groups from the k-th on sum to s. A nearest reachable sum is
    fixed first (the lower of two), then groups are taken in order wherever the remainder stays reachable:
    with groups of one this is simply the first ``target`` of the order.
    """
    chosen = [int(sizes[group]) for group in order]
    limit = (1 << (2 * target + 1)) - 1  # the empty set is nearer than any sum above twice the target
    reach = [1]
    for size in reversed(chosen):
        reach.append((reach[-1] | (reach[-1] << size)) & limit)
    reach.reverse()
    near = (target + sign * step for step in range(target + 1) for sign in (-1, 1))
    left = next(total for total in near if reach[0] >> total & 1)
    taken = set()
    for place, group in enumerate(order):
        size = chosen[place]
        if left >= size and reach[place + 1] >> (left - size) & 1:
            taken.add(int(group))
            left -= size
    assert left == 0, "the remainder was reachable"
    return taken
