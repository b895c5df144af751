"""The pretraining run: never lost, the same from any number of workers, options that change something."""

import dataclasses
import itertools
import json
import logging
import multiprocessing
import os
import re
import signal
import socket
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from killed_runs import die_at, in_child
from small_pretraining import TINY, specification, tensors_of, trainer_for, videos_of

from echoclr_core.models.encoder import EncoderSettings, build_encoder
from echoclr_core.models.weights import load_encoder, save_encoder
from echoclr_core.options.augmentation import AugmentationOptions
from echoclr_core.pretrain.__main__ import run_spec
from echoclr_core.pretrain.batches import PairBatches
from echoclr_core.pretrain.frame_order import frame_orders
from echoclr_core.pretrain.objective import objective, order_loss
from echoclr_core.pretrain.pairs import pretraining_items
from echoclr_core.pretrain.plan import batch_norm_notes, plan
from echoclr_core.pretrain.probe import knn_scores
from echoclr_core.pretrain.run import pretrain
from echoclr_core.pretrain.settings import PretrainSettings
from echoclr_core.pretrain.step import PretrainTrainer
from echoclr_core.pretrain.validate import one_pair_a_study
from echoclr_core.pretrain.views import passes, shuffle
from echoclr_core.training.guard import NonFiniteError, guarded_update
from echoclr_core.training.optimizers import ADAM
from echoclr_core.training.schedule import learning_rate_at
from echoclr_core.training.stopping import EXIT_STOPPED, Stopped

BASE = PretrainSettings(
    batch_size=6,
    epochs=3,
    learning_rate=1e-3,
    checkpoint_every=2,
    augmentation=AugmentationOptions(pad=2),
    projector=(8, 8),
)


def run(store, state_dir, settings=BASE, **more):
    return pretrain(
        store, videos_of(store), TINY, settings, state_dir=state_dir, device="cpu", terminal=False, **more
    )


def same(one, two):
    weights = [result.encoder.state_dict() for result in (one, two)]
    pd.testing.assert_frame_equal(one.history, two.history, check_exact=True)
    return all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])


def _child(store, folder, settings, workers, death):
    """Runs in a forked process and kills it at ``death``: (where, how many times before)."""
    counted = {
        "step": (PretrainTrainer, "step"),
        "update": (ADAM["adam"], "step"),
        "save": (Path, "replace"),
    }
    die_at(death, counted)
    result = run(store, folder / "state", settings, workers=workers)
    save_encoder(folder / "encoder.safetensors", result.encoder, {})
    result.history.to_parquet(folder / "history.parquet")


