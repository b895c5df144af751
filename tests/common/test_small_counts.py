"""No small count can be read off, nor worked out from what is shown."""

import itertools

import numpy as np
import pandas as pd
import pytest

from echoclr_core.common.small_counts import HIDDEN, hide_counts


def table(rows):
    sets = np.array(rows)
    return pd.DataFrame(np.column_stack([sets, sets.sum(axis=1)]), index=[f"l{k}" for k in range(len(sets))])


def solutions(counts, shown, least):
    """Every table of whole numbers with the sums and the shown cells of ``counts``, by trying them all."""
    levels, parts = counts.shape[0], counts.shape[1] - 1
    columns = []
    for part in range(parts):
        size = int(counts.iloc[:, part].sum())
        ways = [
            way
            for way in itertools.product(range(size + 1), repeat=levels)
            if sum(way) == size
            and all(
                way[k] == counts.iloc[k, part] if shown.iloc[k, part] == "" else True for k in range(levels)
            )
        ]
        columns.append(ways)
    for way in itertools.product(*columns):
        sums = [sum(column[k] for column in way) for k in range(levels)]
        if all(shown.iloc[k, -1] != "" or sums[k] == counts.iloc[k, -1] for k in range(levels)):
            yield np.column_stack([np.array(way).T, sums])


@pytest.mark.parametrize("seed", range(40))
def test_a_small_count_is_never_the_only_possibility(seed):
    rng = np.random.default_rng(seed)
    counts = table(rng.integers(0, 5, (int(rng.integers(2, 4)), 2)))
    shown = hide_counts(counts, 3)
    small = (counts > 0) & (counts < 3)
    assert (shown[small] == "<3").to_numpy()[small.to_numpy()].all()
    found = np.array(list(solutions(counts, shown, 3)))
    for level, part in np.argwhere(small.to_numpy()):
        assert len(set(found[:, level, part])) > 1


def test_by_hand():
    shown = hide_counts(table([[3, 40], [20, 30], [50, 60]]), 5)
    assert shown.iloc[0].tolist() == ["<5", HIDDEN, ""]
    assert shown.iloc[1].tolist() == [HIDDEN, HIDDEN, ""]
    assert shown.iloc[2].tolist() == ["", "", ""]


def test_nothing_small_hides_nothing():
    counts = table([[10, 0], [20, 30]])
    for least in (0, 1, 5, 10):
        assert (hide_counts(counts, least) == "").all(axis=None)


def test_a_level_that_is_printed_nowhere_protects_the_others():
    counts = pd.DataFrame({"set": [3, 40], "overall": [30, 400]}, index=["yes", "no"])
    assert hide_counts(counts, 5, unshown=("no",)).loc["yes"].tolist()[0] == "<5"
    few = pd.DataFrame({"set": [40, 3], "other": [50, 60], "overall": [90, 63]}, index=["yes", "no"])
    # 40 of 43 would tell 3, and 90 of all with 50 of the others would tell 40
    assert hide_counts(few, 5, unshown=("no",)).loc["yes"].tolist() == [HIDDEN, HIDDEN, ""]


def test_one_level_has_no_size_to_follow_from():
    one = pd.DataFrame({"a": [3], "b": [40], "overall": [43]})
    assert hide_counts(one, 5).iloc[0].tolist() == ["<5", HIDDEN, ""]
    assert hide_counts(pd.DataFrame({"overall": [3]}), 5).iloc[0].tolist() == ["<5"]
