"""The split: the paper's sizes, no unit in two sets, nothing but seed and ids counts."""

import itertools
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from echoclr_core.cohort.split import set_sizes, split_studies


def sizes(split):
    return tuple(len(split[name]) for name in ("train", "val", "test"))


def test_paper_sizes():
    ids = [f"s{i:05d}" for i in range(7082)]
    assert set_sizes(7082) == (5311, 708, 1063)
    assert sizes(split_studies(ids)) == (5311, 708, 1063)


@given(st.integers(0, 20_000))
def test_sizes_are_exact_floors(n):
    train = n * 3 // 4
    val = (n - train) * 2 // 5
    assert set_sizes(n) == (train, val, n - train - val)


def test_sizes_do_not_suffer_from_floating_point():
    assert set_sizes(100, (0.29, 0.71, 0.0)) == (29, 71, 0)  # 0.29 * 100 is 28.999999999999996
    assert set_sizes(10, (0.7, 0.2, 0.1)) == (7, 2, 1)
    assert set_sizes(9, ("1/3", "1/3", "1/3")) == (3, 3, 3)
    assert set_sizes(7, (1, 0, 0)) == (7, 0, 0)


@pytest.mark.parametrize("fractions", [(0.75, 0.10, 0.10), (0.5, 0.5), (1.2, -0.1, -0.1), ("a", 0, 1)])
def test_wrong_fractions(fractions):
    with pytest.raises(ValueError, match="fractions"):
        split_studies(["a", "b"], fractions)


@settings(deadline=None, max_examples=40)
@given(
    ids=st.lists(st.text(min_size=1, max_size=4, alphabet="ab01"), unique=True, max_size=40),
    seed=st.integers(0, 10**9),
    shuffle=st.randoms(),
)
def test_partition_that_does_not_depend_on_the_order(ids, seed, shuffle):
    split = split_studies(ids, seed=seed)
    assert sorted(itertools.chain(*split.values())) == sorted(ids)
    assert sizes(split) == set_sizes(len(ids))
    other = ids.copy()
    shuffle.shuffle(other)
    again = split_studies(other, seed=seed)
    assert all(np.array_equal(split[name], again[name]) for name in split)


def test_seed_matters_and_membership_is_fair():
    ids = list(range(200))
    tests = [set(split_studies(ids, seed=seed)["test"].tolist()) for seed in range(200)]
    assert tests[0] != tests[1]
    counts = np.array([sum(i in test for test in tests) for i in ids])
    assert abs(counts.mean() - 30) < 1e-9  # 30 of 200 a draw
    assert counts.min() > 10  # binomial(200, 0.15): mean 30, sd 5
    assert counts.max() < 55


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(0, 12), min_size=1, max_size=40), st.integers(0, 1000))
def test_groups_stay_together(groups, seed):
    ids = list(range(len(groups)))
    split = split_studies(ids, seed=seed, groups=groups)
    where = {i: name for name, members in split.items() for i in members.tolist()}
    assert len(where) == len(ids)
    assert all(len({where[i] for i in ids if groups[i] == group}) == 1 for group in set(groups))


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(1, 5), min_size=1, max_size=8), st.integers(0, 1000))
def test_test_set_is_as_near_as_whole_groups_allow(group_sizes, seed):
    groups = [g for g, size in enumerate(group_sizes) for _ in range(size)]
    split = split_studies(range(len(groups)), (0.5, 0.2, 0.3), seed=seed, groups=groups)
    target = set_sizes(len(groups), (0.5, 0.2, 0.3))[2]
    picks = itertools.product([0, 1], repeat=len(group_sizes))
    best = min(abs(np.dot(pick, group_sizes) - target) for pick in picks)
    assert abs(len(split["test"]) - target) == best


def test_patients_of_the_paper_size_reach_the_sizes_exactly():
    patients = np.random.default_rng(0).integers(0, 5000, 7082)
    assert sizes(split_studies(range(7082), groups=patients)) == (5311, 708, 1063)


def test_groups_of_one_are_the_split_by_study():
    ids = [f"s{i}" for i in range(101)]
    plain, grouped = split_studies(ids, seed=3), split_studies(ids, seed=3, groups=ids)
    assert all(np.array_equal(plain[name], grouped[name]) for name in plain)


@pytest.mark.parametrize(
    ("ids", "groups", "message"),
    [
        (["a", "a"], None, "1 stand there more than once"),
        (["a", None], None, "ids: 1 are missing"),
        (["a", 1], None, "ids: some are text"),
        (["a", "b"], ["x"], "groups: 1 values for 2 ids"),
        (["a", "b"], ["x", None], "groups: 1 are missing"),
    ],
)
def test_ids_that_cannot_be_split(ids, groups, message):
    with pytest.raises(ValueError, match=message):
        split_studies(ids, groups=groups)


def test_fraction_objects_are_taken_as_they_are():
    assert set_sizes(7082, (Fraction(3, 4), Fraction(1, 10), Fraction(3, 20))) == (5311, 708, 1063)