@pytest.mark.parametrize("workers", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_killed_at_any_moment_it_ends_as_if_never_interrupted(make_store, tmp_path, workers):
    store, settings = make_store(), dataclasses.replace(BASE, epochs=8)
    whole = run(store, tmp_path / "whole", settings)
    draws = np.random.default_rng(workers)
    deaths = [(where, int(draws.integers(1, 4))) for where in ("step", "update", "save", "step", "save")]
    for death in deaths:
        assert in_child(_child, store, tmp_path, settings, workers, death) == -signal.SIGKILL, death
    assert in_child(_child, store, tmp_path, settings, workers, ("never", 0)) == 0
    encoder = build_encoder(TINY, seed=9)
    load_encoder(tmp_path / "encoder.safetensors", encoder)
    for name, tensor in whole.encoder.state_dict().items():
        assert torch.equal(tensor, encoder.state_dict()[name]), name
    pd.testing.assert_frame_equal(
        pd.read_parquet(tmp_path / "history.parquet"), whole.history, check_exact=True
    )
    assert int(whole.history["step"].iloc[-1]) == 24


def test_the_killing_really_happens_midway(make_store, tmp_path):
    assert in_child(_child, make_store(), tmp_path, BASE, 0, ("step", 5)) == -signal.SIGKILL
    assert [path.name[-12:] for path in sorted((tmp_path / "state").glob("*.pt"))] == [
        "000000002.pt",
        "000000004.pt",
    ]


def test_any_number_of_workers_gives_the_same(make_store, tmp_path):
    store = make_store()
    results = [run(store, tmp_path / str(workers), workers=workers) for workers in (0, 1, 2)]
    assert same(results[0], results[1])
    assert same(results[0], results[2])


def test_the_order_of_the_tables_rows_does_not_count(make_store, tmp_path):
    store = make_store()
    settings = dataclasses.replace(BASE, max_steps=2)
    mixed = videos_of(store).sample(frac=1, random_state=0)
    other = pretrain(store, mixed, TINY, settings, state_dir=tmp_path / "b", device="cpu", terminal=False)
    assert same(run(store, tmp_path / "a", settings), other)


def test_sigterm_saves_leaves_with_its_code_and_goes_on(make_store, tmp_path, monkeypatch):
    store, settings = make_store(), dataclasses.replace(BASE, checkpoint_every=1000)
    whole = run(store, tmp_path / "whole", settings)
    before, real = signal.getsignal(signal.SIGTERM), PretrainTrainer.step

    def told(self, batch, step):
        if step == 4:
            os.kill(os.getpid(), signal.SIGTERM)
        return real(self, batch, step)

    with monkeypatch.context() as patch:
        patch.setattr(PretrainTrainer, "step", told)
        with pytest.raises(Stopped) as stopped:
            run(store, tmp_path / "state", settings)
    assert (stopped.value.code, stopped.value.step) == (EXIT_STOPPED, 5)
    assert signal.getsignal(signal.SIGTERM) is before
    assert same(whole, run(store, tmp_path / "state", settings))


def test_a_resumed_run_keeps_the_number_of_threads_it_began_with(make_store, tmp_path, monkeypatch, caplog):
    """On a CPU the sums depend on it; more cores at the second start must not change the result."""
    store, real = make_store(), PretrainTrainer.step

    def told(self, batch, step):
        if step == 4:
            os.kill(os.getpid(), signal.SIGTERM)
        return real(self, batch, step)

    with monkeypatch.context() as patch:
        patch.setattr(PretrainTrainer, "step", told)
        with pytest.raises(Stopped):
            run(store, tmp_path / "state")
    torch.set_num_threads(2)
    try:
        with caplog.at_level(logging.WARNING):
            resumed = run(store, tmp_path / "state")
        assert torch.get_num_threads() == 1
    finally:
        torch.set_num_threads(1)
    assert "going on with 1 thread(s), as the run began, not 2" in caplog.text
    assert same(resumed, run(store, tmp_path / "whole"))


def test_the_log_tells_parts_chance_speed_memory_and_time_to_go(make_store, tmp_path, caplog):
    with caplog.at_level(logging.INFO):
        result = run(make_store(), tmp_path, dataclasses.replace(BASE, epochs=1))
    [line] = [text for text in caplog.messages if "step 3/3" in text]
    for part in ("contrastive loss", "order loss", "order accuracy", "alignment", "uniformity", "spread"):
        assert part in line
    assert "(chance 0.0417)" in line  # 1/4!
    assert "(chance 0.0909)" in line  # 1 of 11 others
    assert re.search(
        r"clips/s, \d+ % of the time waiting for data, at most .* GiB of memory and 0:00:00 left", line
    )
    assert result.run["chance"]["order_accuracy"] == pytest.approx(1 / 24)


def test_a_finished_run_is_not_trained_again(make_store, tmp_path, monkeypatch):
    store = make_store()
    first = run(store, tmp_path)
    monkeypatch.setattr(PretrainTrainer, "step", lambda *args: pytest.fail("trained again"))
    assert same(first, run(store, tmp_path))


def test_other_settings_do_not_resume_and_say_so(make_store, tmp_path, caplog):
    store = make_store()
    run(store, tmp_path)
    other = dataclasses.replace(BASE, temperature=0.1)
    with caplog.at_level(logging.WARNING):
        resumed = run(store, tmp_path, other)
    assert "other settings or data" in caplog.text
    assert same(resumed, run(store, tmp_path / "fresh", other))


OPTIONS = {
    "method mi_simclr": {"method": "mi_simclr"},
    "method simclr": {"method": "simclr"},
    "clip_length": {"clip_length": 3},
    "frame_stride": {"frame_stride": 2},
    "input_size": {"input_size": 8},
    "batch_size": {"batch_size": 4},
    "max_steps": {"max_steps": 1},
    "learning_rate": {"learning_rate": 1e-2},
    "optimizer": {"optimizer": "adamw", "weight_decay": 0.5},
    "weight_decay": {"weight_decay": 0.5},
    "schedule": {"schedule": "cosine"},
    "warmup_steps": {"warmup_steps": 2},
    "clip_grad": {"clip_grad": 0.01, "optimizer": "adamw", "weight_decay": 0.0},
    "temperature": {"temperature": 0.05},
    "order_weight": {"order_weight": 3.0},
    "order_copies": {"order_copies": 2},
    "order_input": {"order_input": "movement"},
    "mask_same_study": {"mask_same_study": True},
    "joint_forward": {"joint_forward": True},
    "micro_batch_size": {"micro_batch_size": 3},
    "epochs": {"epochs": 2, "max_steps": None},
    "augmentation": {"augmentation": AugmentationOptions(pad=0, flip_prob=0.0, rotation_prob=0.0)},
    "seed": {"seed": 1},
    "projector": {"projector": (8, 4)},
}


@pytest.fixture
def reference(make_store, tmp_path):
    store = make_store()
    return store, run(store, tmp_path / "reference", dataclasses.replace(BASE, max_steps=3, precision="fp32"))


@pytest.mark.parametrize("name", OPTIONS)
def test_every_option_changes_the_result(reference, tmp_path, name):
    store, plain = reference
    settings = dataclasses.replace(BASE, **({"max_steps": 3, "precision": "fp32"} | OPTIONS[name]))
    weights = [result.encoder.state_dict() for result in (plain, run(store, tmp_path / "option", settings))]
    assert any(not torch.equal(weights[0][key], weights[1][key]) for key in weights[0])


def test_simclr_options_change_the_result(make_store, tmp_path):
    store = make_store((3, 3, 3, 1, 1), frames=12)
    simclr = dataclasses.replace(BASE, method="simclr", max_steps=2, batch_size=4)
    runs = [
        run(store, tmp_path / str(number), dataclasses.replace(simclr, **options))
        for number, options in enumerate(({}, {"independent_windows": True}))
    ]
    assert not same_weights(*runs)
    pairs = dataclasses.replace(BASE, method="mi_simclr", batch_size=4)
    assert [
        plan(videos_of(store), dataclasses.replace(pairs, single_video_studies=choice)).items
        for choice in ("skip", "self")
    ] == [9, 11]


def same_weights(one, two):
    return all(torch.equal(one.encoder.state_dict()[k], v) for k, v in two.encoder.state_dict().items())


def test_simclr_takes_as_many_steps_as_the_pairs(make_store):
    videos = videos_of(make_store((6, 6, 6)))  # 18 videos, 45 pairs
    pairs = dataclasses.replace(BASE, epochs=30)
    single = dataclasses.replace(pairs, method="simclr")
    assert plan(videos, pairs).steps == plan(videos, single).steps == 30 * (45 // 6)
    assert plan(videos, single).epochs == 70
    assert plan(videos, dataclasses.replace(single, match_steps=False)).steps == 30 * (18 // 6)
    assert plan(videos, dataclasses.replace(single, max_steps=11)).steps == 11


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"batch_size": 19}, "18 pairs of videos of one study but pretrain.batch_size is 19"),
        (
            {"batch_size": 19, "method": "simclr", "match_steps": False},
            "18 videos but pretrain.batch_size is 19",
        ),
        ({"micro_batch_size": 4}, "micro_batch_size 4 must divide the 6 pairs"),
        ({"sync_bn": True}, "sync_bn needs GPUs"),
        ({"clip_length": 9}, r"clip_length\n.*less than or equal to 6"),
        ({"method": "moco"}, "method: 'moco' is no pretraining method; allowed are vicreg, simclr"),
        ({"learning_rate": 0.0}, r"learning_rate\n.*greater than 0"),
        ({"micro_batch_size": 3, "joint_forward": True}, "a micro-batch holds clips of one view"),
        ({"probe_every": 1}, "probe_every is 1 but there are no validation videos or no labels"),
        ({"frame_stride": 4}, "no video has the 13 frames"),
    ],
)
def test_impossible_runs_are_refused(make_store, tmp_path, options, told):
    with pytest.raises(ValueError, match=told):
        run(make_store(), tmp_path, dataclasses.replace(BASE, **options))


