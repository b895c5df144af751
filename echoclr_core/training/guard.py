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
) -> dict[str, float]:
    """One optimizer step if the loss parts and the gradient are finite.

    Parameters
    ----------
    optimizer, parameters
        With gradients in place.
    losses
        Name to scalar tensor; averaged over processes, so that all stop together, and read together, so that
        a GPU is waited for once.
    clip
        Largest gradient norm; None leaves gradients alone.
    step, video_ids
        For the message.

    Returns
    -------
    dict
        The losses as floats, and "gradient_norm" (before clipping).
    """
    norm = nn.utils.clip_grad_norm_(parameters, math.inf if clip is None else clip)
    parts = torch.stack([*(loss.detach().double() for loss in losses.values()), norm.detach().double()])
    values = distributed.mean_over_ranks(parts).tolist()
    for name, value in zip(losses, values, strict=False):
        check_finite(f"the {name.replace('_', ' ')}", value, step, video_ids)
    check_finite("the gradient norm", values[-1], step, video_ids)
    optimizer.step()
    return dict(zip([*losses, "gradient_norm"], values, strict=True))
