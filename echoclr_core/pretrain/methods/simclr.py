"""SimCLR (Chen et al., ICML 2020): two augmented copies of one clip, no two videos of a study."""

from echoclr_core.pretrain.contrastive import nt_xent_chance, nt_xent_loss
from echoclr_core.pretrain.method import PretrainMethod

METHOD = PretrainMethod(title="SimCLR", pairs="video", loss=nt_xent_loss, chance=nt_xent_chance)
