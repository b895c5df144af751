"""A longer run goes on from a shorter one's checkpoint; what cannot is logged with the reason."""

import dataclasses
import logging

import pandas as pd
import pytest
import torch

from echoclr_core.models.encoder import EncoderSettings
from echoclr_core.options.augmentation import AugmentationOptions
from echoclr_core.pretrain.plan import plan
from echoclr_core.pretrain.run import pretrain
from echoclr_core.pretrain.settings import PretrainSettings
from echoclr_core.pretrain.step import PretrainTrainer
from echoclr_core.training.checkpoints import keep_newest

TINY = EncoderSettings(name="r3d", width=4, blocks=(1, 1))
BASE = PretrainSettings(
    batch_size=6,
    epochs=2,
    learning_rate=1e-3,
    precision="fp32",
    augmentation=AugmentationOptions(pad=2),
    projector=(8, 8),
)


def run(store, state_dir, settings=BASE, **more):
    videos = store.index[["video_id", "study_id"]]
    return pretrain(store, videos, TINY, settings, state_dir=state_dir, device="cpu", terminal=False, **more)


@pytest.fixture
def counted(monkeypatch):
    """The steps that were computed."""
    steps, real = [], PretrainTrainer.step

    def noted(self, batch, step):
        steps.append(step)
        return real(self, batch, step)

    monkeypatch.setattr(PretrainTrainer, "step", noted)
    return steps


def same_weights(one, two):
    return all(torch.equal(one.encoder.state_dict()[k], v) for k, v in two.encoder.state_dict().items())


@pytest.mark.parametrize(
    "change",
    [{"epochs": 4}, {"max_steps": 5}, {"epochs": 4, "probe_every": 1}, {"epochs": 4, "history_every": 2}],
)
def test_more_steps_continue_and_equal_the_whole_run(make_store, tmp_path, counted, change):
    store = make_store()
    first = dataclasses.replace(BASE, max_steps=4)
    longer = dataclasses.replace(BASE, **change)
    labels = pd.DataFrame({"study_id": [f"s_{n:02d}" for n in range(6)], "lvh": [True, False] * 3})
    more = {"validation": store.index[["video_id", "study_id"]], "labels": labels}
    more = more if longer.probe_every else {}
    run(store, tmp_path / "state", first)
    keep_newest(tmp_path / "state")
    del counted[:]
    extended = run(store, tmp_path / "state", longer, **more)
    assert counted[0] == 4
    whole = run(store, tmp_path / "whole", longer, **more)
    assert same_weights(extended, whole)
    assert extended.history["step"].iloc[-1] == whole.history["step"].iloc[-1]
    assert extended.run["fingerprint"] == whole.run["fingerprint"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"batch_size": 5}, "pretrain.batch_size was 6, is 5"),
        ({"learning_rate": 0.5}, "pretrain.learning_rate was 0.001, is 0.5"),
        ({"schedule": "cosine", "epochs": 3}, "schedule was"),
    ],
)
def test_what_cannot_go_on_says_why(make_store, tmp_path, counted, caplog, change, told):
    store = make_store()
    run(store, tmp_path, dataclasses.replace(BASE, max_steps=2))
    del counted[:]
    with caplog.at_level(logging.WARNING):
        run(store, tmp_path, dataclasses.replace(BASE, **({"max_steps": 3} | change)))
    assert counted[0] == 0
    assert told in caplog.text


def test_a_cosine_schedule_depends_on_the_number_of_steps(make_store, tmp_path, counted, caplog):
    store, cosine = make_store(), dataclasses.replace(BASE, schedule="cosine", max_steps=2)
    run(store, tmp_path, cosine)
    del counted[:]
    with caplog.at_level(logging.WARNING):
        run(store, tmp_path, dataclasses.replace(cosine, max_steps=4))
    assert counted[0] == 0
    assert "steps (the cosine schedule follows them) was 2, is 4" in caplog.text


def test_a_shorter_run_starts_over_and_leaves_the_longer_one_alone(make_store, tmp_path, counted, caplog):
    store = make_store()
    longer = run(store, tmp_path, dataclasses.replace(BASE, max_steps=4))
    del counted[:]
    with caplog.at_level(logging.WARNING):
        shorter = run(store, tmp_path, dataclasses.replace(BASE, max_steps=2, checkpoint_every=1))
    assert counted == [0, 1]
    assert "it is beyond the last step, 2" in caplog.text
    assert shorter.run["steps"] == 2
    del counted[:]
    assert same_weights(run(store, tmp_path, dataclasses.replace(BASE, max_steps=4)), longer)
    assert counted == []


def test_epochs_of_the_record_are_those_that_max_steps_leaves(make_store, tmp_path):
    store = make_store()
    videos = store.index[["video_id", "study_id"]]
    assert plan(videos, BASE).epochs == 2
    assert plan(videos, dataclasses.replace(BASE, epochs=300, max_steps=4)).epochs == pytest.approx(
        4 / 3, abs=1e-3
    )
    result = run(store, tmp_path, dataclasses.replace(BASE, epochs=300, max_steps=4))
    assert result.run["epochs"] == pytest.approx(result.history["epoch"].iloc[-1], abs=1e-3)
