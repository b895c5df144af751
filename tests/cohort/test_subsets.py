"""Label subsets: the paper's counts, nesting, both classes, independence of order."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from echoclr_core.cohort.random_order import random_order
from echoclr_core.cohort.subsets import draw_subsets, label_subset, subset_size
from echoclr_core.cohort.tables import SUBSETS

RATIOS = (0.01, 0.05, 0.10, 0.25, 0.50, 1.00)


@pytest.mark.parametrize(
    ("n", "expected"),
    [(5311, [53, 265, 531, 1327, 2655, 5311]), (5194, [51, 259, 519, 1298, 2597, 5194])],
)
def test_paper_counts(n, expected):
    assert [subset_size(n, ratio) for ratio in RATIOS] == expected
    labels = np.arange(n) % 5 == 0
    subsets = [set(label_subset(np.arange(n), labels, ratio).tolist()) for ratio in RATIOS]
    assert [len(subset) for subset in subsets] == expected
    assert all(small < large for small, large in itertools.pairwise(subsets))


def test_workshop_ratio():
    assert subset_size(5311, 0.75) == 3983


@pytest.mark.parametrize(
    ("n", "ratio", "size"), [(100, 0.29, 29), (100, "0.57", 57), (1000, 0.069, 69), (7, 1, 7)]
)
def test_floors_do_not_suffer_from_floating_point(n, ratio, size):
    assert subset_size(n, ratio) == size


@pytest.mark.parametrize("ratio", [0, -0.1, 1.01, "x", float("nan"), None])
def test_wrong_ratio(ratio):
    with pytest.raises(ValueError, match="ratio"):
        subset_size(100, ratio)


@settings(deadline=None, max_examples=80)
@given(
    labels=st.lists(st.sampled_from([True, False, None]), min_size=2, max_size=60),
    seed=st.integers(0, 1000),
    ratios=st.tuples(st.floats(0.01, 1), st.floats(0.01, 1)),
    shuffle=st.randoms(),
)
def test_nested_both_classes_labelled_only(labels, seed, ratios, shuffle):
    ids = [f"s{i}" for i in range(len(labels))]
    known = dict(zip(ids, labels, strict=True))
    n = sum(label is not None for label in labels)
    small, large = sorted(ratios)
    if subset_size(n, small) < 2 or len({label for label in labels if label is not None}) < 2:
        with pytest.raises(ValueError, match=r"ratio|labels"):
            label_subset(ids, labels, small, seed)
        return
    a, b = (label_subset(ids, labels, ratio, seed) for ratio in (small, large))
    assert len(a) == subset_size(n, small)
    assert a.tolist() == b[: len(a)].tolist()
    assert {known[i] for i in a} == {True, False}
    shuffle.shuffle(ids)
    again = label_subset(ids, [known[i] for i in ids], small, seed)
    assert a.tolist() == again.tolist()


def test_only_subsets_of_one_class_are_changed_and_by_one_study():
    """Oracle: a prefix of the plain random order, its last study exchanged where one class is lacking."""
    exchanged = 0
    for seed in range(20):
        labels = np.random.default_rng(seed).random(60) < 0.1
        labels[seed] = True
        order = random_order(range(60), seed, "subset", 0)
        for size in range(2, 61):
            expected = order[:size].tolist()
            if len(set(labels[expected])) == 1:
                expected[-1] = next(i for i in order.tolist() if labels[i] != labels[order[0]])
                exchanged += 1
            assert set(label_subset(range(60), labels, f"{size}/60", seed).tolist()) == set(expected)
    assert exchanged > 50


def test_missing_labels_of_every_kind_are_not_counted():
    labels = pd.array([True, False, pd.NA, None, True, False], dtype="boolean")
    assert set(label_subset(list("abcdef"), labels, 1.0)) == set("abef")
    assert set(label_subset(list("abc"), [1.0, np.nan, 0.0], 1)) == {"a", "c"}


def test_draws_and_seeds_differ():
    labels = np.arange(200) % 2 == 0
    draws = [
        tuple(label_subset(range(200), labels, 0.1, seed, draw=draw)) for seed in (0, 1) for draw in (0, 1)
    ]
    assert len(set(draws)) == 4


@pytest.mark.parametrize(
    ("ids", "labels", "message"),
    [
        (["a", "a"], [1, 0], "more than once"),
        (["a", "b"], [1, 0, 1], "3 values for 2 ids"),
        (["a", "b"], [1, 1], "all 2 labelled studies are positive"),
        (["a", "b"], [0, 0], "all 2 labelled studies are negative"),
        (["a", "b"], [0, 2], "labels: allowed are True"),
        (["a", "b"], ["yes", "no"], "labels: allowed are True"),
        (["a", "b"], [1, None], "1 labelled studies is 1; at least 2"),
    ],
)
def test_labels_that_cannot_be_drawn_from(ids, labels, message):
    with pytest.raises(ValueError, match=message):
        label_subset(ids, labels, 1.0)


def studies():
    n = 120
    return pd.DataFrame(
        {
            "study_id": [f"s{i:03d}" for i in range(n)],
            "set": ["train"] * 100 + ["test"] * 20,
            "severe_as": pd.array([i % 3 == 0 for i in range(n)], dtype="boolean"),
            "lvh": pd.array([None if i % 10 == 0 else i % 2 == 0 for i in range(n)], dtype="boolean"),
        }
    )


def test_table_of_all_subsets():
    table = draw_subsets(
        studies(), ["severe_as", "lvh"], {"severe_as": [0.1, 1.0], "lvh": ["0.1"]}, draws=2, seed=5
    )
    SUBSETS.check(table)
    counts = table.groupby(["task", "ratio", "draw"]).size()
    assert counts.to_dict() == {
        ("severe_as", 0.1, 0): 10,
        ("severe_as", 0.1, 1): 10,
        ("severe_as", 1.0, 0): 100,
        ("severe_as", 1.0, 1): 100,
        ("lvh", 0.1, 0): 9,
        ("lvh", 0.1, 1): 9,
    }
    assert set(table["study_id"]) <= {f"s{i:03d}" for i in range(100)}
    with pytest.raises(ValueError, match=r"task lvh, ratio 0.01, draw 0: ratio: 0.01 of 90"):
        draw_subsets(studies(), ["lvh"], [0.01])
