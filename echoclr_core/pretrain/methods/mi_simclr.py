"""MI-SimCLR: NT-Xent on pairs of different videos of one study (paper, "multi-instance")."""

from echoclr_core.pretrain.contrastive import nt_xent_chance, nt_xent_loss
from echoclr_core.pretrain.method import PretrainMethod

METHOD = PretrainMethod(title="MI-SimCLR", pairs="study", loss=nt_xent_loss, chance=nt_xent_chance)
