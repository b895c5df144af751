"""Pairs, epochs, frame orders: the paper's definitions."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from echoclr_core.pretrain.frame_order import draw_orders, frame_orders
from echoclr_core.pretrain.pairs import matched_epochs, pretraining_items, study_pairs


@settings(deadline=None, max_examples=50)
@given(st.lists(st.sampled_from("abcdef"), max_size=25))
def test_pairs_are_all_unique_pairs_within_a_study(studies):
    pairs = study_pairs(studies)
    slow = [(i, j) for i, j in itertools.combinations(range(len(studies)), 2) if studies[i] == studies[j]]
    assert pairs.shape == (len(slow), 2)
    assert [tuple(pair) for pair in pairs.tolist()] == slow


@pytest.mark.parametrize("videos", [1, 2, 3, 7, 20])
def test_a_study_of_n_videos_has_n_choose_two_pairs(videos):
    assert len(study_pairs(["s"] * videos)) == videos * (videos - 1) // 2


def test_a_video_without_study_is_refused():
    with pytest.raises(ValueError, match="row 1 is missing"):
        study_pairs(["a", None, "a"])


def test_single_video_studies_are_left_out_or_paired_with_themselves():
    studies = ["a", "b", "b", "c"]
    assert pretraining_items(studies, multi_instance=True).tolist() == [[1, 2]]
    both = pretraining_items(studies, multi_instance=True, single_video_studies="self")
    assert both.tolist() == [[1, 2], [0, 0], [3, 3]]
    assert pretraining_items(studies, multi_instance=False).tolist() == [[0, 0], [1, 1], [2, 2], [3, 3]]


def test_the_papers_300_epochs_of_pairs_are_520_of_videos():
    # 75 % of 23,448 videos, and the pairs that make 520 of 300.
    videos = round(0.75 * 23_448)
    pairs = round(videos * 520 / 300)
    assert matched_epochs(pairs, videos, 300) == 520
    assert matched_epochs(104 * 392, 60 * 392 + 17, 300, 392) == 520
    assert matched_epochs(100, 100, 7) == 7
    with pytest.raises(ValueError, match="391 pairs has not one whole batch of 392"):
        matched_epochs(391, 500, 300, 392)


@pytest.mark.parametrize("k", [1, 2, 3, 4, 5])
def test_orders_are_all_permutations_in_lexicographic_order(k):
    orders = frame_orders(k)
    assert orders.shape == (math.factorial(k), k)
    rows = [tuple(row) for row in orders.tolist()]
    assert rows == sorted(rows)
    assert len(set(rows)) == len(rows)
    assert all(sorted(row) == list(range(k)) for row in rows)
    assert rows[0] == tuple(range(k))


@pytest.mark.parametrize("k", [0, 9, 16])
def test_orders_of_impossible_clips_are_refused(k):
    with pytest.raises(ValueError, match="1 to 8 frames"):
        frame_orders(k)


def test_orders_are_drawn_uniformly():
    counts = np.bincount(draw_orders(24_000, 4, np.random.default_rng(0)), minlength=24)
    assert len(counts) == 24
    assert ((counts - 1000) ** 2 / 1000).sum() < 49.7  # chi-square, 23 degrees of freedom, p = 0.001


def test_pairs_stay_within_a_view_unless_asked_otherwise():
    studies, views = ["a", "a", "a", "b", "b"], ["plax", "a4c", "plax", "a4c", "plax"]
    within = pretraining_items(studies, multi_instance=True, views=views)
    assert within.tolist() == [[0, 2]]
    across = pretraining_items(studies, multi_instance=True)
    assert across.tolist() == study_pairs(studies).tolist()
    one = pretraining_items(studies, multi_instance=True, views=["plax"] * 5)
    assert one.tolist() == across.tolist()
    alone = pretraining_items(studies, multi_instance=True, views=views, single_video_studies="self")
    assert sorted(map(tuple, alone)) == [(0, 2), (1, 1), (3, 3), (4, 4)]
