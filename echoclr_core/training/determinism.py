"""The same numbers from the same seed: reproducible kernels, and a random state per step."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from echoclr_core.common.randomness import derive_seed


@contextmanager
def deterministic() -> Iterator[None]:
    """Reproducible kernels inside; PyTorch's settings and random state are put back afterwards.

    A GPU operation without a reproducible kernel raises RuntimeError in here rather than giving other numbers
    at the next run. CPU kernels are reproducible for a given number of threads.
    """
    # cuBLAS reads this when its context is made; it is not ours to take away again.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    before = (
        torch.are_deterministic_algorithms_enabled(),
        torch.is_deterministic_algorithms_warn_only_enabled(),
        torch.backends.cudnn.benchmark,
        torch.utils.deterministic.fill_uninitialized_memory,
    )
    torch.use_deterministic_algorithms(True)
    torch.backends.cudnn.benchmark = False
    # Filling every new tensor is for finding faults; it took 9 % of a training step.
    torch.utils.deterministic.fill_uninitialized_memory = False
    try:
        with torch.random.fork_rng():
            yield
    finally:
        torch.use_deterministic_algorithms(before[0], warn_only=before[1])
        torch.backends.cudnn.benchmark = before[2]
        torch.utils.deterministic.fill_uninitialized_memory = before[3]


def seed_step(seed: int, step: int) -> None:
    """Set PyTorch's state for one step (dropout), so that a resumed run needs no stored state."""
    torch.manual_seed(derive_seed(seed, "step", step))
