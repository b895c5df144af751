"""Early stopping, being told to stop, device and precision, leases, order of epochs, settings, guard."""

import logging
import math
import os
import re
import signal
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from echoclr_core.models.encoder import EncoderSettings, build_encoder
from echoclr_core.training import selfcheck as selfcheck_module
from echoclr_core.training.batches import epoch_order, load_batches
from echoclr_core.training.compute import choose_compute
from echoclr_core.training.determinism import deterministic
from echoclr_core.training.early import EarlyStopping
from echoclr_core.training.guard import NonFiniteError, guarded_update
from echoclr_core.training.leasing import lease, lease_device, lease_gpus, lease_several
from echoclr_core.training.progress import Progress
from echoclr_core.training.selfcheck import checked_compute, wrong_convolutions
from echoclr_core.training.stopping import EXIT_STOPPED, Stopped, Stopper, StopRequest

CPU = torch.device("cpu")


@pytest.mark.parametrize(
    ("losses", "epochs", "best"),
    [
        ([1.0, 2, 2, 2, 2, 2, 0.1], 6, 1),  # five without improvement after the first: six epochs, not seven
        ([5.0, 4, 3, 2, 1, 0.9, 0.8], 7, 7),
        ([1.0, 0.9, 0.9, 0.95, 0.9, 1.0, 0.91, 0.1], 7, 2),  # equal is no improvement
        ([1.0, 2, 2, 2, 2, 0.5, 2, 2, 2, 2, 2, 2], 11, 6),  # the count starts anew
    ],
)
def test_early_stopping_by_the_papers_rule(losses, epochs, best):
    stopping, seen, kept = EarlyStopping(5), 0, 0
    for number, loss in enumerate(losses, 1):
        seen = number
        if stopping.update(loss):
            kept = number
        if stopping.stop:
            break
    assert (seen, kept) == (epochs, best)
    assert stopping.best == losses[best - 1]


def test_patience_is_counted_in_whole_epochs():
    with pytest.raises(ValueError, match="patience must be at least 1"):
        EarlyStopping(0)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR1])
def test_stopper_notes_the_signal_and_restores_the_handlers(number):
    before = signal.getsignal(number)
    with Stopper() as stopper:
        stopper.check()
        os.kill(os.getpid(), number)
        assert stopper.requested
        with pytest.raises(StopRequest):
            stopper.check()
    assert signal.getsignal(number) is before
    assert Stopped(3).code == EXIT_STOPPED == 75


def test_precision_follows_the_documented_rule():
    yes, no = (lambda device, able=able: (able, "told") for able in (True, False))
    assert choose_compute(CPU, gains_from_bf16=yes).precision == "bf16"
    assert choose_compute(CPU, gains_from_bf16=no).precision == "fp32"
    assert choose_compute(CPU, "fp32", gains_from_bf16=yes).precision == "fp32"
    assert choose_compute(CPU, "bf16", gains_from_bf16=no).precision == "bf16"
    assert choose_compute(CPU, gains_from_bf16=no).channels_last
    assert not choose_compute(CPU, memory_format="contiguous").channels_last
    assert choose_compute(CPU, gains_from_bf16=yes).describe()["reason"] == "told"
    for wrong in ({"precision": "fp16"}, {"memory_format": "nhwc"}):
        with pytest.raises(ValueError, match="must be one of"):
            choose_compute(CPU, **wrong)


def test_autocast_and_memory_format_are_what_was_chosen():
    compute = choose_compute(CPU, "bf16", "channels_last_3d")
    conv = compute.place_module(nn.Conv3d(3, 4, 3, padding=1))
    clips = compute.place_clips(torch.rand(2, 1, 4, 8, 8).expand(-1, 3, -1, -1, -1))
    assert clips.is_contiguous(memory_format=torch.channels_last_3d)
    with compute.autocast():
        assert conv(clips).dtype == torch.bfloat16
    with choose_compute(CPU, "fp32").autocast():
        assert conv(clips).dtype == torch.float32


def test_wrong_gradients_turn_bf16_off_or_are_refused(monkeypatch, caplog):
    encoder = build_encoder(EncoderSettings(name="r3d", width=4, blocks=(1, 1)), seed=0)
    before = {name: tensor.clone() for name, tensor in encoder.state_dict().items()}
    compute = choose_compute(CPU, "bf16")
    assert wrong_convolutions(encoder, (3, 4, 16, 16), compute=compute) == []
    assert checked_compute(compute, encoder, (3, 4, 16, 16), "auto") == compute
    monkeypatch.setattr(selfcheck_module, "_error", lambda conv, shape, *_: 0.7 if shape[2] == 2 else 0.004)
    assert wrong_convolutions(encoder, (3, 4, 16, 16), compute=compute) == ["layer2.0.conv2.0"]
    with caplog.at_level(logging.WARNING):
        assert checked_compute(compute, encoder, (3, 4, 16, 16), "auto").precision == "fp32"
    assert "working in fp32" in caplog.text
    with pytest.raises(ValueError, match="precision is 'bf16' but bfloat16 gradients of 1"):
        checked_compute(compute, encoder, (3, 4, 16, 16), "bf16")
    assert all(torch.equal(before[name], tensor) for name, tensor in encoder.state_dict().items())


