"""Supervised fine-tuning, choice of the learning rate, prediction.

Submodules are loaded when one of their names is first used: the table schemas and ``select_learning_rate``
need no torch.
"""

from echoclr_core.common.lazy import lazy_names

_PLACES = {
    "FinetuneResult": "run",
    "FinetuneSettings": "settings",
    "HISTORY": "tables",
    "PREDICTIONS": "tables",
    "finetune": "run",
    "predict": "scoring",
    "predict_together": "scoring",
    "select_learning_rate": "select",
}

__all__ = sorted(_PLACES)

__getattr__ = lazy_names(__name__, _PLACES)
