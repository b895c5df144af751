"""``order_input: movement``: the order in a pass of its own, on shuffled copies less their temporal mean."""

import copy
import dataclasses
from functools import partial

import pandas as pd
import pytest
import small_pretraining
import torch
import torch.nn.functional as F
from small_pretraining import TINY, first_batch, videos_of

from echoclr_core.options.augmentation import AugmentationOptions
from echoclr_core.pretrain.contrastive import nt_xent
from echoclr_core.pretrain.frame_order import frame_orders
from echoclr_core.pretrain.run import pretrain
from echoclr_core.pretrain.settings import PretrainSettings
from echoclr_core.pretrain.step import PretrainTrainer
from echoclr_core.pretrain.validate import held_out_accuracy
from echoclr_core.pretrain.views import passes, temporal_movement
from echoclr_core.training.stopping import Stopped

MOVEMENT = PretrainSettings(
    order_input="movement",
    batch_size=6,
    max_steps=6,
    learning_rate=1e-3,
    precision="fp32",
    augmentation=AugmentationOptions(pad=2),
    projector=(8, 8),
)
ORDERS = torch.from_numpy(frame_orders(4))
trainer_for = partial(small_pretraining.trainer_for, dtype=torch.float64)


def buffers_of(trainer):
    return {name: buffer.clone() for name, buffer in trainer.model.named_buffers()}


@pytest.mark.parametrize("copies", [0, 3])
def test_the_passes_are_ordered_views_and_shuffled_movement(make_store, copies):
    settings = dataclasses.replace(
        MOVEMENT, order_copies=copies, augmentation=AugmentationOptions(pad=0, flip_prob=0, rotation_prob=0)
    )
    batch = first_batch(make_store(), settings)
    count = max(copies, 1)
    shown = passes(batch, settings, ORDERS)
    assert [len(part) for part in shown] == [6, 6, 6 * count]
    clip = batch["clips"][0, 2].double()
    clip = (clip - clip.min()) / (clip.max() - clip.min())
    torch.testing.assert_close(shown[0][2].double(), clip)
    for number in range(count):
        moving = shown[2][2 * count + number].double()
        shuffled = clip[ORDERS[batch["orders"][0, 2, number]]]
        left = shuffled - shuffled.mean(0)
        torch.testing.assert_close(moving, left * (clip.std() / left.std()), rtol=1e-4, atol=1e-5)


def test_movement_has_no_mean_over_time_and_keeps_the_contrast():
    clips = torch.rand(5, 4, 8, 8, dtype=torch.float64)
    moving = temporal_movement(clips)
    torch.testing.assert_close(moving.mean(1), torch.zeros(5, 8, 8, dtype=torch.float64), rtol=0, atol=1e-12)
    torch.testing.assert_close(moving.std((1, 2, 3)), clips.std((1, 2, 3)))
    still = clips[:, :1].expand(-1, 4, -1, -1)
    assert temporal_movement(still).abs().max() < 1e-9


