"""What pretraining and fine-tuning share: device, precision, seeding, batches, checkpoints, one loop.

Submodules are loaded when one of their names is first used, so that importing the package stays cheap.
"""

from echoclr_core.common.lazy import lazy_names

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
    "lease_gpus": "leasing",
    "lease_several": "leasing",
    "load_batches": "batches",
    "settings_from": "settings",
}

__all__ = sorted(_PLACES)

__getattr__ = lazy_names(__name__, _PLACES)