def test_the_wrong_gradient_is_caught_where_it_exists():
    """A bare convolution over two frames is right, or the check says that it is not: never silently wrong."""
    net = nn.Sequential(nn.Conv3d(3, 16, 3, padding=1, bias=False))
    found = wrong_convolutions(net, (3, 2, 8, 8), compute=choose_compute(CPU, "bf16", "channels_last_3d"))
    maps = torch.rand(4, 3, 2, 8, 8, generator=torch.Generator().manual_seed(0))
    gradients = []
    for enabled in (False, True):
        net.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=enabled):
            out = net(maps)
        out.float().square().sum().backward()
        gradients.append(net[0].weight.grad.clone())
    error = float((gradients[0] - gradients[1]).norm() / gradients[0].norm())
    assert (not error < 0.1) == bool(found)


def test_deterministic_puts_the_state_back():
    torch.manual_seed(3)
    before = torch.get_rng_state()
    with deterministic():
        assert torch.are_deterministic_algorithms_enabled()
        torch.rand(5)
    assert not torch.are_deterministic_algorithms_enabled()
    assert torch.equal(before, torch.get_rng_state())


def test_two_jobs_never_hold_the_same_lease(tmp_path):
    with lease(["gpu0", "gpu1"], tmp_path) as first, lease(["gpu0", "gpu1"], tmp_path) as second:
        assert (first, second) == (0, 1)
        with (
            pytest.raises(TimeoutError, match="stayed taken"),
            lease(["gpu0", "gpu1"], tmp_path, poll_seconds=0.01, timeout_seconds=0.03),
        ):
            pass
    with lease(["gpu0", "gpu1"], tmp_path) as again:
        assert again == 0


def test_several_are_leased_at_once_or_none(tmp_path):
    names = [f"gpu{number}" for number in range(4)]
    quick = {"poll_seconds": 0.01, "timeout_seconds": 0.03}
    with lease(names, tmp_path) as one, lease_several(names, 2, tmp_path) as two:
        assert (one, two) == (0, [1, 2])
        with pytest.raises(TimeoutError), lease_several(names, 2, tmp_path, **quick):
            pass
        with lease(names, tmp_path, **quick) as last:  # the one that the refused job looked at is free again
            assert last == 3
    with (
        pytest.raises(ValueError, match="5 GPUs were asked for; there are 4"),
        lease_several(names, 5, tmp_path),
    ):
        pass


@pytest.fixture
def four_gpus(monkeypatch):
    """PyTorch as it looks on a machine with four GPUs."""
    for name, value in {
        "is_available": lambda: True,
        "device_count": lambda: 4,
        "get_device_properties": lambda gpu: SimpleNamespace(uuid=f"uuid{gpu}"),
        "set_device": lambda device: None,
    }.items():
        monkeypatch.setattr(torch.cuda, name, value)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.delenv("LOCAL_RANK", raising=False)


def test_jobs_of_one_and_of_several_gpus_share_a_workstation(four_gpus, tmp_path, monkeypatch):
    with (
        lease_device("auto", folder=tmp_path) as first,
        lease_gpus(2, folder=tmp_path) as pair,
        lease_device("cuda", folder=tmp_path) as last,
    ):
        assert (first, pair, last) == (torch.device("cuda", 0), "1,2", torch.device("cuda", 3))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "GPU-a,GPU-b,GPU-c,GPU-d")  # what a scheduler has left us
    with lease_device("auto", folder=tmp_path), lease_gpus(3, folder=tmp_path) as names:
        assert names == "GPU-b,GPU-c,GPU-d"
    with lease_gpus(2, "cpu", folder=tmp_path) as none:
        assert none is None


def test_the_processes_of_a_job_take_the_gpus_their_parent_holds(four_gpus, tmp_path, monkeypatch):
    monkeypatch.setenv("LOCAL_RANK", "1")
    monkeypatch.setenv("ECHOCLR_GPUS_LEASED", "1")
    with lease_gpus(4, folder=tmp_path), lease_device("auto", folder=tmp_path) as device:
        assert device == torch.device("cuda", 1)