def test_unknown_videos_are_refused_by_their_pseudonym(make_store, tmp_path):
    store = make_store()
    videos = pd.concat([videos_of(store), pd.DataFrame({"video_id": ["v_new"], "study_id": ["s_00"]})])
    with pytest.raises(ValueError, match=r"1 of 19 videos are not in the clip store: \['v_new'\]"):
        pretrain(store, videos, TINY, BASE, state_dir=tmp_path, device="cpu", terminal=False)


def test_a_loss_that_is_no_number_names_the_videos_and_keeps_the_last_state(
    make_store, tmp_path, monkeypatch
):
    store = make_store()
    whole = run(store, tmp_path / "whole")

    def poisoned(optimizer, parameters, losses, **more):
        if more["step"] == 5:
            losses = losses | {"loss": losses["loss"] * float("nan")}
        return guarded_update(optimizer, parameters, losses, **more)

    with monkeypatch.context() as patch:
        patch.setattr("echoclr_core.pretrain.step.guarded_update", poisoned)
        with pytest.raises(NonFiniteError, match="the loss is nan at step 5"):
            run(store, tmp_path / "state")
    assert same(whole, run(store, tmp_path / "state"))


# The pieces of a step.


def batches_of(store, settings=BASE, **more):
    items = pretraining_items(videos_of(store)["study_id"], multi_instance=settings.multi_instance)
    return PairBatches(store, videos_of(store), items, settings, **more)


