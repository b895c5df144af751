"""What pretraining and fine-tuning share: device, precision, seeding, batches, checkpoints, one loop.

Submodules are loaded when one of their names is first used, so that importing the package stays cheap.
"""

import importlib

_PLACES = {
    "Batches": "batches",
    "Checkpoints": "checkpoints",
    "Compute": "compute",
    "EarlyStopping": "early",
    "EXIT_STOPPED": "stopping",
    "Loop": "loop",
    "NonFiniteError": "guard",
    "Stopped": "stopping",
    "Stopper": "stopping",
    "TIMINGS": "progress",
    "choose_compute": "compute",
    "deterministic": "determinism",
    "epoch_order": "batches",
    "lease": "leasing",
    "lease_device": "leasing",
    "load_batches": "batches",
    "settings_from": "settings",
}

__all__ = sorted(_PLACES)


def __getattr__(name: str):
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_PLACES[name]}"), name)
