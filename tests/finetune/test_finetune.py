"""Fine-tuning: the loop of the paper, never lost; options that change something; prediction; learning
rates.
"""

import dataclasses
import os
import signal
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
import torch.nn.functional as F
from killed_runs import die_at, in_child

from echoclr_core.finetune.batches import ClipBatches
from echoclr_core.finetune.run import finetune, positive_weight
from echoclr_core.finetune.scoring import predict, predict_together
from echoclr_core.finetune.select import select_learning_rate
from echoclr_core.finetune.settings import FinetuneSettings
from echoclr_core.finetune.step import FinetuneTrainer, smooth, validation_loss
from echoclr_core.finetune.tables import PREDICTIONS
from echoclr_core.models.encoder import EncoderSettings, build_encoder
from echoclr_core.models.weights import read_weights, save_weights
from echoclr_core.options.augmentation import AugmentationOptions
from echoclr_core.training.leasing import lease, lease_device
from echoclr_core.training.optimizers import ADAM
from echoclr_core.training.stopping import EXIT_STOPPED, Stopped
from echoclr_core.video.augmentation import normalise, standardise
from echoclr_core.video.sampling import even_starts
from echoclr_core.video.store import ClipStore

TINY = EncoderSettings(name="r3d", width=4, blocks=(1, 1))
BASE = FinetuneSettings(
    clip_length=4,
    batch_size=5,
    max_epochs=3,
    learning_rate=1e-3,
    dropout=0.2,
    checkpoint_every=2,
    eval_clips_per_video=2,
    augmentation=AugmentationOptions(pad=2),
)


def tables(store):
    videos = store.index[["video_id", "study_id"]].copy()
    videos["label"] = videos["study_id"].str[-1].astype(int) % 2
    held_out = videos["study_id"].isin(sorted(videos["study_id"].unique())[-2:])
    return videos[~held_out], videos[held_out]


def run(store, state_dir, settings=BASE, initial=None, data=None, **more):
    data = data or tables(store)
    return finetune(
        store, *data, TINY, initial, settings, state_dir=state_dir, device="cpu", terminal=False, **more
    )


def same(one, two):
    pd.testing.assert_frame_equal(one.history, two.history, check_exact=True)
    return all(torch.equal(one.model.state_dict()[k], v) for k, v in two.model.state_dict().items())


def _child(store, folder, settings, workers, death):
    counted = {
        "step": (FinetuneTrainer, "step"),
        "update": (ADAM["adam"], "step"),
        "validation": (FinetuneTrainer, "close_interval"),
        "save": (Path, "replace"),
    }
    die_at(death, counted)
    result = run(store, folder / "state", settings, workers=workers)
    save_weights(folder / "model.safetensors", result.model.state_dict(), {})
    result.history.to_parquet(folder / "history.parquet")