def test_an_epoch_sees_every_pair_once_and_drops_the_incomplete_batch(make_store):
    batches = batches_of(make_store((4, 4)), dataclasses.replace(BASE, batch_size=5))  # 12 pairs
    assert batches.steps_per_epoch == 2
    seen = [tuple(batch["video_ids"][n::5]) for batch in (batches[0], batches[1]) for n in range(5)]
    assert len(set(seen)) == 10
    assert all(one[:4] == two[:4] and one != two for one, two in seen)
    assert batches[2]["video_ids"] != batches[0]["video_ids"]


def test_ranks_share_a_batch(make_store):
    store = make_store()
    whole, parts = batches_of(store)[4], [batches_of(store, rank=rank, world_size=2)[4] for rank in (0, 1)]
    for name in ("clips", "draws", "orders", "whole"):
        assert np.array_equal(np.concatenate([part[name] for part in parts], axis=1), whole[name])
    assert np.array_equal(np.concatenate([part["studies"] for part in parts]), whole["studies"])


def test_clips_are_consecutive_frames_of_their_video_and_reach_the_last(make_store):
    store = make_store((6, 6), frames=6)
    batches, starts = batches_of(store), set()
    for step in range(20):
        batch = batches[step]
        for clip, video in zip(batch["clips"].reshape(-1, 4, 16, 16), batch["video_ids"], strict=True):
            frames = store.video(video)
            starts |= {start for start in range(3) if np.array_equal(frames[start : start + 4], clip)}
    assert starts == {0, 1, 2}


def test_simclr_views_share_their_window_unless_told_otherwise(make_store):
    store = make_store(frames=40)
    same_window = batches_of(store, dataclasses.replace(BASE, method="simclr"))[0]
    assert np.array_equal(*same_window["clips"])
    assert not np.array_equal(*same_window["draws"])
    assert same_window["video_ids"][:6] == same_window["video_ids"][6:]
    other = batches_of(store, dataclasses.replace(BASE, method="simclr", independent_windows=True))[0]
    assert not np.array_equal(*other["clips"])


def test_short_videos_loop_and_stay_out_of_the_order_loss(make_store):
    store = make_store((2, 2, 2), frames=[3, 8, 8, 8, 2, 3])
    batch = batches_of(store, dataclasses.replace(BASE, batch_size=3))[0]
    short = np.array([len(store.video(video)) < 4 for video in batch["video_ids"]])
    assert np.array_equal(batch["whole"].ravel(), ~short)
    assert short.any()
    tensors = {name: torch.as_tensor(batch[name]) for name in ("orders", "whole")}
    logits = torch.randn(6, 24, generator=torch.Generator().manual_seed(0)).requires_grad_()
    loss, hits = order_loss(logits, tensors)
    kept = torch.from_numpy(~short)
    slow = torch.nn.functional.cross_entropy(logits[kept], tensors["orders"].flatten()[kept])
    torch.testing.assert_close(loss, slow)
    assert int(hits) == int((logits[kept].argmax(1) == tensors["orders"].flatten()[kept]).sum())
    loss.backward()
    assert not logits.grad[~kept].any()
    nothing, _ = order_loss(logits, tensors | {"whole": torch.zeros(2, 3, dtype=torch.bool)})
    assert float(nothing.detach()) == 0


def test_shuffling_shows_frame_orders_of_the_class():
    clips = torch.arange(4.0).view(1, 4, 1, 1).expand(24, 4, 2, 2)
    shown = shuffle(clips, torch.from_numpy(frame_orders(4)))[:, :, 0, 0]
    assert np.array_equal(shown.numpy().astype(int), frame_orders(4))


@pytest.mark.parametrize("copies", [0, 3])
def test_what_the_passes_show(make_store, copies):
    settings = dataclasses.replace(
        BASE, order_copies=copies, augmentation=AugmentationOptions(pad=0, flip_prob=0, rotation_prob=0)
    )
    batch = tensors_of(batches_of(make_store(), settings)[0])
    orders = torch.from_numpy(frame_orders(4))
    shown = passes(batch, settings, orders)
    assert [len(part) for part in shown] == ([6, 6] if not copies else [6, 6, 18, 18])
    clip = batch["clips"][1, 2].float()
    clip = (clip - clip.min()) / (clip.max() - clip.min())
    if copies:
        torch.testing.assert_close(shown[1][2], clip)
        for copy in range(3):
            torch.testing.assert_close(shown[3][6 + copy], clip[orders[batch["orders"][1, 2, copy]]])
    else:
        torch.testing.assert_close(shown[1][2], clip[orders[batch["orders"][1, 2, 0]]])


