"""Batches by number: what step n sees is a function of (seed, n), whoever asks and in whatever process."""

from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from echoclr_core.common.randomness import generator


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


def _as_it_is(batch: dict[str, Any]) -> dict[str, Any]:
    return batch


def load_batches(
    batches: Batches, first: int, last: int, *, workers: int = 0, pin_memory: bool = False
) -> Iterator[dict[str, Any]]:
    """The batches of steps ``first`` to ``last`` - 1, in order; arrays arrive as tensors.

    Parameters
    ----------
    batches
        See :class:`Batches`.
    first, last
        Range of steps.
    workers
        Processes that read ahead; 0 reads in this one. The batches are the same for any number.
    pin_memory
        For a quicker way to a GPU.
    """
    # The generator keeps the loader from drawing on PyTorch's global state.
    loader = DataLoader(
        _Steps(batches),
        batch_size=None,
        sampler=range(first, last),
        num_workers=workers,
        collate_fn=_as_it_is,
        pin_memory=pin_memory,
        generator=torch.Generator().manual_seed(0),
        prefetch_factor=4 if workers else None,
    )
    return iter(loader)