@pytest.mark.parametrize("workers", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_killed_at_any_moment_it_ends_as_if_never_interrupted(make_store, tmp_path, workers):
    store, settings = make_store(), dataclasses.replace(BASE, max_epochs=6)
    whole = run(store, tmp_path / "whole", settings)
    draws = np.random.default_rng(workers)
    places = ("step", "validation", "save", "update", "step", "save")
    for death in [(where, int(draws.integers(0, 3))) for where in places]:
        assert in_child(_child, store, tmp_path, settings, workers, death) == -signal.SIGKILL, death
    assert in_child(_child, store, tmp_path, settings, workers, ("never", 0)) == 0
    weights, _ = read_weights(tmp_path / "model.safetensors")
    for name, tensor in whole.model.state_dict().items():
        assert torch.equal(tensor, weights[name]), name
    pd.testing.assert_frame_equal(
        pd.read_parquet(tmp_path / "history.parquet"), whole.history, check_exact=True
    )


def test_any_number_of_workers_gives_the_same(make_store, tmp_path):
    store = make_store()
    results = [run(store, tmp_path / str(workers), workers=workers) for workers in (0, 1, 2)]
    assert same(results[0], results[1])
    assert same(results[0], results[2])


def test_a_release_of_the_same_code_resumes(make_store, tmp_path, monkeypatch):
    """The version alone decides no number; what was finished is not trained again."""
    store = make_store()
    first = run(store, tmp_path)
    monkeypatch.setattr("echoclr_core.finetune.run.__version__", "99.0")
    monkeypatch.setattr(FinetuneTrainer, "step", lambda *_: pytest.fail("trained again"))
    again = run(store, tmp_path)
    assert (again.run["version"], again.run["fingerprint"]) == ("99.0", first.run["fingerprint"])
    assert same(first, again)


@pytest.mark.parametrize("calls", [1, 4, 8])
def test_sigterm_saves_leaves_with_its_code_and_goes_on(make_store, tmp_path, monkeypatch, calls):
    store, settings = make_store(), dataclasses.replace(BASE, checkpoint_every=1000)
    whole = run(store, tmp_path / "whole", settings)
    real = FinetuneTrainer.step

    def told(self, batch, step):
        if step == calls - 1:
            os.kill(os.getpid(), signal.SIGTERM)
        return real(self, batch, step)

    with monkeypatch.context() as patch:
        patch.setattr(FinetuneTrainer, "step", told)
        with pytest.raises(Stopped) as stopped:
            run(store, tmp_path / "state", settings)
    assert (stopped.value.code, stopped.value.step) == (EXIT_STOPPED, calls)
    assert same(whole, run(store, tmp_path / "state", settings))


def test_told_to_stop_during_validation_it_validates_again(make_store, tmp_path, monkeypatch):
    store = make_store()
    whole = run(store, tmp_path / "whole")
    real = FinetuneTrainer.close_interval

    def told(self, step, means, check):
        os.kill(os.getpid(), signal.SIGUSR1)
        return real(self, step, means, check)

    with monkeypatch.context() as patch:
        patch.setattr(FinetuneTrainer, "close_interval", told)
        with pytest.raises(Stopped) as stopped:
            run(store, tmp_path / "state")
    assert stopped.value.step == 3
    assert same(whole, run(store, tmp_path / "state"))


def test_early_stopping_keeps_the_best_weights(make_store, tmp_path, monkeypatch):
    store = make_store()
    losses = iter([0.5, 0.4, 0.6, 0.4, 0.7, 0.1])
    kept = []
    real = FinetuneTrainer.close_interval

    def watched(self, step, means, check):
        out = real(self, step, means, check)
        kept.append({name: tensor.clone() for name, tensor in self.model.state_dict().items()})
        return out

    monkeypatch.setattr("echoclr_core.finetune.step.validation_loss", lambda *args: next(losses))
    monkeypatch.setattr(FinetuneTrainer, "close_interval", watched)
    result = run(store, tmp_path, dataclasses.replace(BASE, max_epochs=30, patience=3))
    assert result.history["validation_loss"].tolist() == [0.5, 0.4, 0.6, 0.4, 0.7]
    assert result.history["epochs_without_improvement"].tolist() == [0, 0, 1, 2, 3]
    assert (result.run["best_epoch"], result.run["validation_loss"]) == (2, 0.4)
    assert result.run["stopped_early"]
    assert all(torch.equal(result.model.state_dict()[name], tensor) for name, tensor in kept[1].items())


OPTIONS = {
    "clip_length": {"clip_length": 5},
    "frame_stride": {"frame_stride": 2},
    "input_size": {"input_size": 8},
    "batch_size": {"batch_size": 4},
    "max_epochs": {"max_epochs": 1, "patience": 1, "learning_rate": 1e-2},
    "min_steps_per_epoch": {"min_steps_per_epoch": 5},
    "learning_rate": {"learning_rate": 1e-2},
    "optimizer": {"optimizer": "adamw", "weight_decay": 0.5},
    "weight_decay": {"weight_decay": 0.5},
    "clip_grad": {"clip_grad": 1e-9},
    "schedule": {"schedule": "cosine"},
    "warmup_steps": {"warmup_steps": 3},
    "class_weights": {"class_weights": True},
    "label_smoothing": {"label_smoothing": 0.1},
    "dropout": {"dropout": 0.0},
    "freeze_encoder": {"freeze_encoder": True},
    "refresh_batch_norm": {"refresh_batch_norm": 2},
    "normalisation": {"normalisation": "kinetics400"},
    "augmentation": {"augmentation": AugmentationOptions(pad=0, flip_prob=0.0, rotation_prob=0.0)},
    "seed": {"seed": 1},
}


@pytest.fixture
def reference(make_store, tmp_path):
    store = make_store((3, 2, 3, 2, 3, 2, 3))
    return store, run(
        store, tmp_path / "reference", dataclasses.replace(BASE, max_epochs=1, precision="fp32")
    )


@pytest.mark.parametrize("name", OPTIONS)
def test_every_option_changes_the_result(reference, tmp_path, name):
    store, plain = reference
    settings = dataclasses.replace(BASE, **({"max_epochs": 1, "precision": "fp32"} | OPTIONS[name]))
    other = run(store, tmp_path / "option", settings).model.state_dict()
    assert any(not torch.equal(tensor, other[key]) for key, tensor in plain.model.state_dict().items())


def test_evaluation_clips_change_the_validation_loss(make_store, tmp_path):
    store = make_store()
    losses = [
        run(store, tmp_path / str(clips), dataclasses.replace(BASE, max_epochs=1, eval_clips_per_video=clips))
        for clips in (1, 3)
    ]
    assert losses[0].run["validation_loss"] != losses[1].run["validation_loss"]


def test_a_frozen_encoder_keeps_its_weights_and_statistics(make_store, tmp_path):
    encoder = build_encoder(TINY, seed=4)
    encoder.train()
    with torch.no_grad():  # running statistics that are not those of a fresh network
        encoder(torch.rand(4, 3, 4, 16, 16, generator=torch.Generator().manual_seed(0)))
    initial = {name: tensor.clone() for name, tensor in encoder.state_dict().items()}
    assert any(name.endswith("running_mean") and tensor.any() for name, tensor in initial.items())
    heads = []
    for epochs in (1, 3):
        settings = dataclasses.replace(BASE, freeze_encoder=True, max_epochs=epochs, patience=epochs)
        result = run(make_store(), tmp_path / str(epochs), settings, initial)
        trained = result.model.encoder.state_dict()
        assert all(torch.equal(initial[name], trained[name]) for name in initial)
        heads.append(result.history["validation_loss"].tolist())
    assert heads[0] == heads[1][:1]
    assert len(set(heads[1])) == 3  # the linear unit does learn


def test_the_other_encoder_moves_its_statistics(make_store, tmp_path):
    initial = build_encoder(TINY, seed=4).state_dict()
    trained = run(make_store(), tmp_path, dataclasses.replace(BASE, max_epochs=1), initial).model.encoder
    means = [name for name in initial if name.endswith("running_mean")]
    assert all(not torch.equal(initial[name], trained.state_dict()[name]) for name in means)


def test_initial_weights_are_used_and_must_fit(make_store, tmp_path):
    store = make_store()
    one = dataclasses.replace(BASE, max_epochs=1)
    random = run(store, tmp_path / "a", one)
    given = run(store, tmp_path / "b", one, build_encoder(TINY, seed=4).state_dict())
    assert not torch.equal(random.model.encoder.stem[0].weight, given.model.encoder.stem[0].weight)
    wrong = build_encoder(EncoderSettings(name="r3d", width=8, blocks=(1, 1)), seed=0).state_dict()
    with pytest.raises(ValueError, match="the initial state does not fit ResNet3D"):
        run(store, tmp_path / "c", one, wrong)


def test_one_class_only_is_trained_on_and_recorded(make_store, tmp_path):
    store = make_store()
    training, validation = tables(store)
    data = (training.assign(label=1), validation)
    one = dataclasses.replace(BASE, max_epochs=1, class_weights=True)
    result = run(store, tmp_path, one, data=data)
    assert result.run["notes"] == [
        "all 4 training studies have label 1",
        "class weights are 1, since a class is missing",
    ]
    assert result.run["positive_weight"] == 1.0


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda t, v: (t[:0], v), "training videos: there are none"),
        (lambda t, v: (t, v[:0]), "validation videos: there are none"),
        (lambda t, v: (t.assign(label=2), v), "training videos: label 2 .* allowed are 0 and 1"),
        (lambda t, v: (t.drop(columns="label"), v), r"missing columns \['label'\]"),
        (lambda t, v: (pd.concat([t, t]), v), "v_00_0 stands there twice"),
        (
            lambda t, v: (t, v.assign(video_id="v_x" + v["video_id"])),
            "validation videos: 6 of 6 videos are not in",
        ),
    ],
)
def test_tables_that_do_not_fit_are_refused(make_store, tmp_path, change, told):
    store = make_store()
    with pytest.raises(ValueError, match=told):
        run(store, tmp_path, data=change(*tables(store)))


