"""Several processes (torchrun): started, summed and gathered so that W processes equal one.

Gradients are averaged by hand after the backward pass rather than by DistributedDataParallel: a contrastive
step has several forward passes and, when cached, several backward passes, which DDP's hooks do not allow; and
the sum is the same.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn

_alone = False


def active() -> bool:
    """Whether this process is one of several, and works with them at the moment."""
    return not _alone and dist.is_available() and dist.is_initialized() and dist.get_world_size() > 1


@contextmanager
def alone() -> Iterator[None]:
    """Work that one rank does by itself, while the others do something else or have ended."""
    global _alone
    before, _alone = _alone, True
    try:
        yield
    finally:
        _alone = before


def world_size() -> int:
    """Number of processes; 1 without torchrun."""
    return dist.get_world_size() if active() else 1


def rank() -> int:
    """Number of this process, from 0."""
    return dist.get_rank() if active() else 0


@contextmanager
def process_group(device: torch.device) -> Iterator[None]:
    """Join the group that torchrun describes (nccl on GPUs, gloo on CPUs); nothing to do with one process."""
    if int(os.environ.get("WORLD_SIZE", "1")) == 1 or dist.is_initialized():
        yield
        return
    dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        yield
    finally:
        dist.destroy_process_group()


class _Gather(torch.autograd.Function):
    """Rows of all ranks, in rank order. Backward: the sum over ranks of what reached this rank's rows.

    With each rank's loss a mean over its own anchors, the global loss is the mean of the ranks' losses;
    summing here and averaging the parameters' gradients over ranks gives its gradient exactly.
    """

    @staticmethod
    def forward(ctx, rows: Tensor) -> Tensor:
        parts = [torch.empty_like(rows) for _ in range(dist.get_world_size())]
        dist.all_gather(parts, rows.contiguous())
        return torch.cat(parts)

    @staticmethod
    def backward(ctx, gradient: Tensor) -> Tensor:
        gradient = gradient.contiguous().clone()
        dist.all_reduce(gradient)
        return gradient.chunk(dist.get_world_size())[dist.get_rank()].contiguous()


def gather(rows: Tensor) -> Tensor:
    """(n, ...) on each of W ranks -> (W n, ...) on all, with gradients; the same tensor with one process."""
    return _Gather.apply(rows) if active() else rows


def sum_over_ranks(values: Sequence[float], device: torch.device) -> list[float]:
    """Element-wise sums over ranks, in float64."""
    if not active():
        return list(values)
    total = torch.tensor(values, dtype=torch.float64, device=device)
    dist.all_reduce(total)
    return total.tolist()


def share_of_ranks(count: int, like: Tensor) -> float | Tensor:
    """World size over the sum of all ranks' ``count`` (at least 1): what makes the mean over processes of
    per-process sums a mean over everything. A tensor as ``like`` with several processes, so that nothing
    waits for it.
    """
    if not active():
        return 1 / max(float(count), 1.0)
    total = torch.tensor(float(count), dtype=torch.float64).to(like.device, non_blocking=True)
    dist.all_reduce(total)
    return (dist.get_world_size() / total.clamp(min=1)).to(like.dtype)


def mean_over_ranks(values: Tensor) -> Tensor:
    """Element-wise means over ranks."""
    if active():
        dist.all_reduce(values)
        values = values / dist.get_world_size()
    return values


def average_gradients(parameters: Iterable[nn.Parameter]) -> None:
    """Replace each gradient by its mean over ranks, in one transfer a dtype."""
    if not active():
        return
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    for dtype in {gradient.dtype for gradient in gradients}:
        same = [gradient for gradient in gradients if gradient.dtype == dtype]
        flat = torch.cat([gradient.reshape(-1) for gradient in same])
        dist.all_reduce(flat)
        flat /= dist.get_world_size()
        for gradient, part in zip(same, flat.split([g.numel() for g in same]), strict=True):
            gradient.copy_(part.view_as(gradient))


def from_first(value: Any) -> Any:
    """Rank 0's ``value`` on every rank."""
    if not active():
        return value
    box = [value]
    dist.broadcast_object_list(box, src=0)
    return box[0]
