"""One GPU, one job: a lease by lock file, given back when the process ends, however it ends."""

import getpass
import logging
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch
from filelock import FileLock, Timeout

LEASED = "ECHOCLR_GPUS_LEASED"  # in the environment of processes whose parent holds their GPUs
DEVICES = ("auto", "cpu", "cuda")
logger = logging.getLogger(__name__)


@contextmanager
def lease(
    names: Sequence[str],
    folder: str | Path,
    *,
    poll_seconds: float = 2.0,
    timeout_seconds: float | None = None,
) -> Iterator[int]:
    """Yield the index of the first name that no other process holds; see :func:`lease_several`."""
    with lease_several(
        names, 1, folder, poll_seconds=poll_seconds, timeout_seconds=timeout_seconds
    ) as indices:
        yield indices[0]


@contextmanager
def lease_several(
    names: Sequence[str],
    count: int,
    folder: str | Path,
    *,
    poll_seconds: float = 2.0,
    timeout_seconds: float | None = None,
) -> Iterator[list[int]]:
    """Yield the indices of the first ``count`` names that no other process holds; wait while there are fewer.

    All are taken at once or none is: jobs that want several cannot wait for each other's.

    Parameters
    ----------
    names
        What is to be shared out, each safe as a file name.
    count
        How many, 1 to the number of names.
    folder
        Where the lock files are; every job must name the same. The locks are the operating system's, so a job
        that is killed gives its own back.
    poll_seconds
        Pause between two looks.
    timeout_seconds
        TimeoutError after this long; None waits for ever.
    """
    if not 1 <= count <= len(names):
        raise ValueError(f"{count} GPUs were asked for; there are {len(names)}")
    Path(folder).mkdir(parents=True, exist_ok=True)
    begin, reported = time.monotonic(), False
    while not (taken := _take(names, count, Path(folder))):
        if timeout_seconds is not None and time.monotonic() - begin > timeout_seconds:
            raise TimeoutError(f"all of {list(names)} stayed taken for {timeout_seconds:g} s")
        if not reported:
            logger.info("waiting for %d GPU(s) that no other job holds (%s)", count, ", ".join(names))
            reported = True
        time.sleep(poll_seconds)
    try:
        yield sorted(taken)
    finally:
        for lock in taken.values():
            lock.release()


def _take(names: Sequence[str], count: int, folder: Path) -> dict[int, FileLock]:
    """Index to lock of ``count`` names, or nothing."""
    taken: dict[int, FileLock] = {}
    # One job looks at a time, so that two cannot each take half of what both need.
    with FileLock(folder / "looking.lock"):
        for index, name in enumerate(names):
            lock = FileLock(folder / f"{name}.lock")
            try:
                lock.acquire(timeout=0)
            except Timeout:
                continue
            taken[index] = lock
            if len(taken) == count:
                return taken
        for lock in taken.values():
            lock.release()
    return {}


@contextmanager
def lease_gpus(count: int, choice: str = "auto", *, folder: str | Path | None = None) -> Iterator[str | None]:
    """Yield the value of CUDA_VISIBLE_DEVICES for a job of ``count`` GPUs, held while the context lasts.

    None without GPUs, or with ``choice`` "cpu".

    Raises
    ------
    ValueError
        When there are fewer than ``count``.
    """
    if choice == "cpu" or not torch.cuda.is_available():
        yield None
        return
    seen = os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",")
    total = torch.cuda.device_count()
    names = [f"{torch.cuda.get_device_properties(gpu).uuid}-0" for gpu in range(total)]
    with lease_several(names, count, folder or _folder()) as indices:
        yield ",".join(seen[gpu] if len(seen) == total and seen[0] else str(gpu) for gpu in indices)


@contextmanager
def lease_device(
    choice: str = "auto", *, jobs_per_gpu: int = 1, folder: str | Path | None = None
) -> Iterator:
    """Yield the torch.device of a run, held against other jobs of this machine while the context lasts.

    Parameters
    ----------
    choice
        "cpu"; "cuda" (ValueError where there is none); "auto": cuda where there is one. Under torchrun the
        GPU is the one of LOCAL_RANK, and is leased here unless the parent has done so (:func:`lease_gpus`).
    jobs_per_gpu
        How many jobs may hold one GPU at the same time.
    folder
        Lock files; default one folder a user below the system's temporary folder.
    """
    if choice not in DEVICES:
        raise ValueError(f"device must be one of {list(DEVICES)}; received {choice!r}")
    if choice == "cuda" and not torch.cuda.is_available():
        raise ValueError("device is 'cuda' but PyTorch sees no CUDA GPU; allowed here are 'auto' and 'cpu'")
    if choice == "cpu" or not torch.cuda.is_available():
        yield torch.device("cpu")
        return
    if LEASED in os.environ:
        device = torch.device("cuda", int(os.environ["LOCAL_RANK"]))
        torch.cuda.set_device(device)
        yield device
        return
    gpus = list(range(torch.cuda.device_count()))
    if "LOCAL_RANK" in os.environ:
        gpus = [int(os.environ["LOCAL_RANK"])]
    places = [(gpu, slot) for slot in range(jobs_per_gpu) for gpu in gpus]
    names = [f"{torch.cuda.get_device_properties(gpu).uuid}-{slot}" for gpu, slot in places]
    with lease(names, folder or _folder()) as index:
        device = torch.device("cuda", places[index][0])
        torch.cuda.set_device(device)
        yield device


def _folder() -> Path:
    return Path(tempfile.gettempdir()) / f"echoclr-gpu-leases-{getpass.getuser()}"