@pytest.mark.parametrize(
    "wrong",
    [{"patience": 0}, {"dropout": 1.0}, {"optimizer": "sgd"}, {"learning_rate": -1.0}, {"precision": "fp16"}],
)
def test_impossible_settings_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        FinetuneSettings(**wrong)


def test_a_validation_loss_that_is_no_number_stops_the_run(make_store, tmp_path, monkeypatch):
    monkeypatch.setattr("echoclr_core.finetune.step.validation_loss", lambda *args: float("nan"))
    result = run(make_store(), tmp_path)
    assert result.run["outcome"] == "diverged"
    assert "the validation loss is nan at step 3" in result.run["reason"]
    assert result.run["validation_loss"] is None
    assert result.history.empty


def test_a_run_that_diverges_later_keeps_its_best_weights(make_store, tmp_path, monkeypatch):
    store, kept = make_store(), []
    losses = iter([0.5, 0.6, float("inf")])
    real = FinetuneTrainer.close_interval

    def watched(self, *args):
        out = real(self, *args)
        kept.append({name: tensor.clone() for name, tensor in self.model.state_dict().items()})
        return out

    monkeypatch.setattr("echoclr_core.finetune.step.validation_loss", lambda *args: next(losses))
    monkeypatch.setattr(FinetuneTrainer, "close_interval", watched)
    result = run(store, tmp_path, dataclasses.replace(BASE, max_epochs=5))
    assert (result.run["outcome"], result.run["best_epoch"], result.run["epochs"]) == ("diverged", 1, 2)
    assert result.run["validation_loss"] == 0.5
    assert all(torch.equal(result.model.state_dict()[name], tensor) for name, tensor in kept[0].items())