def test_a_killed_job_gives_its_lease_back(tmp_path):
    code = (
        "import os, signal, sys\nfrom filelock import FileLock\n"
        "lock = FileLock(sys.argv[1]); lock.acquire()\nos.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "gpu0.lock")], check=False)
    with lease(["gpu0"], tmp_path, timeout_seconds=0.0) as index:
        assert index == 0


def test_device_names():
    with lease_device("cpu") as device:
        assert device.type == "cpu"
    with pytest.raises(ValueError, match="device must be one of"), lease_device("tpu"):
        pass
    if not torch.cuda.is_available():
        with lease_device("auto") as device:
            assert device.type == "cpu"
        with pytest.raises(ValueError, match="no CUDA GPU"), lease_device("cuda"):
            pass


def test_epoch_order_is_a_permutation_of_its_own_for_each_epoch():
    orders = [epoch_order(50, 1, epoch) for epoch in (0, 1, 0)]
    assert all(sorted(order) == list(range(50)) for order in orders)
    assert np.array_equal(orders[0], orders[2])
    assert not np.array_equal(orders[0], orders[1])


class Numbers:
    def __getitem__(self, step):
        return {"values": np.full((2, 3), step), "video_ids": [f"v{step}"]}


@pytest.mark.parametrize("workers", [0, 1, 2])
def test_batches_arrive_in_order_from_any_number_of_workers(workers):
    state = torch.get_rng_state()
    batches = list(load_batches(Numbers(), 3, 9, workers=workers))
    assert [int(batch["values"][0, 0]) for batch in batches] == list(range(3, 9))
    assert [batch["video_ids"] for batch in batches] == [[f"v{step}"] for step in range(3, 9)]
    assert torch.equal(state, torch.get_rng_state())


@pytest.mark.parametrize("bad", ["loss", "gradient"])
def test_numbers_that_are_none_stop_before_the_weights(bad):
    weight = nn.Parameter(torch.ones(3))
    optimizer = torch.optim.SGD([weight], lr=1.0)
    weight.grad = torch.full((3,), math.inf if bad == "gradient" else 1.0)
    loss = torch.tensor(math.nan if bad == "loss" else 1.0)
    with pytest.raises(NonFiniteError, match=rf"{bad}.* at step 17.*v_1, v_2") as caught:
        guarded_update(optimizer, [weight], {"loss": loss}, clip=None, step=17, video_ids=["v_1", "v_2"])
    assert torch.equal(weight, torch.ones(3))
    assert (caught.value.step, caught.value.video_ids) == (17, ("v_1", "v_2"))


def test_gradients_are_clipped_and_their_norm_told():
    weight = nn.Parameter(torch.zeros(4))
    weight.grad = torch.full((4,), 3.0)
    values = guarded_update(
        torch.optim.SGD([weight], lr=1.0),
        [weight],
        {"loss": torch.tensor(2.0)},
        clip=1.5,
        step=0,
        video_ids=[],
    )
    assert values == {"loss": 2.0, "gradient_norm": 6.0}
    assert float(weight.detach().norm()) == pytest.approx(1.5, rel=1e-5)


def test_progress_writes_plain_lines_and_timings(caplog):
    progress = Progress(
        "pretrain", 4, logging.getLogger("test"), terminal=False, chance={"order_accuracy": 1 / 24}
    )
    for step, _ in enumerate(progress.waiting(iter(range(2))), 1):
        progress.step(step, 32, loss=1.0)
    with caplog.at_level(logging.INFO):
        progress.line(2, loss=1.0, order_accuracy=0.5, order_loss=None)
    assert "pretrain: step 2/4, loss 1, order accuracy 0.5 (chance 0.0417), " in caplog.text
    assert "clips/s" in caplog.text
    assert re.search(r"at most \d+\.\d GiB of memory and 0:00:0\d left", caplog.text)
    row = progress.close_interval(2)
    assert row["step"] == 2
    assert row["clips_per_second"] > 0
    assert 0 <= row["wait_share"] <= 1
    assert 0.01 < row["memory_gib"] < 1000


def test_progress_draws_a_bar_on_a_terminal(capsys):
    progress = Progress("pretrain", 2, logging.getLogger("test"), terminal=True)
    progress.step(2, 32, loss=1.0, order_accuracy=0.25, alignment=1.1)
    progress.bar.refresh()
    progress.close()
    drawn = capsys.readouterr().err
    assert "pretrain: 100%" in drawn
    for part in ("loss=1", "order=0.25", "clips/s=", "waiting=0%", "GiB="):
        assert part in drawn
    assert "alignment" not in drawn  # the bar has no room for everything
