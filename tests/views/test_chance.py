"""A view classifier that guesses stops the run after its training."""

import numpy as np
import pytest
import torch

from echoclr_core.views.chance import cohen_kappa, refuse_chance
from echoclr_core.views.training import ViewTrainingSettings, train_view_classifier

CLASSES = ("a4c", "plax", "plax_zoom", "psax", "subcostal")


def record_of(truth, decided):
    probabilities = np.eye(len(CLASSES))[np.asarray(decided, dtype=int)].tolist()
    return {
        "test": {
            "classes": CLASSES,
            "plax": "plax",
            "views": [CLASSES[k] for k in truth],
            "probabilities": probabilities,
        },
        "sets": {"train": {"videos_by_view": {"a4c": 3, "plax": 4}}},
    }


def kappa_by_counting(truth, decided):
    """Cohen 1960 from the table of counts, cell by cell."""
    n = len(truth)
    agreed = sum(a == b for a, b in zip(truth, decided, strict=True)) / n
    by_chance = 0
    for one in CLASSES:
        k = CLASSES.index(one)
        by_chance += (list(truth).count(k) / n) * (list(decided).count(k) / n)
    return (agreed - by_chance) / (1 - by_chance)


def test_kappa_is_that_of_the_definition():
    rng = np.random.default_rng(3)
    for _ in range(50):
        truth, decided = rng.integers(0, 5, (2, 17))
        assert cohen_kappa(truth, decided) == pytest.approx(kappa_by_counting(truth, decided), abs=1e-12)
    assert cohen_kappa([0, 1, 2], [0, 1, 2]) == 1
    assert cohen_kappa([0, 0, 1, 1], [1, 1, 1, 1]) == 0
    assert cohen_kappa([1, 1], [1, 1]) is None
    assert cohen_kappa([], []) is None


@pytest.mark.parametrize(
    "decided",
    [
        np.repeat(2, 20),  # always one view: accuracy 0.20
        np.tile(np.roll(np.arange(5), 1), 4),  # always wrong
    ],
)
def test_accuracy_near_chance_is_refused_with_number_and_cure(decided):
    truth = np.tile(np.arange(5), 4)
    with pytest.raises(ValueError, match=r"has not learnt.*accuracy 0\.[02]0.*20 videos") as error:
        refuse_chance(record_of(truth, decided))
    for said in ("a4c 3, plax 4", "views.epochs", "views.labels", "zhang, onnx or given"):
        assert said in str(error.value)


def test_a_commonest_view_makes_guessing_look_good_and_is_refused():
    truth = np.array([1] * 18 + [0, 2])
    with pytest.raises(ValueError, match=r"accuracy 0\.90 \(18 of 20 videos; Cohen's kappa 0\.00"):
        refuse_chance(record_of(truth, np.ones(20)))


@pytest.mark.parametrize(
    ("truth", "decided"),
    [
        (np.tile(np.arange(5), 4), np.where(np.arange(20) % 2, np.tile(np.arange(5), 4), 0)),  # 0.60
        ([1, 1, 1], [0, 0, 0]),  # one view held out: nothing to compare
        ([], []),
    ],
)
def test_what_is_above_chance_or_shows_nothing_goes_on(truth, decided):
    refuse_chance(record_of(truth, decided))


def test_training_on_shuffled_views_is_refused():
    torch.set_num_threads(1)
    rng = np.random.default_rng(0)
    frames = [rng.integers(0, 60, (2, 224, 224)).astype(np.uint8) for _ in range(36)]
    views = [("a4c", "plax", "psax")[k % 3] for k in range(36)]
    patients = [f"p_{k // 3}" for k in range(36)]
    _, record = train_view_classifier(
        frames, views, patients, settings=ViewTrainingSettings(epochs=2, batch=8, width=4)
    )
    with pytest.raises(ValueError, match="has not learnt the views"):
        refuse_chance(record)
