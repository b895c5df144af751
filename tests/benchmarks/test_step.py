"""The forms of the pretraining step that `benchmarks/step.py` compares."""

import importlib
import sys
from pathlib import Path

import pytest

from echoclr_core.models.encoder import EncoderSettings

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def step(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    yield importlib.import_module("step")
    for name in ("step", "nt_xent", "recording"):
        sys.modules.pop(name, None)


def test_both_ways_take_the_same_step(step, monkeypatch):
    encoder = EncoderSettings(name="r3d", width=4, blocks=(1,))
    runs = step.runs_of(encoder, 16, 4)
    ours, published = (runs[name] for name in ("fp32, channels last", "published way (fp32)"))
    calls = []
    published_loss = step.broadcast_nt_xent
    counted = lambda *values: calls.append(1) or published_loss(*values)  # noqa: E731
    monkeypatch.setattr(step, "broadcast_nt_xent", counted)
    losses = []
    for (trainer, batch), published_way in ((ours, False), (published, True)):
        real = trainer.step
        trainer.step = lambda *values, real=real: losses.append(real(*values)["loss"][0])
        assert step.one_step(trainer, batch, published_way) > 0
    assert len(calls) == 1
    assert losses[0] == pytest.approx(losses[1], abs=1e-4)


def test_too_few_pairs_are_refused_with_what_is_allowed(step, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["step.py", "--full", "--pairs", "2"])
    with pytest.raises(SystemExit):
        step.main()
    assert "--pairs: '2' is not allowed; allowed is 4 or more" in capsys.readouterr().err
    assert set(step.runs_of(EncoderSettings(name="r3d", width=4, blocks=(1,)), 16, step.MIN_PAIRS)) == set(
        step.FORMS
    )