# The pieces.


def test_a_pass_sees_every_video_once_in_equal_batches(make_store):
    store = make_store((3, 4, 4))  # 11 videos in batches of at most 5
    videos = store.index[["video_id", "study_id"]].assign(label=1)
    batches = ClipBatches(store, videos, BASE)
    sizes = [len(batches[step]["video_ids"]) for step in range(3)]
    assert sizes == [4, 4, 3]
    assert sorted(video for step in range(3) for video in batches[step]["video_ids"]) == sorted(
        videos["video_id"]
    )
    assert batches[0]["video_ids"] != batches[3]["video_ids"]
    assert ClipBatches(store, videos, dataclasses.replace(BASE, min_steps_per_epoch=7)).steps_per_epoch == 9


def test_validation_loss_is_the_mean_over_videos_of_their_clips():
    draws = torch.Generator().manual_seed(0)
    logits, labels = torch.randn(5, 4, generator=draws), torch.tensor([0, 1, 1, 0, 1.0])
    slow = np.mean(
        [
            np.mean([-np.log(1 / (1 + np.exp(-z if y else z))) * (3.0 if y else 1.0) for z in row])
            for row, y in zip(logits.double().numpy(), labels.numpy(), strict=True)
        ]
    )
    assert validation_loss(logits, labels, 3.0) == pytest.approx(slow, rel=1e-12)


