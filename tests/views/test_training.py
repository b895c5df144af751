"""Training the compact classifier, its split by patient, its augmentation and its report."""

import json

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from echoclr_core.views.assessment import assess, assess_training, calibration_bins
from echoclr_core.views.augmentation import ViewAugmentSettings, augment, draw
from echoclr_core.views.split import SETS, rows_of, split_patients
from echoclr_core.views.training import ViewTrainingSettings, train_view_classifier

TOY = ViewTrainingSettings(epochs=6, batch=8, width=4)


def toy_videos(n_patients=12, n_frames=3, seed=0):
    """Three views: PLAX has a bright blob at the left, its mirror image at the right, a4c in the middle."""
    rng = np.random.default_rng(seed)
    frames, views, patients = [], [], []
    for patient in range(n_patients):
        for view, column in (("plax", 20), ("mirrored", 144), ("a4c", 82)):
            video = rng.integers(0, 60, (n_frames, 224, 224)).astype(np.uint8)
            top = 80 + int(rng.integers(-8, 9))
            video[:, top : top + 60, column : column + 60] += 150
            frames.append(video)
            views.append(view)
            patients.append(f"p_{patient}")
    return frames, views, patients


@pytest.fixture(scope="module")
def trained():
    torch.set_num_threads(1)
    classifier, record = train_view_classifier(*toy_videos(), settings=TOY)
    return classifier, assess_training(json.loads(json.dumps(record)))


def test_views_that_are_easy_to_tell_apart_are_told_apart(trained):
    classifier, report = trained
    assert classifier.classes == ("a4c", "mirrored", "plax")
    assert report["accuracy"] >= 0.97
    assert report["plax_recall"] >= 0.97
    assert report["plax_precision"] >= 0.97
    frames, views, _ = toy_videos(n_patients=3, seed=9)
    for video, view in zip(frames, views, strict=True):
        assert classifier.classes[classifier.probabilities(video).mean(axis=0).argmax()] == view


def test_the_report_is_json_and_its_numbers_fit_together(trained):
    classifier, report = trained
    assert json.loads(json.dumps(report, allow_nan=False)) == report | {"settings": report["settings"]}
    sets = report["sets"]
    assert sum(sets[name]["patients"] for name in SETS) == 12
    assert sum(sets[name]["videos"] for name in SETS) == 36
    assert sum(sets[name]["frames"] for name in SETS) == 108
    assert sum(map(sum, report["confusion"])) == sets["test"]["videos"] == report["n_videos"]
    assert report["support"] == sets["test"]["videos_by_view"]
    assert report["parameters"] == sum(weight.numel() for weight in classifier.network.parameters())
    assert report["training_digest"] == classifier.training_digest
    best = min(report["history"], key=lambda row: row["validation_loss"])
    assert report["best_epoch"] == best["epoch"]
    assert "p_0" not in json.dumps(report)


def test_training_is_a_function_of_data_and_seed(trained):
    settings = ViewTrainingSettings(epochs=2, batch=8, width=4, seed=1)
    torch.manual_seed(5)
    first, report = train_view_classifier(*toy_videos(8), settings=settings)
    torch.manual_seed(6)
    state = torch.random.get_rng_state()
    second, again = train_view_classifier(*toy_videos(8), settings=settings)
    assert torch.equal(torch.random.get_rng_state(), state)
    assert report == again
    weights = second.network.state_dict()
    assert all(torch.equal(tensor, weights[name]) for name, tensor in first.network.state_dict().items())
    other, _ = train_view_classifier(
        *toy_videos(8), settings=ViewTrainingSettings(epochs=2, batch=8, width=4, seed=2)
    )
    assert other.training_digest != first.training_digest
    assert not torch.equal(other.network.head.weight, first.network.head.weight)


