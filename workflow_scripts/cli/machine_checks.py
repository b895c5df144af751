"""What `echoclr doctor` says of the machine: cores, memory, shared memory, file descriptors, GPU."""

import os
import resource
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil

from workflow_scripts.cli.findings import Finding

MIN_MEMORY = 8e9  # bytes: what one shard of deidentification asks for (rules/deidentify.smk)
MIN_SHARED_MEMORY = 1e9  # bytes: containers often have 64 MB, less than the batches that loaders read ahead
MIN_DESCRIPTORS = 1024
KNOWN_BAD_CUDNN = (90800, 91600)  # first that is wrong, first that is right again: 9.8 to 9.15
CGROUP_LIMIT = Path("/sys/fs/cgroup/memory.max")


def machine_findings() -> Iterator[Finding]:
    """Cores, memory, shared memory, file descriptors."""
    cores = len(os.sched_getaffinity(0))
    yield Finding(subject="cores", text=f"{cores} of {os.cpu_count()} usable here")
    yield _memory()
    yield _shared_memory()
    yield _descriptors()


def _memory() -> Finding:
    total = psutil.virtual_memory().total
    limit = CGROUP_LIMIT.read_text().strip() if CGROUP_LIMIT.is_file() else "max"
    total = min(total, int(limit)) if limit.isdigit() else total
    text = f"{total / 1e9:.1f} GB, {psutil.virtual_memory().available / 1e9:.1f} GB available"
    if total >= MIN_MEMORY:
        return Finding(subject="memory", text=text)
    cure = "a shard of the deidentification asks for 8 GB: use fewer --cores, or a larger machine"
    return Finding(subject="memory", text=text, level="note", cure=cure)


def _shared_memory() -> Finding:
    folder = Path("/dev/shm")
    if not folder.is_dir():
        return Finding(subject="shared memory", text="there is no /dev/shm")
    free = shutil.disk_usage(folder).free
    text = f"{free / 1e9:.2f} GB free in /dev/shm"
    if free >= MIN_SHARED_MEMORY:
        return Finding(subject="shared memory", text=text)
    cure = "docker: --shm-size=8g; Kubernetes: an emptyDir of medium Memory; or compute.loader_workers: 0"
    return Finding(subject="shared memory", text=text, level="note", cure=cure)


def _descriptors() -> Finding:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    text = f"{soft} file descriptors a process (at most {hard})"
    if soft >= MIN_DESCRIPTORS:
        return Finding(subject="file descriptors", text=text)
    cure = f"`ulimit -n {min(hard, 4096) if hard > 0 else 4096}` before the run"
    return Finding(subject="file descriptors", text=text, level="note", cure=cure)


def gpu_findings() -> Iterator[Finding]:
    """Driver, PyTorch's build and cuDNN; no GPU is a note, one that is there and does not work a problem."""
    import torch

    from echoclr_core.training.gpu import describe_build, gpu_fault

    fault = gpu_fault()
    names = _nvidia_names()
    if fault:
        cure = "trainings run on the CPU; for a GPU see docs/running.md, GPUs"
        level = "problem" if names else "note"
        there = f"{', '.join(names)} is there and does not work" if names else "none"
        yield Finding(subject="GPU", text=f"{there}; {describe_build()}", level=level, cure=cure)
        return
    count = torch.cuda.device_count()
    yield Finding(subject="GPU", text=f"{count} x {torch.cuda.get_device_name(0)}; {describe_build()}")
    yield cudnn_finding(torch.backends.cudnn.version())


def cudnn_finding(version: int | None) -> Finding:
    """Whether cuDNN is one of those whose 3-D convolutions are wrong without an error.

    ``version`` is cuDNN's number, 90800 for 9.8.0; None where there is none.
    """
    if version is None:
        return Finding(subject="cuDNN", text="none", level="note", cure="install PyTorch's CUDA build")
    first, right = KNOWN_BAD_CUDNN
    text = f"{version // 10000}.{version // 100 % 100}.{version % 100}"
    if not first <= version < right:
        return Finding(subject="cuDNN", text=text)
    cure = (
        "install cuDNN 9.16 or later, or PyTorch's locked build (make setup): the numbers of 3-D "
        "convolutions can be wrong without an error; trainings compare them with the CPU's and would stop"
    )
    return Finding(subject="cuDNN", text=f"{text} is known to be wrong", level="problem", cure=cure)


def _nvidia_names() -> list[str]:
    if shutil.which("nvidia-smi") is None:
        return []
    command = ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return []
    return sorted(set(filter(None, map(str.strip, done.stdout.splitlines()))))