def test_class_weights_count_studies_not_videos():
    videos = pd.DataFrame({"study_id": list("aaabcd"), "label": [1, 1, 1, 0, 0, 0]})
    assert positive_weight(videos) == 3.0


def test_label_smoothing_moves_targets_towards_a_half():
    assert smooth(torch.tensor([0.0, 1.0]), 0.1).tolist() == pytest.approx([0.05, 0.95])


def test_predictions_average_clips_then_videos(make_store, tmp_path):
    store = make_store((3, 2), frames=[8, 12, 9, 3, 20])
    settings = dataclasses.replace(BASE, eval_clips_per_video=4, normalisation="kinetics400")
    videos = store.index[["video_id", "study_id"]].assign(label=[1, 1, 1, 0, 0])
    model = run(store, tmp_path, dataclasses.replace(settings, max_epochs=1), data=(videos, videos)).model
    predictions = predict(model, store, videos, settings, device="cpu")
    PREDICTIONS.check(predictions)
    for row, n_frames in zip(predictions.itertuples(), [8, 12, 9, 3, 20], strict=True):
        slow = []
        for start in even_starts(n_frames, 4, 4):
            clip = normalise(torch.from_numpy(store.clip(row.video_id, int(start), 4))[None])
            clip = standardise(clip[:, None].expand(-1, 3, -1, -1, -1), "kinetics400")
            with torch.no_grad():
                slow.append(float(torch.sigmoid(model(clip))))
        assert list(row.clip_probabilities) == pytest.approx(slow, abs=1e-5)
        assert row.video_probability == pytest.approx(np.mean(slow), abs=1e-5)
    means = predictions.groupby("study_id")["video_probability"].mean()
    assert predictions["study_probability"].tolist() == pytest.approx(means[predictions["study_id"]].tolist())


def test_together_they_get_the_scores_they_get_alone(make_store, tmp_path, monkeypatch):
    store = make_store((3, 2))
    videos = store.index[["video_id", "study_id"]].assign(label=[1, 1, 1, 0, 0])
    plain = dataclasses.replace(BASE, max_epochs=1, precision="fp32")
    settings = {"random": plain, "kinetics400": dataclasses.replace(plain, normalisation="kinetics400")}
    settings["echoclr"] = plain
    models = {
        name: run(store, tmp_path / name, dataclasses.replace(each, seed=n), data=(videos, videos)).model
        for n, (name, each) in enumerate(settings.items())
    }
    alone = {name: predict(models[name], store, videos, settings[name], device="cpu") for name in models}
    read = []
    real = ClipStore.clips

    def counted(self, video_ids, starts, length):
        read.extend(zip(video_ids, starts, strict=True))
        return real(self, video_ids, starts, length)

    monkeypatch.setattr(ClipStore, "clips", counted)
    together = predict_together(models, store, videos, settings, device="cpu")
    for name in models:
        pd.testing.assert_frame_equal(together[name], alone[name], check_exact=True)
    assert len(read) == 5 * BASE.eval_clips_per_video  # each clip once, not once a model
    other = settings | {"echoclr": dataclasses.replace(plain, clip_length=3)}
    with pytest.raises(ValueError, match=r"finetune\.clip_length: .*'echoclr': 3"):
        predict_together(models, store, videos, other, device="cpu")


def test_predictions_do_not_depend_on_the_batch(make_store, tmp_path):
    store = make_store((3, 2))
    videos = store.index[["video_id", "study_id"]].assign(label=1)
    model = run(store, tmp_path, dataclasses.replace(BASE, max_epochs=1), data=(videos, videos)).model
    scores = [
        predict(model, store, videos, dataclasses.replace(BASE, batch_size=size), device="cpu")[
            "study_probability"
        ]
        for size in (1, 7)
    ]
    assert scores[0].tolist() == pytest.approx(scores[1].tolist(), abs=1e-6)
    assert predict(model, store, videos[:0], BASE, device="cpu").empty