@pytest.mark.parametrize("copies", [0, 2])
def test_a_micro_batch_of_the_whole_batch_is_the_plain_step(make_store, copies):
    settings = dataclasses.replace(BASE, order_copies=copies)
    batch = tensors_of(batches_of(make_store(), settings)[0])
    plain = trainer_for(settings)
    cached = trainer_for(dataclasses.replace(settings, micro_batch_size=6))
    plain.step(batch, 0), cached.step(batch, 0)
    for name, tensor in plain.model.state_dict().items():
        torch.testing.assert_close(tensor, cached.model.state_dict()[name], rtol=1e-5, atol=1e-6)


def _one_rank(rank, world, folder, store, settings, encoder, queue):
    torch.distributed.init_process_group(
        "gloo", init_method=f"file://{folder}/rendezvous", rank=rank, world_size=world
    )
    trainer = trainer_for(settings, dtype=torch.float64, encoder=encoder)
    values = trainer.step(tensors_of(batches_of(store, settings, rank=rank, world_size=world)[0]), 0)
    if rank == 0:
        gradients = {name: parameter.grad.numpy() for name, parameter in trainer.model.named_parameters()}
        buffers = {name: buffer.numpy() for name, buffer in trainer.model.named_buffers()}
        queue.put((values, gradients, buffers))
    torch.distributed.barrier()
    torch.distributed.destroy_process_group()


def in_processes(world, *args):
    """What rank 0 of ``world`` processes has after one step: values, gradients, buffers."""
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    ranks = [context.Process(target=_one_rank, args=(rank, world, *args, queue)) for rank in range(world)]
    for process in ranks:
        process.start()
    result = queue.get(timeout=60)
    for process in ranks:
        process.join(60)
    return result


