"""GPUs that do not work, layers and formats that a GPU needs care with; all on machines without one."""

import logging
import re

import pytest
import torch
from torch import nn

from echoclr_core.pretrain.plan import batch_norm_notes
from echoclr_core.pretrain.settings import PretrainSettings
from echoclr_core.training import gpu
from echoclr_core.training.compute import choose_compute
from echoclr_core.training.determinism import check_layers, deterministic, nondeterministic_layers
from echoclr_core.training.gpu import GpuUnusableError, require_gpu
from echoclr_core.training.gpu_places import processes_of

CPU, CUDA = torch.device("cpu"), torch.device("cuda")


@pytest.fixture
def old_driver(monkeypatch, tmp_path):
    """A GPU under a driver that the CUDA 13 build does not work with."""
    path = tmp_path / "version"
    path.write_text(
        "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.161.08  Sat Feb 24 22:53:56 UTC 2024\n"
    )
    monkeypatch.setattr(gpu, "DRIVER_FILE", path)
    monkeypatch.setattr(torch.version, "cuda", "13.0")

    def zeros(*args, **kwargs):
        raise RuntimeError(
            "The NVIDIA driver on your system is too old (found version 12020).\nPlease update"
        )

    monkeypatch.setattr(torch, "zeros", zeros)


def test_a_gpu_that_was_asked_for_and_does_not_work_is_an_error_with_the_cure(old_driver):
    with pytest.raises(GpuUnusableError) as caught:
        require_gpu(1)
    for part in (
        "1 GPU(s) were asked for and none works: The NVIDIA driver on your system is too old",
        "NVIDIA driver: 535.161.08",
        f"PyTorch {torch.__version__} (CUDA 13.0, which needs driver 580 or later)",
        "update the driver to 580 or later, or install PyTorch's build",
        "compute.device: cpu",
    ):
        assert part in str(caught.value)


def test_without_a_driver_the_error_says_so(old_driver, monkeypatch, tmp_path):
    monkeypatch.setattr(gpu, "DRIVER_FILE", tmp_path / "none")
    with pytest.raises(
        GpuUnusableError, match=r"driver: none found.*install the NVIDIA driver, or give the job"
    ):
        require_gpu(2, "cuda")


def test_a_cpu_build_is_named(monkeypatch):
    monkeypatch.setattr(torch.version, "cuda", None)
    with pytest.raises(GpuUnusableError, match=r"this PyTorch is a build for CPUs.*\(CPU only\)"):
        require_gpu(1)


def test_who_asked_for_none_or_wants_the_cpu_gets_no_error(old_driver):
    require_gpu(0)
    require_gpu(1, "cpu")


@pytest.mark.parametrize(
    ("places", "jobs", "processes"), [(0, 1, 1), (1, 1, 1), (2, 1, 2), (4, 2, 2), (2, 2, 1)]
)
def test_pretraining_runs_one_process_a_gpu_however_many_jobs_share_one(places, jobs, processes):
    assert processes_of(places, jobs) == processes


def test_half_a_gpu_is_refused():
    with pytest.raises(ValueError, match=r"asks for gpu: 3, which is no multiple of compute\.jobs_per_gpu 2"):
        processes_of(3, 2)


@pytest.mark.parametrize(
    ("share", "settings", "told"),
    [
        (392, {}, "1 process.* sees 392 clips .*micro_batch_size: 196 gives the paper's split"),
        (98, {}, "4 process.* sees 98 clips .*sync_bn statistics over all 392"),
        (196, {}, None),
        (98, {"sync_bn": True}, None),
        (32, {"batch_size": 32}, None),  # not the paper's batch: nothing to compare it with
    ],
)
def test_another_number_of_gpus_than_two_says_what_batch_norm_sees(share, settings, told):
    notes = batch_norm_notes(PretrainSettings(**settings), share, batch_norm=True)
    assert [level for level, _ in notes] == [logging.WARNING] * bool(told)
    assert all(re.search(told, text) for _, text in notes)
    assert batch_norm_notes(PretrainSettings(**settings), share, batch_norm=False) == []


class Mixed(nn.Module):
    """A clip's frames one by one, then together."""

    def __init__(self):
        super().__init__()
        self.flat = nn.Conv2d(3, 4, 3, padding=1)
        self.deep = nn.Conv3d(4, 4, 3, padding=1)
        self.line = nn.Conv1d(4, 2, 3)

    def forward(self, clips):
        frames = self.flat(clips.transpose(1, 2).flatten(0, 1))
        return self.deep(frames.unflatten(0, clips.shape[::2][:2]).transpose(1, 2))


def test_only_weights_of_3d_convolutions_take_the_3d_memory_format():
    compute = choose_compute(CPU, "fp32", "channels_last_3d")
    model = compute.place_module(Mixed())
    assert model.deep.weight.is_contiguous(memory_format=torch.channels_last_3d)
    assert not model.deep.weight.is_contiguous()
    assert model.flat.weight.is_contiguous()
    clips = torch.rand(2, 3, 5, 8, 8)
    plain = Mixed()
    plain.load_state_dict(model.state_dict())
    torch.testing.assert_close(model(compute.place_clips(clips)), plain(clips))
    model(clips).sum().backward()
    assert model.flat.weight.grad is not None


def test_layers_without_a_deterministic_backward_are_named_before_the_first_step():
    model = nn.Sequential(nn.Conv3d(1, 1, 1), nn.MaxPool3d(2), nn.AdaptiveAvgPool3d(1))
    assert nondeterministic_layers(model) == ["1 (MaxPool3d)", "2 (AdaptiveAvgPool3d)"]
    with pytest.raises(ValueError, match=r"1 \(MaxPool3d\), 2 .* or set compute\.deterministic: false"):
        check_layers(model, CUDA, True)
    check_layers(model, CUDA, False)
    check_layers(model, CPU, True)
    check_layers(nn.Sequential(nn.Conv3d(1, 1, 1)), CUDA, True)


def test_deterministic_can_be_off_and_is_recorded():
    with deterministic(False):
        assert not torch.are_deterministic_algorithms_enabled()
        assert torch.backends.cudnn.benchmark
    assert not torch.backends.cudnn.benchmark
    described = choose_compute(CPU, "fp32", deterministic=False).describe()
    assert described["deterministic"] == "false"
    assert described["tf32"] == "none"
    on_gpu = choose_compute(CUDA, "fp32").describe()
    assert on_gpu["tf32"] == "convolutions"  # PyTorch's default
