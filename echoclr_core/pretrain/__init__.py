"""Self-supervised pretraining: pairs, frame order, NT-Xent, the training run (SimCLR, MI-SimCLR, EchoCLR).

Submodules are loaded when one of their names is first used: ``study_pairs`` and the table schemas need no
torch.
"""

from echoclr_core.common.lazy import lazy_names

_PLACES = {
    "HISTORY": "tables",
    "METHODS": "settings",
    "PretrainResult": "run",
    "PretrainSettings": "settings",
    "frame_orders": "frame_order",
    "matched_epochs": "pairs",
    "nt_xent": "contrastive",
    "pretrain": "run",
    "pretraining_items": "pairs",
    "study_pairs": "pairs",
}

__all__ = sorted(_PLACES)

__getattr__ = lazy_names(__name__, _PLACES)
