"""EchoCLR, the paper's method: the pairs of MI-SimCLR, shuffled in time, and the order of their frames."""

from echoclr_core.pretrain.contrastive import nt_xent_chance, nt_xent_loss
from echoclr_core.pretrain.method import PretrainMethod

METHOD = PretrainMethod(
    title="EchoCLR", pairs="study", loss=nt_xent_loss, frame_order=True, chance=nt_xent_chance
)
