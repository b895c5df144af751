"""Supervised fine-tuning, choice of the learning rate, prediction.

Submodules are loaded when one of their names is first used: the table schemas and ``select_learning_rate``
need no torch.
"""

import importlib

_PLACES = {
    "FinetuneResult": "run",
    "FinetuneSettings": "settings",
    "HISTORY": "tables",
    "PREDICTIONS": "tables",
    "finetune": "run",
    "predict": "scoring",
    "select_learning_rate": "select",
}

__all__ = sorted(_PLACES)


def __getattr__(name: str):
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_PLACES[name]}"), name)
