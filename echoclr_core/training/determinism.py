"""The same numbers from the same seed: reproducible kernels, and a random state per step."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from echoclr_core.common.randomness import derive_seed

# Their CUDA backward adds with atomics, in no fixed order; PyTorch refuses them where reproducible kernels
# are asked for (its page "Reproducibility" has the whole list).
NONDETERMINISTIC_LAYERS = (
    nn.AdaptiveAvgPool2d,
    nn.AdaptiveAvgPool3d,
    nn.AdaptiveMaxPool2d,
    nn.AvgPool3d,
    nn.FractionalMaxPool2d,
    nn.FractionalMaxPool3d,
    nn.MaxPool3d,
    nn.MaxUnpool3d,
    nn.ReflectionPad1d,
    nn.ReflectionPad2d,
    nn.ReflectionPad3d,
    nn.ReplicationPad1d,
    nn.ReplicationPad2d,
    nn.ReplicationPad3d,
    nn.Upsample,
)


def nondeterministic_layers(module: nn.Module) -> list[str]:
    """Names of the layers of ``module`` that have no deterministic backward pass on CUDA."""
    return [
        f"{name} ({type(part).__name__})"
        for name, part in module.named_modules()
        if isinstance(part, NONDETERMINISTIC_LAYERS)
    ]


def check_layers(module: nn.Module, device: torch.device, enabled: bool) -> None:
    """Refuse an encoder whose backward pass cannot be reproducible on ``device``, before the first step.

    Raises
    ------
    ValueError
        Naming the layers and the option.
    """
    found = nondeterministic_layers(module) if enabled and device.type == "cuda" else []
    if found:
        raise ValueError(
            f"compute.deterministic is true, but {len(found)} layers of the encoder have no deterministic "
            f"backward pass on CUDA: {', '.join(found)}. Replace them (a mean over axes instead of adaptive "
            "pooling, a stride instead of max pooling), or set compute.deterministic: false"
        )


@contextmanager
def deterministic(enabled: bool = True) -> Iterator[None]:
    """Reproducible kernels inside; PyTorch's settings and random state are put back afterwards.

    With ``enabled`` false kernels are the fastest ones, and a run repeated or resumed on a GPU may differ in
    the last digits; random draws are the same.

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
    torch.use_deterministic_algorithms(enabled)
    torch.backends.cudnn.benchmark = not enabled
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
