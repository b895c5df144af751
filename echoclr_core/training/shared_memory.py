"""How far loader processes may read ahead: what fits into the shared memory that batches pass through."""

import logging
import shutil
from pathlib import Path
from typing import Any

import torch

SHARED_MEMORY = Path("/dev/shm")  # Linux; where PyTorch's loaders place the tensors of a batch
READ_AHEAD = 4  # batches of each process
MARGIN = 0.8  # of what is free; other jobs of the machine take from it too
logger = logging.getLogger(__name__)


def fitting_workers(
    batch_bytes: int, workers: int, *, free: int | None = None, log: logging.Logger = logger
) -> tuple[int, int]:
    """(processes, batches that each reads ahead), so that all batches in flight fit into shared memory.

    A loader that fills it is killed by a bus error, or waits for ever: containers often have 64 MB.

    Parameters
    ----------
    batch_bytes
        Size of one batch.
    workers
        Processes wanted, at least 1.
    free
        Bytes of shared memory that are free; None looks.
    log
        Receives the warning when fewer fit than are wanted.

    Returns
    -------
    (0, 0) where not even one batch fits: it is then read in the training process, which needs none.
    """
    free = free_shared_memory() if free is None else free
    if free is None:
        return workers, READ_AHEAD
    # One batch more than is read ahead: the one in use.
    room = int(free * MARGIN) // max(batch_bytes, 1) - 1
    if room >= workers * READ_AHEAD:
        return workers, READ_AHEAD
    fitting = min(workers, max(room, 0))
    ahead = room // fitting if fitting else 0
    log.warning(
        "shared memory (%s) has %.0f MB free and a batch takes %.0f MB: %d loader process(es) with %d "
        "batch(es) ahead instead of %d with %d. Enlarge it (docker: --shm-size, Kubernetes: an emptyDir of "
        "medium Memory), or lower compute.loader_workers",
        *(SHARED_MEMORY, free / 1e6, batch_bytes / 1e6, fitting, ahead, workers, READ_AHEAD),
    )
    return fitting, ahead


def free_shared_memory() -> int | None:
    """Free bytes of shared memory; None where the system has no such folder."""
    return shutil.disk_usage(SHARED_MEMORY).free if SHARED_MEMORY.is_dir() else None


def batch_size_in_bytes(batch: dict[str, Any]) -> int:
    """Bytes of the tensors of a batch."""
    return sum(value.nbytes for value in batch.values() if isinstance(value, torch.Tensor))