def test_the_gradient_is_the_sum_of_two_separate_passes(make_store):
    settings = dataclasses.replace(MOVEMENT, order_weight=0.7)
    batch = first_batch(make_store(), settings)
    trainer = trainer_for(settings)
    contrast, order = copy.deepcopy(trainer.model), copy.deepcopy(trainer.model)
    trainer.optimizer.param_groups[0]["lr"] = 0.0
    trainer.step(batch, 0)

    first, second, moving = passes(batch, settings, ORDERS)
    plain = trainer_for(dataclasses.replace(settings, order_input="clip"))
    plain.model.load_state_dict(contrast.state_dict())
    z = [plain.model.projector(plain.encode(part)) for part in (first, second)]
    nt_xent(*z, settings.temperature).backward()
    separate = trainer_for(dataclasses.replace(settings, order_input="clip"))
    separate.model.load_state_dict(order.state_dict())
    logits = separate.model.order_head(separate.encode(moving))
    whole = batch["whole"][0]
    (0.7 * F.cross_entropy(logits[whole], batch["orders"][0, :, 0][whole])).backward()
    gradients = [dict(model.named_parameters()) for model in (trainer.model, plain.model, separate.model)]
    for name, parameter in gradients[0].items():
        parts = [model[name].grad for model in gradients[1:]]
        total = sum(torch.zeros_like(parameter) if part is None else part for part in parts)
        torch.testing.assert_close(parameter.grad, total, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("micro_batch_size", [None, 3])
def test_the_order_pass_leaves_running_statistics_alone(make_store, micro_batch_size):
    """They are those of MI-SimCLR after one step on the same clips."""
    settings = dataclasses.replace(MOVEMENT, micro_batch_size=micro_batch_size)
    batch = first_batch(make_store(), settings)
    echoclr = trainer_for(settings)
    mi_simclr = trainer_for(dataclasses.replace(settings, method="mi_simclr"))
    before = buffers_of(echoclr)
    echoclr.step(batch, 0), mi_simclr.step(batch, 0)
    assert any(not torch.equal(before[name], buffer) for name, buffer in buffers_of(echoclr).items())
    for name, buffer in buffers_of(mi_simclr).items():
        torch.testing.assert_close(buffers_of(echoclr)[name], buffer, rtol=1e-12, atol=0)


@pytest.mark.parametrize("option", [{"micro_batch_size": 6}, {"activation_checkpointing": True}], ids=str)
@pytest.mark.parametrize("copies", [0, 2])
def test_options_of_memory_do_not_change_the_step(make_store, option, copies):
    settings = dataclasses.replace(MOVEMENT, order_copies=copies)
    batch = first_batch(make_store(), settings)
    one, other = trainer_for(settings), trainer_for(dataclasses.replace(settings, **option))
    one.step(batch, 0), other.step(batch, 0)
    for name, tensor in one.model.state_dict().items():
        torch.testing.assert_close(tensor, other.model.state_dict()[name], rtol=1e-9, atol=1e-12)


def test_joint_forward_keeps_the_order_pass_apart(make_store):
    settings = dataclasses.replace(MOVEMENT, joint_forward=True)
    batch = first_batch(make_store(), settings)
    assert [len(part) for part in passes(batch, settings, ORDERS)] == [12, 6]
    values = trainer_for(settings).step(batch, 0)
    assert values["order_accuracy"][1] == 6
    assert values["contrastive_accuracy"][1] == 12


def test_the_held_out_order_is_judged_by_batch_statistics(make_store):
    """Running statistics of another kind of clip change the partner found, not the order."""
    store = make_store((3,) * 8, frames=12)
    trainer = trainer_for(MOVEMENT)

    first = held_out_accuracy(trainer, store, videos_of(store), MOVEMENT)
    for name, buffer in trainer.model.named_buffers():
        if name.endswith("running_mean"):
            buffer += 3.0
    before = buffers_of(trainer)
    shifted = held_out_accuracy(trainer, store, videos_of(store), MOVEMENT)
    assert first["validation_order_accuracy"] == shifted["validation_order_accuracy"]
    assert first["validation_contrastive_accuracy"] != shifted["validation_contrastive_accuracy"]
    assert all(torch.equal(before[name], buffer) for name, buffer in buffers_of(trainer).items())
    assert trainer.model.training
    assert trainer.model.encoder.training


def test_a_resumed_run_is_the_uninterrupted_one(make_store, tmp_path, monkeypatch):
    store = make_store()
    settings = dataclasses.replace(MOVEMENT, checkpoint_every=2)

    def run(folder):
        return pretrain(
            store, videos_of(store), TINY, settings, state_dir=folder, device="cpu", terminal=False
        )

    whole = run(tmp_path / "whole")
    step, calls = PretrainTrainer.step, []

    def stopped_after_four(self, batch, number):
        if number == 4 and not calls:
            calls.append(number)
            raise Stopped("planned by the test")
        return step(self, batch, number)

    monkeypatch.setattr(PretrainTrainer, "step", stopped_after_four)
    with pytest.raises(Stopped):
        run(tmp_path / "parts")
    parts = run(tmp_path / "parts")
    assert calls == [4]
    pd.testing.assert_frame_equal(whole.history, parts.history, check_exact=True)
    for name, tensor in whole.encoder.state_dict().items():
        assert torch.equal(tensor, parts.encoder.state_dict()[name]), name


def test_methods_without_frame_order_ignore_it():
    settings = dataclasses.replace(MOVEMENT, method="mi_simclr")
    assert not settings.movement
    assert settings.shuffled_copies == 0


def test_an_unknown_input_is_refused():
    with pytest.raises(ValueError, match="order_input"):
        PretrainSettings(order_input="speed")