def test_the_best_weights_are_kept_and_training_stops_early():
    """A third of the labels is wrong, so the validation loss turns; the weights kept must be those before."""
    seen, data = [], toy_videos(8)
    for row in range(0, len(data[1]), 3):
        data[1][row] = ("plax", "mirrored", "a4c")[row // 3 % 3]
    settings = ViewTrainingSettings(epochs=12, batch=8, width=4, patience=2, learning_rate=0.02)
    classifier, report = train_view_classifier(*data, settings=settings, on_progress=seen.append)
    losses = [row["validation_loss"] for row in report["history"]]
    assert seen == report["history"]
    assert losses[report["best_epoch"] - 1] == min(losses)
    assert losses[-1] > 1.2 * min(losses)
    assert report["stopped_early"]
    assert len(losses) - report["best_epoch"] == settings.patience

    frames, views, patients = data
    chosen = split_patients(views, patients, validation=0.15, test=0.2, seed=0)["validation"]
    of_truth = [
        classifier.probabilities(frames[row])[:, classifier.classes.index(views[row])].mean()
        for row in rows_of(chosen, patients)
    ]
    assert -np.log(of_truth).mean() == pytest.approx(min(losses), rel=1e-3)


def change(row, what, value):
    data = [list(part) for part in toy_videos(4)]
    data[("frames", "views", "patients").index(what)][row] = value
    return data


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (change(4, "views", "subcostal"), r"'subcostal' has videos of 1 patient; at least 2"),
        ([part[:1] * 6 for part in toy_videos(4)], r"1 view \['plax'\]; at least two"),
        (
            [toy_videos(4)[0], ["x", "y", "z"] * 4, toy_videos(4)[2]],
            r"no video has the view 'plax'.*'x', 'y', 'z'",
        ),
        (toy_videos(2), "2 patients; at least 3"),
        (change(2, "views", ""), "row 2 holds ''"),
        (change(2, "views", None), "row 2 holds None"),
        (change(3, "patients", ""), "row 3"),
        (
            change(1, "frames", np.zeros((2, 100, 100), np.uint8)),
            r"row 1: frames: uint8 of shape \(2, 100, 100\)",
        ),
        (change(1, "frames", np.zeros((0, 224, 224), np.uint8)), "row 1 holds no frame"),
        ([toy_videos(4)[0][:3], *toy_videos(4)[1:]], r"lengths are \{'frames': 3, 'views': 12"),
    ],
)
def test_what_cannot_be_learnt_from_is_refused(data, words):
    with pytest.raises(ValueError, match=words):
        train_view_classifier(*data, settings=TOY)


@pytest.mark.parametrize(
    "option",
    [{"epochs": 0}, {"batch": 1}, {"learning_rate": 0.0}, {"patience": 0}, {"frames_an_epoch": 0}],
)
def test_settings_out_of_range_are_refused(option):
    with pytest.raises(ValueError, match=next(iter(option))):
        ViewTrainingSettings(**option)


@given(
    seed=st.integers(0, 100),
    n_patients=st.integers(8, 30),
    shared=st.lists(st.sets(st.integers(0, 7), min_size=2), min_size=1, max_size=5),
)
def test_no_patient_stands_in_two_sets_and_every_view_is_learnt(seed, n_patients, shared):
    rows = [("plax", f"p{patient}") for patient in range(n_patients)]
    rows += [(f"view{i}", f"p{patient}") for i, those in enumerate(shared) for patient in those]
    views, patients = zip(*rows, strict=True)
    split = split_patients(views, patients, seed=seed)
    everyone = [patient for name in SETS for patient in split[name]]
    assert sorted(everyone) == sorted(set(patients))
    taught = {view for view, patient in rows if patient in split["train"]}
    assert taught == set(views)
    videos = np.concatenate([rows_of(split[name], patients) for name in SETS])
    assert sorted(videos) == list(range(len(rows)))


def test_shares_are_kept_and_scarce_views_reach_all_sets():
    patients = [f"p{i}" for i in range(100)] + ["p7", "p50", "p93"]
    views = ["plax"] * 100 + ["rare"] * 3
    for seed in range(10):
        split = split_patients(views, patients, validation=0.15, test=0.2, seed=seed)
        assert [len(split[name]) for name in SETS] == [65, 15, 20]
        assert sorted(sum(p in split[name] for p in ("p7", "p50", "p93")) for name in SETS) == [1, 1, 1]
    assert split != split_patients(views, patients, validation=0.15, test=0.2, seed=99)


