"""What a step minimises is the loss of the paper itself, not a multiple of it: held against slow versions."""

import dataclasses
import itertools
import math

import numpy as np
import pytest
import torch

from echoclr_core.finetune.batches import ClipBatches
from echoclr_core.finetune.scoring import score_clips
from echoclr_core.finetune.settings import FinetuneSettings
from echoclr_core.finetune.step import FinetuneTrainer
from echoclr_core.models.encoder import EncoderSettings, build_encoder
from echoclr_core.models.heads import Classifier
from echoclr_core.options.augmentation import AugmentationOptions
from echoclr_core.pretrain.batches import PairBatches
from echoclr_core.pretrain.pairs import pretraining_items
from echoclr_core.pretrain.settings import PretrainSettings
from echoclr_core.pretrain.step import PretrainTrainer, initial_model
from echoclr_core.pretrain.views import passes
from echoclr_core.training.compute import choose_compute

TINY = EncoderSettings(name="r3d", width=4, blocks=(1, 1))
COMPUTE = choose_compute(torch.device("cpu"), "fp32")
PRETRAIN = PretrainSettings(batch_size=6, augmentation=AugmentationOptions(pad=2), projector=(8, 8))
FINETUNE = FinetuneSettings(
    learning_rate=1e-4, clip_length=4, batch_size=5, augmentation=AugmentationOptions(pad=2)
)


def tensors(batch):
    return {k: v if k == "video_ids" else torch.as_tensor(v) for k, v in batch.items()}


def slow_nt_xent(z_i, z_j, temperature):
    """Equation 1 of the paper, one anchor after the other."""
    z = np.concatenate([z_i, z_j])
    z = z / np.linalg.norm(z, axis=1, keepdims=True)
    n = len(z_i)
    losses = []
    for anchor in range(2 * n):
        scores = np.exp(z @ z[anchor] / temperature)
        partner = (anchor + n) % (2 * n)
        losses.append(-math.log(scores[partner] / (scores.sum() - scores[anchor])))
    return np.mean(losses)


def slow_order_loss(logits, orders, length):
    classes = list(itertools.permutations(range(length)))
    assert logits.shape[1] == len(classes)
    exp = np.exp(logits - logits.max(1, keepdims=True))
    return np.mean(-np.log((exp / exp.sum(1, keepdims=True))[np.arange(len(orders)), orders]))


@pytest.mark.parametrize("change", [{}, {"order_weight": 2.5}, {"temperature": 0.1}, {"method": "mi_simclr"}])
def test_a_pretraining_step_minimises_nt_xent_and_the_order_loss(make_store, change):
    settings, store = dataclasses.replace(PRETRAIN, **change), make_store()
    videos = store.index[["video_id", "study_id"]]
    items = pretraining_items(videos["study_id"], multi_instance=True)
    batch = tensors(PairBatches(store, videos, items, settings)[0])
    trainer = PretrainTrainer(
        initial_model(build_encoder(TINY, seed=0), settings), settings, COMPUTE, steps=9, epoch_steps=9
    )
    before = [parameter.detach().clone() for parameter in trainer.parameters]
    clips = passes(batch, settings, trainer.permutations)
    features = [trainer.encode(part) for part in clips]
    z_i, z_j = (trainer.model.projector(part).detach().double().numpy() for part in features)
    contrastive = slow_nt_xent(z_i, z_j, settings.temperature)
    expected = contrastive
    if settings.frame_order:
        logits = trainer.model.order_head(torch.cat(features)).detach().double().numpy()
        order = slow_order_loss(logits, batch["orders"].flatten().numpy(), settings.clip_length)
        expected = contrastive + settings.order_weight * order
    values = trainer.step(batch, 0)
    assert values["contrastive_loss"][0] == pytest.approx(contrastive, rel=1e-5)
    assert values["loss"][0] == pytest.approx(expected, rel=1e-5)
    # The gradient is that of this very number: a difference quotient along it.
    gradients = [parameter.grad.clone() for parameter in trainer.parameters]
    norm = math.sqrt(sum(float((gradient**2).sum()) for gradient in gradients))
    assert values["gradient_norm"][0] == pytest.approx(norm, rel=1e-4)
    change_along = loss_along(trainer, before, gradients, norm, batch)
    assert change_along == pytest.approx(norm, rel=0.02)


def loss_along(trainer, before, gradients, norm, batch, reach=2e-3):
    """Difference quotient of the loss along the unit gradient, around ``before``."""
    losses = []
    for sign in (1, -1):
        with torch.no_grad():
            for parameter, start, gradient in zip(trainer.parameters, before, gradients, strict=True):
                parameter.copy_(start + sign * reach * gradient / norm)
        losses.append(trainer.step(batch, 0)["loss"][0])
    return (losses[0] - losses[1]) / (2 * reach)


@pytest.mark.parametrize("weight", [1.0, 3.0])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_a_finetuning_step_minimises_binary_cross_entropy(make_store, weight, smoothing):
    settings, store = dataclasses.replace(FINETUNE, label_smoothing=smoothing), make_store()
    videos = store.index[["video_id", "study_id"]].assign(label=[0, 1] * 9)
    trainer = FinetuneTrainer(
        Classifier(build_encoder(TINY, seed=0)),
        settings,
        COMPUTE,
        store,
        videos,
        positive_weight=weight,
        steps_per_epoch=4,
    )
    batch = tensors(ClipBatches(store, videos, settings)[0])
    trainer.model.train()
    logits = score_clips(trainer.model, batch["clips"], batch["draws"], settings, COMPUTE)
    probability = 1 / (1 + np.exp(-logits.detach().double().numpy()))
    target = batch["labels"].numpy().astype(float) * (1 - smoothing) + smoothing / 2
    losses = -weight * target * np.log(probability) - (1 - target) * np.log(1 - probability)
    before = [parameter.detach().clone() for parameter in trainer.parameters]
    values = trainer.step(batch, 0)
    total, count = values["loss"]
    assert count == len(target)
    assert total / count == pytest.approx(losses.mean(), rel=1e-5)
    gradients = [parameter.grad.clone() for parameter in trainer.parameters]
    norm = math.sqrt(sum(float((gradient**2).sum()) for gradient in gradients))
    assert values["gradient_norm"][0] == pytest.approx(norm, rel=1e-4)
    along = loss_along(trainer, before, gradients, norm, batch)
    assert along / count == pytest.approx(norm, rel=0.02)


@pytest.mark.parametrize("room", ["pretrain", "finetune"])
def test_the_optimizer_is_the_one_that_was_asked_for(make_store, room):
    """Adam adds weight decay to the gradient, AdamW takes it off the weights."""
    for name in ("adam", "adamw"):
        settings = dataclasses.replace(
            PRETRAIN if room == "pretrain" else FINETUNE, optimizer=name, weight_decay=0.5, learning_rate=0.1
        )
        if room == "pretrain":
            trainer = PretrainTrainer(
                initial_model(build_encoder(TINY, seed=0), settings),
                settings,
                COMPUTE,
                steps=9,
                epoch_steps=9,
            )
        else:
            store = make_store((2,))
            videos = store.index[["video_id", "study_id"]].assign(label=[0, 1])
            trainer = FinetuneTrainer(
                Classifier(build_encoder(TINY, seed=0)),
                settings,
                COMPUTE,
                store,
                videos,
                positive_weight=1.0,
                steps_per_epoch=1,
            )
        group = trainer.optimizer.param_groups[0]
        assert (group["weight_decay"], type(trainer.optimizer).__name__.lower()) == (0.5, name)
