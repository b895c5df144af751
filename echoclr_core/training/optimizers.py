"""torch's optimisers without what prepares them for ``torch.compile``."""

import torch
from torch.optim import Optimizer

PREPARED = ("add_param_group", "load_state_dict", "state_dict", "zero_grad")
"""Methods that torch 2.14 wraps so that ``torch.compile`` leaves them alone."""


def eager(kind: type[Optimizer]) -> type[Optimizer]:
    """The same optimiser for code that is never compiled: the same steps, to the bit, and the same state.

    torch's wrappers import ``torch._dynamo`` when they are first called, which takes two seconds of processor
    time: a third of what a small fine-tuning costs.

    Parameters
    ----------
    kind
        A class of ``torch.optim``.
    """
    methods = {name: _unwrapped(getattr(kind, name)) for name in PREPARED}
    # torch's wrapper of `step` turns gradients off as well
    return type(kind.__name__, (kind,), methods | {"step": torch.no_grad()(_unwrapped(kind.step))})


def _unwrapped(function):
    """What a decorator that used functools.wraps stands around; the function itself where there is none."""
    return getattr(function, "__wrapped__", function)


ADAM = {"adam": eager(torch.optim.Adam), "adamw": eager(torch.optim.AdamW)}
"""Values of ``pretrain.optimizer`` and ``finetune.optimizer`` to their classes."""