def test_a_set_that_would_stay_empty_is_refused():
    views = ["plax", "plax", "b", "b", "c", "c"]
    patients = ["p1", "p2", "p2", "p3", "p1", "p3"]
    outcomes = []
    for seed in range(20):
        try:
            outcomes.append(all(split_patients(views, patients, seed=seed).values()))
        except ValueError as error:
            outcomes.append("too few for 3 views" in str(error))
    assert all(outcomes)


def test_report_oracle():
    """Seven videos counted by hand."""
    truth = ["plax", "plax", "plax", "a4c", "a4c", "a4c", "plax"]
    of_plax = [0.95, 0.85, 0.35, 0.15, 0.65, 0.05, 0.75]
    probabilities = np.array([[1 - p, p, 0.0] for p in of_plax])
    report = assess(probabilities, truth, ["a4c", "plax", "psax"], "plax")
    assert report["confusion"] == [[2, 1, 0], [1, 3, 0], [0, 0, 0]]
    assert report["recall"] == {"a4c": 2 / 3, "plax": 3 / 4, "psax": None}
    assert report["precision"] == {"a4c": 2 / 3, "plax": 3 / 4, "psax": None}
    assert (report["plax_recall"], report["plax_precision"]) == (3 / 4, 3 / 4)
    assert report["support"] == {"a4c": 3, "plax": 4, "psax": 0}
    assert report["accuracy"] == 5 / 7
    # confidence .95 .85 .65 .85 .65 .95 .75; right except the third and fifth
    expected = (2 * 0.05 + 2 * 0.15 + 2 * 0.65 + 1 * 0.25) / 7
    assert report["expected_calibration_error"] == pytest.approx(expected)


def test_bins_are_closed_above_and_hold_every_video():
    confidence = np.array([0.1, 0.10001, 0.5, 1.0])
    bins, error = calibration_bins(confidence, np.array([True, False, False, True]))
    assert [entry["n"] for entry in bins] == [1, 1, 0, 0, 1, 0, 0, 0, 0, 1]
    assert error == pytest.approx((0.9 + 0.10001 + 0.5 + 0) / 4)
    assert bins[2]["accuracy"] is None


def test_no_change_is_the_identity():
    frames = torch.rand(3, 1, 32, 32, generator=torch.Generator().manual_seed(0))
    none = draw(ViewAugmentSettings(shift=0, degrees=0, gain=1), 3, np.random.default_rng(0))
    assert none.tolist() == [[0, 0, 0, 1]] * 3
    assert torch.allclose(augment(frames, torch.from_numpy(none)), frames, atol=1e-5)


def test_shift_rotation_and_gain_mean_what_they_say():
    frame = torch.zeros(1, 1, 32, 32)
    frame[0, 0, 4, 20] = 0.5
    moved = augment(frame, torch.tensor([[2 / 32, 5 / 32, 0.0, 1.5]]))[0, 0]
    assert moved[9, 22].item() == pytest.approx(0.75, abs=1e-4)
    assert moved.sum().item() == pytest.approx(0.75, abs=1e-3)
    turned = augment(frame, torch.tensor([[0.0, 0.0, 90.0, 1.0]]))[0, 0]
    assert torch.allclose(turned, torch.rot90(frame[0, 0]), atol=1e-4)  # rot90 turns anticlockwise
    assert augment(frame, torch.tensor([[0.0, 0.0, 0.0, 3.0]])).max() == 1


def test_draws_fill_their_ranges_and_never_flip():
    draws = draw(ViewAugmentSettings(shift=0.1, degrees=5, gain=2), 4000, np.random.default_rng(0))
    low, high = draws.min(axis=0), draws.max(axis=0)
    assert np.allclose(low, [-0.1, -0.1, -5, 0.5], rtol=0.01)
    assert np.allclose(high, [0.1, 0.1, 5, 2], rtol=0.01)


@pytest.mark.parametrize("option", [{"shift": 1.0}, {"degrees": -1}, {"gain": 0.5}])
def test_augmentation_out_of_range_is_refused(option):
    with pytest.raises(ValueError, match=next(iter(option))):
        ViewAugmentSettings(**option)
