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
    """Yield the index of the first name that no other process holds; wait while all are taken.

    Parameters
    ----------
    names
        What is to be shared out, each safe as a file name.
    folder
        Where the lock files are; every job must name the same. The locks are the operating system's, so a job
        that is killed gives its own back.
    poll_seconds
        Pause between two looks.
    timeout_seconds
        TimeoutError after this long; None waits for ever.
    """
    Path(folder).mkdir(parents=True, exist_ok=True)
    begin, told = time.monotonic(), False
    while True:
        for index, name in enumerate(names):
            lock = FileLock(Path(folder) / f"{name}.lock")
            try:
                lock.acquire(timeout=0)
            except Timeout:
                continue
            try:
                yield index
            finally:
                lock.release()
            return
        if timeout_seconds is not None and time.monotonic() - begin > timeout_seconds:
            raise TimeoutError(f"all of {list(names)} stayed taken for {timeout_seconds:g} s")
        if not told:
            logger.info("every GPU is taken by another job (%s); waiting for one", ", ".join(names))
            told = True
        time.sleep(poll_seconds)


@contextmanager
def lease_device(
    choice: str = "auto", *, jobs_per_gpu: int = 1, folder: str | Path | None = None
) -> Iterator:
    """Yield the torch.device of a run, held against other jobs of this machine while the context lasts.

    Parameters
    ----------
    choice
        "cpu"; "cuda" (ValueError where there is none); "auto": cuda where there is one. Under torchrun the
        GPU is the one of LOCAL_RANK.
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
    folder = folder or Path(tempfile.gettempdir()) / f"echoclr-gpu-leases-{getpass.getuser()}"
    gpus = list(range(torch.cuda.device_count()))
    if "LOCAL_RANK" in os.environ:
        gpus = [int(os.environ["LOCAL_RANK"])]
    places = [(gpu, slot) for slot in range(jobs_per_gpu) for gpu in gpus]
    names = [f"{torch.cuda.get_device_properties(gpu).uuid}-{slot}" for gpu, slot in places]
    with lease(names, folder) as index:
        device = torch.device("cuda", places[index][0])
        torch.cuda.set_device(device)
        yield device
