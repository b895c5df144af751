"""Self-supervised pretraining: pairs, frame order, NT-Xent, the training run (SimCLR, MI-SimCLR, EchoCLR)."""

from echoclr_core.pretrain.contrastive import nt_xent
from echoclr_core.pretrain.frame_order import frame_orders
from echoclr_core.pretrain.pairs import study_pairs

__all__ = ["frame_orders", "nt_xent", "study_pairs"]
