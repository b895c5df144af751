"""Activation checkpointing that is exact: activations are computed again in the backward pass, the running
statistics of batch normalisation are updated once.
"""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils.checkpoint import checkpoint


@contextmanager
def still_statistics(module: nn.Module, still: bool = True) -> Iterator[None]:
    """Batch normalisation by the batch's own statistics, the running ones left alone.

    What is updated inside are copies: with ``track_running_stats`` off, the layer would keep fewer tensors
    for the backward pass than it did the first time, which checkpointing refuses.
    """
    norms = [part for part in module.modules() if isinstance(part, _BatchNorm)] if still else []
    before = [dict(part.named_buffers(recurse=False)) for part in norms]
    for part, buffers in zip(norms, before, strict=True):
        for name, buffer in buffers.items():
            setattr(part, name, buffer.clone())
    try:
        yield
    finally:
        for part, buffers in zip(norms, before, strict=True):
            for name, buffer in buffers.items():
                setattr(part, name, buffer)


def run_segment(module: nn.Module, maps: Tensor, *, recompute: bool) -> Tensor:
    """``module(maps)``; with ``recompute`` only ``maps`` is kept for the backward pass, which runs ``module``
    again.
    """
    if not recompute or not torch.is_grad_enabled():
        return module(maps)
    return checkpoint(
        module, maps, use_reentrant=False, context_fn=lambda: (nullcontext(), still_statistics(module))
    )


def has_batch_norm(module: nn.Module) -> bool:
    """Whether a clip's output depends on the other clips of its pass in training."""
    return any(isinstance(part, _BatchNorm) for part in module.modules())
