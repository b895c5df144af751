"""Numbers that are no longer numbers stop a run before they reach the weights."""

import math
from collections.abc import Iterable

import torch
from torch import Tensor, nn

from echoclr_core.training import distributed


class NonFiniteError(ArithmeticError):
    """A loss or gradient is NaN or infinite; ``step`` and ``video_ids`` say where."""

    def __init__(self, what: str, value: float, step: int, video_ids: Iterable[str]):
        self.step = step
        self.video_ids = tuple(video_ids)
        super().__init__(
            f"{what} is {value} at step {step}; the weights are as they were before it and the last "
            "checkpoint is good. Lower the learning rate, add warm-up steps or clip the gradient. "
            f"Videos of the batch: {', '.join(self.video_ids)}"
        )


def check_finite(what: str, value: float, step: int, video_ids: Iterable[str]) -> None:
    """Raise :class:`NonFiniteError` unless ``value`` is finite."""
    if not math.isfinite(value):
        raise NonFiniteError(what, value, step, video_ids)


def guarded_update(
    optimizer: torch.optim.Optimizer,
    parameters: Iterable[nn.Parameter],
    losses: dict[str, Tensor],
    *,
    clip: float | None,
    step: int,
    video_ids: Iterable[str],
    sums: dict[str, Tensor] | None = None,
) -> dict[str, float]:
    """One optimizer step if the loss parts and the gradient are finite.

    Parameters
    ----------
    optimizer, parameters
        With gradients in place.
    losses
        Name to scalar tensor; averaged over processes, so that all stop together, and read together with the
        rest, so that a GPU is waited for once a step.
    clip
        Largest gradient norm; None leaves gradients alone.
    step, video_ids
        For the message.
    sums
        Name to further scalar tensors, summed over processes.

    Returns
    -------
    dict
        The losses as floats, "gradient_norm" (before clipping), and the ``sums``.
    """
    norm = nn.utils.clip_grad_norm_(parameters, math.inf if clip is None else clip)
    measured = {**losses, "gradient_norm": norm, **(sums or {})}
    parts = torch.stack([value.detach().double() for value in measured.values()])
    values = dict(zip(measured, distributed.mean_over_ranks(parts).tolist(), strict=True))
    for name in (*losses, "gradient_norm"):
        check_finite(f"the {name.replace('_', ' ')}", values[name], step, video_ids)
    optimizer.step()
    return values | {name: values[name] * distributed.world_size() for name in sums or ()}
