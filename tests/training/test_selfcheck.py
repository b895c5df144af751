"""Where bfloat16 gradients are wrong, zero frames that change nothing make them right."""

import logging

import pytest
import torch
from torch import nn

from echoclr_core.models.convolution import SafeConv3d
from echoclr_core.models.encoder import EncoderSettings, build_encoder
from echoclr_core.training import selfcheck
from echoclr_core.training.compute import choose_compute
from echoclr_core.training.selfcheck import checked_compute

CPU = torch.device("cpu")
SHAPE = (3, 4, 16, 16)


@pytest.fixture
def encoder():
    return build_encoder(EncoderSettings(name="r3d", width=4, blocks=(1, 1)), seed=0)


def extra_frames(encoder):
    safe = [(name, part) for name, part in encoder.named_modules() if isinstance(part, SafeConv3d)]
    return {name: dict(part.extra_frames) for name, part in safe}


@pytest.fixture
def wrong_below_six_frames(monkeypatch):
    """As oneDNN is with 64 channels over 56 x 56 px on a CPU with AMX."""

    def error(conv, shape, compute, gradients):
        depth = shape[2] + getattr(conv, "extra_frames", {}).get(shape[2], 0)
        return 0.6 if isinstance(conv, SafeConv3d) and shape[2] == 4 and depth < 6 else 0.004

    monkeypatch.setattr(selfcheck, "_error", error)


def test_zero_frames_are_added_until_the_gradients_are_right(encoder, wrong_below_six_frames, caplog):
    compute = choose_compute(CPU, "bf16")
    with caplog.at_level(logging.INFO):
        assert checked_compute(compute, encoder, SHAPE, "bf16") == compute
    assert "zero frames added to 3 convolutions" in caplog.text
    added = {name: frames[4] for name, frames in extra_frames(encoder).items() if 4 in frames}
    assert added == {"stem.0": 2, "layer1.0.conv1.0": 2, "layer1.0.conv2.0": 2}


def test_what_no_number_of_frames_mends_is_worked_in_fp32(encoder, monkeypatch, caplog):
    monkeypatch.setattr(selfcheck, "_error", lambda conv, shape, *_: 0.6 if shape[2] == 4 else 0.004)
    before = extra_frames(encoder)
    compute = checked_compute(choose_compute(CPU, "bf16"), encoder, SHAPE, "auto")
    assert compute.precision == "fp32"
    after = {
        name: part.extra_frames for name, part in encoder.named_modules() if isinstance(part, SafeConv3d)
    }
    assert after == before


@pytest.mark.parametrize("extra", [1, 2, 4])
def test_zero_frames_change_neither_values_nor_gradients(extra):
    torch.manual_seed(0)
    plain = nn.Conv3d(3, 5, 3, padding=1).double()
    safe = SafeConv3d(3, 5, 3, padding=1).double()
    safe.load_state_dict(plain.state_dict())
    safe.extra_frames = {4: extra}
    maps = torch.randn(2, 3, 4, 6, 6, dtype=torch.float64)
    with torch.autocast("cpu", torch.bfloat16, enabled=False):
        reference = plain(maps)
        frames = nn.functional.pad(maps, (0, 0, 0, 0, 0, extra))
        padded = nn.Conv3d.forward(safe, frames)[:, :, :4]
    torch.testing.assert_close(padded, reference)
    back = torch.randn_like(reference)
    grads = [
        torch.autograd.grad(out, tuple(conv.parameters()), back)
        for out, conv in ((reference, plain), (padded, safe))
    ]
    for one, two in zip(*grads, strict=True):
        torch.testing.assert_close(one, two)
    with torch.autocast("cpu", torch.bfloat16):
        assert safe.float()(maps.float()).shape == reference.shape


def test_float32_on_a_cpu_needs_no_check(encoder, monkeypatch):
    monkeypatch.setattr(selfcheck, "_error", lambda *_: pytest.fail("compared with itself"))
    checked_compute(choose_compute(CPU, "fp32"), encoder, SHAPE, "fp32")


def test_float32_that_is_wrong_on_a_gpu_is_an_error(encoder, monkeypatch):
    monkeypatch.setattr(selfcheck, "_error", lambda *_: 0.6)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: "a GPU")
    compute = choose_compute(torch.device("cuda"), "fp32")
    with pytest.raises(RuntimeError, match=r"float32 gradients of .* wrong on this GPU \(a GPU, cuDNN"):
        checked_compute(compute, encoder, SHAPE, "auto")


def test_prediction_compares_outputs_alone(encoder, monkeypatch):
    asked = []
    monkeypatch.setattr(
        selfcheck, "_error", lambda conv, shape, compute, gradients: asked.append(gradients) or 0.0
    )
    checked_compute(choose_compute(CPU, "bf16"), encoder, SHAPE, "auto", gradients=False)
    assert set(asked) == {False}