def test_the_rate_of_the_lowest_validation_loss_wins():
    candidates = [
        {"learning_rate": lr, "validation_loss": loss}
        for lr, loss in (("0.1", 0.7), ("0.05", 0.5), ("0.001", 0.6))
    ]
    chosen = select_learning_rate(candidates)
    assert (chosen["learning_rate"], chosen["validation_loss"], chosen["tie"]) == ("0.05", 0.5, False)
    assert chosen["candidates"] == candidates


def test_of_equal_losses_the_first_listed_wins():
    chosen = select_learning_rate(
        [{"learning_rate": lr, "validation_loss": 0.5} for lr in ("1e-4", "5e-5", "1e-5")]
    )
    assert chosen["learning_rate"] == "1e-4"
    assert chosen["tie"]


def test_a_candidate_that_failed_is_a_row_and_the_others_go_on():
    diverged = {"learning_rate": "0.1", "validation_loss": None, "reason": "the loss is nan at step 3"}
    infinite = {"learning_rate": "0.05", "validation_loss": float("inf")}
    good = {"learning_rate": "0.001", "validation_loss": 0.6}
    chosen = select_learning_rate([diverged, infinite, good])
    assert (chosen["learning_rate"], chosen["validation_loss"], chosen["tie"]) == ("0.001", 0.6, False)
    assert chosen["candidates"] == [diverged, infinite, good]
    assert chosen["failed"] == {"0.1": "the loss is nan at step 3", "0.05": "its validation loss is inf"}


def test_without_any_number_there_is_no_winner():
    chosen = select_learning_rate([{"learning_rate": "1", "validation_loss": float("nan")}])
    assert (chosen["winner"], chosen["learning_rate"], chosen["tie"]) == (None, None, False)
    assert chosen["failed"] == {"1": "its validation loss is nan"}
    with pytest.raises(ValueError, match="no learning rates"):
        select_learning_rate([])


def test_the_defaults_are_the_papers():
    settings = FinetuneSettings()
    assert (settings.clip_length, settings.batch_size, settings.max_epochs, settings.patience) == (
        16,
        88,
        30,
        5,
    )
    assert (settings.optimizer, settings.eval_clips_per_video, settings.dropout) == ("adam", 4, 0.0)


def test_the_training_loss_is_binary_cross_entropy_of_the_smoothed_labels(make_store, tmp_path):
    store = make_store()
    settings = dataclasses.replace(BASE, dropout=0.0, label_smoothing=0.2, precision="fp32", batch_size=50)
    training, _ = tables(store)
    batch = ClipBatches(store, training.reset_index(drop=True), settings)[0]
    result = run(store, tmp_path, dataclasses.replace(settings, max_epochs=1))
    assert result.history["loss"].iloc[0] > 0
    targets = smooth(torch.from_numpy(batch["labels"]), 0.2)
    floor = F.binary_cross_entropy(targets, targets)  # the entropy of the targets
    assert result.history["loss"].iloc[0] >= float(floor)
    assert len(batch["labels"]) == len(training)


def _hold_places(gpus, folder, jobs_per_gpu, count):
    """The devices that ``count`` jobs hold at the same time, then whether one more finds none."""
    with ExitStack() as held:
        places = [
            held.enter_context(lease_device("cuda", jobs_per_gpu=jobs_per_gpu, folder=folder))
            for _ in range(count)
        ]
        names = [f"{gpu}-{slot}" for slot in range(jobs_per_gpu) for gpu in gpus]
        with pytest.raises(TimeoutError), lease(names, folder, poll_seconds=0.01, timeout_seconds=0.02):
            pass
    return [place.index for place in places]


@pytest.mark.parametrize(("jobs_per_gpu", "devices"), [(1, [0, 1]), (2, [0, 1, 0, 1])])
def test_so_many_jobs_share_a_gpu_spread_over_all_of_them(tmp_path, monkeypatch, jobs_per_gpu, devices):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "set_device", lambda device: None)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda gpu: SimpleNamespace(uuid=f"gpu{gpu}"))
    assert _hold_places(["gpu0", "gpu1"], tmp_path, jobs_per_gpu, len(devices)) == devices
