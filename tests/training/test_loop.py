"""When the loop saves, and which code a run's fingerprint takes."""

import logging
from pathlib import Path

import pytest
import torch

from echoclr_core.finetune.run import NUMBERS as FINETUNE
from echoclr_core.pretrain.run import NUMBERS as PRETRAIN
from echoclr_core.training import loop as loop_module
from echoclr_core.training.checkpoints import Checkpoints
from echoclr_core.training.loop import Loop
from echoclr_core.training.numbers_code import CHANGES_NO_NUMBER, numbers_code
from echoclr_core.training.progress import Progress
from echoclr_core.training.stopping import Stopper

ROOT = Path(__file__).resolve().parents[2]


class Counting:
    """A trainer whose steps take ``seconds`` on a clock of its own."""

    def __init__(self, seconds, end=None):
        self.seconds, self.end, self.now = seconds, end, 0.0

    def step(self, batch, step):
        self.now += self.seconds
        return {"loss": (float(step), 1.0)}

    def close_interval(self, step, means, check):
        return {"step": step, **means}, step == self.end

    def state_dict(self):
        return {}

    def load_state_dict(self, state, history):
        pass


class Nothing:
    def __getitem__(self, step):
        return {"video_ids": ["v"]}


@pytest.fixture
def saves(monkeypatch):
    steps = []
    monkeypatch.setattr(Checkpoints, "save", lambda self, step, state: steps.append(step))
    return steps


def looped(folder, trainer, monkeypatch=None, steps=40, interval=2, **more):
    if monkeypatch is not None:
        monkeypatch.setattr(loop_module.time, "monotonic", lambda: trainer.now)
    return Loop(
        trainer,
        Nothing(),
        steps=steps,
        interval=interval,
        seed=0,
        checkpoints=Checkpoints(folder, "f" * 64),
        workers=0,
        device=torch.device("cpu"),
        progress=Progress("t", steps, logging.getLogger("t"), terminal=False),
        stopper=Stopper(),
        **more,
    )


@pytest.mark.parametrize(
    ("seconds", "more", "expected"),
    [
        (60, {}, [10, 20, 30, 40]),  # every ten minutes
        (1, {}, [40]),  # short epochs: at the end alone
        (60, {"checkpoint_minutes": 15}, [15, 30, 40]),
        (1, {"checkpoint_every": 16}, [16, 32, 40]),
        (60, {"checkpoint_every": 16}, [10, 16, 26, 32, 40]),
    ],
)
def test_checkpoints_are_by_the_clock_and_by_steps_if_asked_for(
    tmp_path, monkeypatch, saves, seconds, more, expected
):
    looped(tmp_path, Counting(seconds), monkeypatch, **more).run()
    assert saves == expected


def test_a_trainer_that_ends_early_is_finished_whatever_the_number_of_steps(tmp_path):
    first = looped(tmp_path, Counting(1, end=6))
    first.run()
    assert (first.step, first.finished) == (6, True)
    longer = looped(tmp_path, Counting(1, end=6), steps=80)
    longer.run()
    assert longer.step == 6


@pytest.mark.parametrize("starts", [PRETRAIN, FINETUNE])
def test_the_fingerprint_takes_the_code_that_changes_numbers(tmp_path, starts):
    """An edited message of the progress line resumes; an edited step, encoder or augmentation does not."""
    for path in (ROOT / "echoclr_core").rglob("*.py"):
        copy = tmp_path / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())

    def changed(name):
        path = tmp_path / "echoclr_core" / name
        before = path.read_text(encoding="utf-8")
        path.write_text(before + "\nADDED = 1\n", encoding="utf-8")
        try:
            from echoclr_core.common import modules

            for cached in (modules._facts, modules._meaning, modules._named_by, modules._files, numbers_code):
                cached.cache_clear()
            return numbers_code(starts, tmp_path)
        finally:
            path.write_text(before, encoding="utf-8")

    plain = numbers_code(starts, tmp_path)
    room = starts[0].split("/")[1]
    for name in (
        f"{room}/step.py",
        f"{room}/batches.py",
        "training/loop.py",
        "training/guard.py",
        "training/inputs.py",
        "models/heads.py",
        "video/augmentation.py",
        "video/sampling.py",
        "common/randomness.py",
        "models/encoders/resnet3d.py",
    ):
        assert changed(name) != plain, name
    for name in (*CHANGES_NO_NUMBER, f"{room}/run.py", "evaluate/metrics.py", "reporting/style.py"):
        assert changed(name) == plain, name
