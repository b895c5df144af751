"""Validation by statistics of the weights as they are, not as they were."""

import dataclasses
import os
import signal

import pandas as pd
import pytest
import torch
from torch import nn

from echoclr_core.finetune.run import finetune
from echoclr_core.finetune.settings import FinetuneSettings
from echoclr_core.finetune.step import FinetuneTrainer
from echoclr_core.models.encoder import EncoderSettings
from echoclr_core.options.augmentation import AugmentationOptions
from echoclr_core.training.batch_norm import refresh_statistics
from echoclr_core.training.stopping import Stopped

TINY = EncoderSettings(name="r3d", width=4, blocks=(1, 1))
BASE = FinetuneSettings(
    clip_length=4,
    batch_size=5,
    max_epochs=3,
    learning_rate=1e-2,
    precision="fp32",
    eval_clips_per_video=2,
    augmentation=AugmentationOptions(pad=2),
)


def run(store, state_dir, settings):
    videos = store.index[["video_id", "study_id"]].assign(
        label=lambda t: t["study_id"].str[-1].astype(int) % 2
    )
    held_out = videos["study_id"].isin(["s_04", "s_05"])
    return finetune(
        store,
        videos[~held_out],
        videos[held_out],
        TINY,
        None,
        settings,
        state_dir=state_dir,
        device="cpu",
        terminal=False,
    )


def test_statistics_are_the_mean_over_the_batches():
    draws = torch.Generator().manual_seed(0)
    module = nn.Sequential(nn.Conv3d(2, 3, 1), nn.BatchNorm3d(3)).eval()
    module[1].running_mean.fill_(99)
    batches = [torch.randn(4, 2, 2, 3, 3, generator=draws) for _ in range(5)]
    refresh_statistics(module, module, batches)
    maps = [module[0](batch) for batch in batches]
    means = torch.stack([one.mean((0, 2, 3, 4)) for one in maps]).mean(0)
    variances = torch.stack([one.var((0, 2, 3, 4), correction=1) for one in maps]).mean(0)
    torch.testing.assert_close(module[1].running_mean, means)
    torch.testing.assert_close(module[1].running_var, variances)
    assert module[1].momentum == 0.1
    assert not module.training
    assert not module[1].training


def test_a_network_without_batch_norm_is_left_alone():
    refresh_statistics(nn.Conv3d(1, 1, 1), lambda batch: pytest.fail("nothing to do"), [torch.zeros(1)])


def test_it_mends_the_validation_loss_of_a_high_learning_rate(make_store, tmp_path):
    """At rate 0.1 the statistics describe maps that no longer exist."""
    store, fast = make_store(), dataclasses.replace(BASE, learning_rate=0.1, max_epochs=2, patience=2)
    stale = run(store, tmp_path / "a", fast).history["validation_loss"]
    fresh = run(store, tmp_path / "b", dataclasses.replace(fast, refresh_batch_norm=8)).history[
        "validation_loss"
    ]
    assert fresh.iloc[0] < stale.iloc[0]


def test_training_itself_does_not_change(make_store, tmp_path):
    store = make_store()
    plain, refreshed = (
        run(store, tmp_path / str(count), dataclasses.replace(BASE, refresh_batch_norm=count)).history
        for count in (0, 3)
    )
    pd.testing.assert_series_equal(plain["loss"], refreshed["loss"], check_exact=True)
    assert not plain["validation_loss"].equals(refreshed["validation_loss"])


def test_stopped_in_validation_it_ends_as_if_it_had_not_been(make_store, tmp_path, monkeypatch):
    store, settings = make_store(), dataclasses.replace(BASE, refresh_batch_norm=2)
    whole = run(store, tmp_path / "whole", settings)
    real = FinetuneTrainer.close_interval

    def stopped(self, step, means, check):
        os.kill(os.getpid(), signal.SIGUSR1)
        return real(self, step, means, check)

    with monkeypatch.context() as patch:
        patch.setattr(FinetuneTrainer, "close_interval", stopped)
        with pytest.raises(Stopped):
            run(store, tmp_path / "state", settings)
    again = run(store, tmp_path / "state", settings)
    pd.testing.assert_frame_equal(whole.history, again.history, check_exact=True)
    assert all(torch.equal(whole.model.state_dict()[k], v) for k, v in again.model.state_dict().items())


def test_a_frozen_encoder_keeps_its_statistics(make_store, tmp_path):
    settings = dataclasses.replace(BASE, freeze_encoder=True, max_epochs=1, refresh_batch_norm=2)
    result = run(make_store(), tmp_path, settings)
    norms = [part for part in result.model.modules() if isinstance(part, nn.BatchNorm3d)]
    assert all(not part.running_mean.any() for part in norms)  # as in a fresh network
