"""Batches by number: what step n sees is a function of (seed, n), whoever asks and in whatever process."""

from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from echoclr_core.common.randomness import generator
from echoclr_core.training.shared_memory import (
    SHARED_MEMORY,
    batch_size_in_bytes,
    fitting_workers,
    free_shared_memory,
)

TIMEOUT_SECONDS = 900.0  # a network file system may stand still for minutes


class Batches(Protocol):
    """``batches[step]`` is the batch of optimisation step ``step``: a dict of arrays and lists; picklable."""

    def __getitem__(self, step: int) -> dict[str, Any]: ...


def epoch_order(count: int, seed: int, epoch: int) -> np.ndarray:
    """The order of ``count`` items in ``epoch``: a permutation, (count,) int64, from (seed, epoch) alone."""
    return generator(seed, "order", epoch).permutation(count)


class _Steps(Dataset):
    """PyTorch's view of :class:`Batches`: one item is one whole batch, its arrays turned into tensors."""

    def __init__(self, batches: Batches):
        self.batches = batches

    def __getitem__(self, step: int) -> dict[str, Any]:
        batch = self.batches[step]
        return {
            name: torch.from_numpy(np.ascontiguousarray(value)) if isinstance(value, np.ndarray) else value
            for name, value in batch.items()
        }


def load_batches(
    batches: Batches,
    first: int,
    last: int,
    *,
    workers: int = 0,
    pin_memory: bool = False,
    timeout_seconds: float = TIMEOUT_SECONDS,
) -> Iterator[dict[str, Any]]:
    """The batches of steps ``first`` to ``last`` - 1, in order; arrays arrive as tensors.

    Parameters
    ----------
    batches
        See :class:`Batches`.
    first, last
        Range of steps.
    workers
        Processes that read ahead; 0 reads in this one, and so does a range of one step. The batches are the
        same for any number. Fewer are started where batches do not fit into shared memory; see
        ``training.shared_memory``.
    pin_memory
        For a quicker way to a GPU.
    timeout_seconds
        Longest wait for a batch of the processes.

    Raises
    ------
    RuntimeError
        A process died or kept the run waiting too long; the message names the shared memory that is free.
    """
    steps = _Steps(batches)
    ahead = 0
    if workers and last - first > 1:
        # The first one is read here: its size decides how many may be on their way.
        begin = steps[first]
        workers, ahead = fitting_workers(batch_size_in_bytes(begin), workers)
        yield begin
        first += 1
    else:
        workers = 0
    # The generator keeps the loader from drawing on PyTorch's global state.
    loader = DataLoader(
        steps,
        batch_size=None,
        sampler=range(first, last),
        num_workers=workers,
        collate_fn=_unchanged,
        pin_memory=pin_memory,
        generator=torch.Generator().manual_seed(0),
        prefetch_factor=ahead if workers else None,
        timeout=timeout_seconds if workers else 0,
    )
    try:
        yield from loader
    except RuntimeError as error:
        if not workers:
            raise
        raise RuntimeError(_loader_failure(error, workers)) from error


def _loader_failure(error: RuntimeError, workers: int) -> str:
    free = free_shared_memory()
    return (
        f"the {workers} loader process(es) failed: {error}. Shared memory ({SHARED_MEMORY}): "
        + ("none" if free is None else f"{free / 1e6:.0f} MB free")
        + "; with compute.loader_workers: 0 the training process reads by itself"
    )


def _unchanged(batch: dict[str, Any]) -> dict[str, Any]:
    return batch
