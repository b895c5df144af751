"""Running statistics of batch normalisation, computed anew for the weights as they are.

The running mean of a layer follows the weights slowly (momentum 0.1). Where weights move far in a step, it
describes maps that no longer exist: validation, which normalises by it, then measures that rather than the
network.
"""

from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm


@torch.no_grad()
def refresh_statistics(
    module: nn.Module, forward: Callable[[Tensor], object], batches: Iterable[Tensor]
) -> None:
    """Replace the running statistics of ``module`` by the mean over ``batches``.

    Parameters
    ----------
    module
        Its training flags and momenta are left as they were; without batch normalisation nothing happens.
    forward
        What is done with a batch; it runs ``module``.
    batches
        At least one.
    """
    norms = [part for part in module.modules() if isinstance(part, _BatchNorm) and part.track_running_stats]
    if not norms:
        return
    flags = [(part, part.training) for part in module.modules()]
    momenta = [part.momentum for part in norms]
    module.train()
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # a plain mean over the batches
    try:
        for batch in batches:
            forward(batch)
    finally:
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum
        for part, training in flags:
            part.training = training