def assert_same_step(trainer, ours, result):
    values, gradients, buffers = result
    assert values.keys() == ours.keys()
    for name, (total, count) in ours.items():
        tolerance = 1e-6 if name == "spread" else 1e-10  # the spread is a meter, in float32
        assert values[name][0] / values[name][1] == pytest.approx(total / count, rel=tolerance), name
    for name, parameter in trainer.model.named_parameters():
        error = (parameter.grad - torch.from_numpy(gradients[name])).norm() / parameter.grad.norm()
        assert error < 1e-10, name
    for name, buffer in trainer.model.named_buffers():
        torch.testing.assert_close(buffer, torch.from_numpy(buffers[name]), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(
    "options", [{}, {"order_copies": 2, "mask_same_study": True}, {"method": "vicreg"}], ids=str
)
def test_a_step_in_micro_batches_equals_two_processes_with_batch_norm(make_store, tmp_path, options):
    """The paper's two GPUs: batch norm over each one's clips of one view, negatives over all."""
    store, settings = make_store(), dataclasses.replace(BASE, **options)
    result = in_processes(2, tmp_path, store, settings, TINY)
    in_parts = dataclasses.replace(settings, micro_batch_size=3)
    trainer = trainer_for(in_parts, dtype=torch.float64)
    assert_same_step(trainer, trainer.step(tensors_of(batches_of(store, in_parts)[0]), 0), result)


@pytest.mark.parametrize(("world", "method"), [(2, "echoclr"), (3, "echoclr"), (2, "vicreg")])
def test_processes_have_the_gradient_of_one_without_batch_norm(
    make_store, tmp_path, tiny_transformer, world, method
):
    """NT-Xent and frame order, with short clips that have none on one rank more than on the other; VICReg."""
    encoder = EncoderSettings(name=tiny_transformer, width=8, blocks=(1,))
    store = make_store((3,) * 6, frames=[3, 8, 8, 8, 8, 8, 8, 8, 3, 8, 8, 8, 8, 8, 8, 3, 8, 8])
    settings = dataclasses.replace(BASE, method=method)
    result = in_processes(world, tmp_path, store, settings, encoder)
    trainer = trainer_for(settings, dtype=torch.float64, encoder=encoder)
    assert_same_step(trainer, trainer.step(tensors_of(batches_of(store, settings)[0]), 0), result)


@pytest.mark.parametrize("method", ["echoclr", "vicreg"])
def test_micro_batches_are_exact_without_batch_norm(make_store, tiny_transformer, method):
    encoder = EncoderSettings(name=tiny_transformer, width=8, blocks=(1,))
    batch = tensors_of(batches_of(make_store())[0])
    steps = []
    for size in (None, 2):
        trainer = trainer_for(
            dataclasses.replace(BASE, method=method, micro_batch_size=size),
            dtype=torch.float64,
            encoder=encoder,
        )
        trainer.step(batch, 0)
        steps.append([parameter.grad for parameter in trainer.model.parameters()])
    for one, two in zip(*steps, strict=True):
        torch.testing.assert_close(one, two, rtol=0, atol=1e-10)


@pytest.mark.parametrize("precision", ["fp32", "auto"])
def test_activation_checkpointing_gives_the_same_run(make_store, tmp_path, precision):
    """Bit by bit, so that a run may be resumed with it after running out of memory without it."""
    store, plain = make_store(), dataclasses.replace(BASE, max_steps=3, precision=precision)
    saving = dataclasses.replace(plain, activation_checkpointing=True)
    results = [run(store, tmp_path / str(n), settings) for n, settings in enumerate((plain, saving))]
    assert same(*results)
    assert results[0].run["fingerprint"] == results[1].run["fingerprint"]


def test_activation_checkpointing_of_an_encoder_that_cannot_is_refused(make_store, tmp_path, monkeypatch):
    monkeypatch.setattr("echoclr_core.models.encoders.resnet3d.ResNet3D.can_recompute", False)
    with pytest.raises(ValueError, match=r"encoder 'r3d' does not run its parts through Encoder\.segment"):
        run(make_store(), tmp_path, dataclasses.replace(BASE, activation_checkpointing=True))


@pytest.mark.parametrize(
    ("settings", "share", "batch_norm", "level", "told"),
    [
        ({"micro_batch_size": 196}, 392, True, logging.INFO, "as on each of the paper's GPUs"),
        (
            {"micro_batch_size": 98},
            392,
            True,
            logging.WARNING,
            "98 changes the method: .* sees 98 clips .* not 392",
        ),
        ({"micro_batch_size": 98}, 392, False, logging.INFO, "exact, since the encoder has no batch norm"),
    ],
)
def test_what_batch_norm_sees_is_logged(settings, share, batch_norm, level, told):
    [(found, text)] = batch_norm_notes(PretrainSettings(**settings), share, batch_norm=batch_norm)
    assert found == level
    assert re.search(told, text)


def test_one_micro_batch_for_all_pairs_needs_no_note():
    assert batch_norm_notes(PretrainSettings(), 196, batch_norm=True) == []
    assert batch_norm_notes(PretrainSettings(micro_batch_size=196), 196, batch_norm=True) == []


def test_another_micro_batch_size_is_a_warning_in_the_log(make_store, tmp_path, caplog):
    with caplog.at_level(logging.WARNING):
        run(make_store(), tmp_path, dataclasses.replace(BASE, micro_batch_size=3, max_steps=1))
    assert (
        "pretrain.micro_batch_size 3 changes the method: batch norm sees 3 clips of one view, not 6"
        in caplog.text
    )


def test_a_batch_that_cannot_be_shared_evenly_is_refused(make_store):
    videos = videos_of(make_store())
    with pytest.raises(ValueError, match="batch_size 6 pairs cannot be shared by 4 processes"):
        plan(videos, BASE, world_size=4)
    assert plan(videos, BASE, world_size=3).steps_per_epoch == 3


def test_a_checkpoint_of_other_code_is_not_resumed_and_the_log_says_so(make_store, tmp_path, caplog):
    store = make_store()
    settings = dataclasses.replace(BASE, max_steps=2)
    run(store, tmp_path, settings, code="one")
    with caplog.at_level(logging.WARNING):
        assert run(store, tmp_path, settings, code="two").run["code"] == "two"
    assert "of other settings or data or code" in caplog.text


def test_a_release_of_the_same_code_resumes(make_store, tmp_path, monkeypatch):
    """The version alone decides no number; what was finished is not trained again."""
    store = make_store()
    first = run(store, tmp_path)
    monkeypatch.setattr("echoclr_core.pretrain.run.__version__", "99.0")
    monkeypatch.setattr(PretrainTrainer, "step", lambda *_: pytest.fail("trained again"))
    again = run(store, tmp_path)
    assert (again.run["version"], again.run["fingerprint"]) == ("99.0", first.run["fingerprint"])
    assert same(first, again)


def _one_run(rank, port, folder, store, settings):
    os.environ |= {"RANK": str(rank), "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    result = run(store, folder / "state", settings, validation=videos_of(store))
    if result.run["rank"] == 0:
        result.history.to_parquet(folder / "history.parquet")
        (folder / "run.json").write_text(json.dumps(result.run))


def test_a_whole_run_of_two_processes(make_store, tmp_path):
    store, context = make_store(), multiprocessing.get_context("fork")
    settings = dataclasses.replace(BASE, precision="fp32", epochs=1)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    ranks = [
        context.Process(target=_one_run, args=(rank, port, tmp_path, store, settings)) for rank in (0, 1)
    ]
    for process in ranks:
        process.start()
    for process in ranks:
        process.join(120)
    assert [process.exitcode for process in ranks] == [0, 0]
    one = run(store, tmp_path / "one", dataclasses.replace(settings, micro_batch_size=3))
    two = pd.read_parquet(tmp_path / "history.parquet")
    for name in ("loss", "contrastive_loss", "order_loss", "gradient_norm", "contrastive_accuracy", "spread"):
        assert two[name].tolist() == pytest.approx(one.history[name].tolist(), rel=2e-2), name
    record = json.loads((tmp_path / "run.json").read_text())
    assert record["processes"] == 2
    assert record["validation_batch"] == 6
    assert len(list((tmp_path / "state").glob("*.pt"))) == 2


def test_losses_are_the_sum_of_their_parts(make_store):
    settings = dataclasses.replace(BASE, order_weight=2.5)
    trainer, batch = trainer_for(settings), tensors_of(batches_of(make_store())[0])
    clips = passes(batch, settings, trainer.permutations)
    result = objective(trainer.model, [trainer.encode(part) for part in clips], batch, settings)
    torch.testing.assert_close(result.total(2.5), result.pairs.total + 2.5 * result.order)


def test_learning_rate_warms_up_and_falls_as_a_cosine():
    settings = PretrainSettings(learning_rate=0.4, warmup_steps=4, schedule="cosine")
    rates = [learning_rate_at(step, 20, settings) for step in range(20)]
    assert rates[:4] == pytest.approx([0.1, 0.2, 0.3, 0.4])
    assert rates[4] == pytest.approx(0.4)
    assert rates[12] == pytest.approx(0.2)
    assert all(later < earlier for earlier, later in itertools.pairwise(rates[4:]))
    assert [learning_rate_at(step, 20, PretrainSettings()) for step in (0, 19)] == [0.1, 0.1]


def test_the_defaults_are_the_papers():
    settings = PretrainSettings()
    assert (settings.method, settings.clip_length, settings.batch_size, settings.epochs) == (
        "echoclr",
        4,
        392,
        300,
    )
    assert (settings.learning_rate, settings.optimizer, settings.temperature) == (0.1, "adam", 0.5)
    assert (settings.weight_decay, settings.order_weight, settings.order_copies) == (0, 1, 0)
    assert settings.projector == (256, 128)


def test_held_out_accuracies_are_reported_with_their_chance(make_store, tmp_path):
    store = make_store((3,) * 8)
    videos = videos_of(store)
    more = {"state_dir": tmp_path, "device": "cpu", "terminal": False}
    result = pretrain(store, videos[:12], TINY, BASE, validation=videos[12:], **more)
    assert result.run["validation_batch"] == 4
    assert result.run["validation_pairs"] == 512
    assert result.run["validation_contrastive_chance"] == pytest.approx(1 / 7)
    assert result.run["validation_order_chance"] == pytest.approx(1 / 24)
    assert 0 <= result.run["validation_contrastive_accuracy"] <= 1
    assert 0 <= result.run["validation_order_accuracy"] <= 1


def test_a_held_out_batch_has_one_pair_of_each_study():
    studies = np.array(["a"] * 6 + ["b"] + ["c"] * 3)
    batches = list(one_pair_a_study(studies, 2, seed=0))
    assert len(batches) == 256
    assert all(len(set(studies[batch])) == 2 for batch in batches)
    assert set(np.concatenate(batches)) == set(range(10))


def labels_of(videos, **tasks):
    return pd.DataFrame({"study_id": sorted(set(videos["study_id"])), **tasks})


def test_the_probe_reads_labels_every_so_many_epochs_and_changes_nothing_else(make_store, tmp_path):
    store = make_store((3,) * 12)
    videos = videos_of(store)
    labels = labels_of(videos, severe_as=[True, False] * 6, lvh=[None] * 6 + [True] * 6)
    probed = dataclasses.replace(BASE, epochs=5, probe_every=2, history_every=3)
    more = {"device": "cpu", "terminal": False, "validation": videos[18:]}
    result = pretrain(store, videos[:18], TINY, probed, state_dir=tmp_path / "a", labels=labels, **more)
    looked = result.history[result.history["probe_severe_as"].notna()]
    assert looked["step"].tolist() == [6, 12, 15]
    assert looked["probe_severe_as"].between(0, 1).all()
    assert result.history["probe_lvh"].isna().all()  # no training label
    plain = dataclasses.replace(probed, probe_every=None)
    other = pretrain(store, videos[:18], TINY, plain, state_dir=tmp_path / "b", **more)
    assert same_weights(result, other)
    relabelled = labels.assign(severe_as=~labels["severe_as"], lvh=[True, False] * 3 + [True] * 6)
    again = pretrain(store, videos[:18], TINY, probed, state_dir=tmp_path / "a", labels=relabelled, **more)
    assert again.run["fingerprint"] != result.run["fingerprint"]
    assert again.history["probe_lvh"].isna().all()  # no validation study without it


def test_neighbours_vote_by_their_closeness():
    known = torch.tensor([[1.0, 0.0], [0.9, 0.1], [0.0, 1.0]])
    scores = knn_scores(known, torch.tensor([1, 1, 0]), torch.tensor([[2.0, 0.0], [0.0, 0.5]]), 2)
    assert scores[0] == 1
    assert scores[1] < 0.01
    assert float(knn_scores(known, torch.tensor([1, 1, 0]), known[:1] * 3, 20)[0]) > 0.99


def test_labels_that_do_not_fit_the_probe_are_refused(make_store, tmp_path):
    store = make_store((3,) * 8)
    videos, settings = videos_of(store), dataclasses.replace(BASE, probe_every=1)
    for labels, told in (
        (labels_of(videos), "need study_id and at least one column of a task"),
        (labels_of(videos, lvh=[True] * 8)[:4], "no validation study has a row"),
    ):
        with pytest.raises(ValueError, match=told):
            pretrain(
                store,
                videos[:12],
                TINY,
                settings,
                state_dir=tmp_path,
                validation=videos[12:],
                labels=labels,
                device="cpu",
                terminal=False,
            )


def test_event_files_hold_the_history_once_however_often_it_was_resumed(make_store, tmp_path, monkeypatch):
    event_pb2 = pytest.importorskip("tensorboardX.proto.event_pb2")
    from tensorboardX.event_file_writer import EventFileWriter  # noqa: F401 (the reader below is its mirror)

    store = make_store()
    real = PretrainTrainer.step

    def told(self, batch, step):
        if step == 7:
            os.kill(os.getpid(), signal.SIGTERM)
        return real(self, batch, step)

    with monkeypatch.context() as patch:
        patch.setattr(PretrainTrainer, "step", told)
        with pytest.raises(Stopped):
            run(store, tmp_path / "state", events=tmp_path / "events")
    result = run(store, tmp_path / "state", events=tmp_path / "events")
    [file] = (tmp_path / "events").iterdir()
    data, place, seen = file.read_bytes(), 0, []
    while place < len(data):  # a record: length (8), checksum (4), content, checksum (4)
        length = int.from_bytes(data[place : place + 8], "little")
        event = event_pb2.Event.FromString(data[place + 12 : place + 12 + length])
        seen += [(event.step, value.simple_value) for value in event.summary.value if value.tag == "loss"]
        place += length + 16
    assert [step for step, _ in seen] == result.history["step"].tolist()
    assert [value for _, value in seen] == pytest.approx(result.history["loss"].tolist(), rel=1e-6)


def test_event_files_without_their_package_are_refused_clearly(make_store, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    with pytest.raises(ModuleNotFoundError, match="pip install tensorboardX"):
        run(make_store(), tmp_path, events=tmp_path / "events")


def test_a_specification_runs_from_files_to_files(make_store, tmp_path):
    store = make_store()
    videos = videos_of(store).assign(set=["train"] * 12 + ["val"] * 6)
    videos.to_parquet(tmp_path / "videos.parquet")
    settings = PretrainSettings(
        batch_size=5, epochs=1, learning_rate=1e-3, augmentation=AugmentationOptions(pad=2)
    )
    spec = specification(tmp_path, settings, "out") | {"code": "c0de", "metadata": {"cohort": "c1"}}
    output = spec["output"]
    run_spec(spec)
    header = load_encoder(output["encoder"], build_encoder(TINY, seed=0))
    record = json.loads(Path(output["run"]).read_text())
    assert (header["method"], header["cohort"]) == ("echoclr", "c1")
    for name in ("version", "settings_digest", "data_digest", "fingerprint", "code"):
        assert header[name] == record[name], name
    assert record["steps"] == 2
    assert record["validation_batch"] == 2
    assert len(pd.read_parquet(output["history"])) == 1
    with pytest.raises(ValueError, match=r"missing \['output'\], unknown \['ouput'\]"):
        run_spec({("ouput" if name == "output" else name): value for name, value in spec.items()})
