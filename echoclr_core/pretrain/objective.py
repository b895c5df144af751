"""The network of pretraining and the losses of one step.

n pairs a process, K frames, F features, c shuffled copies of a clip.
"""

import math
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from echoclr_core.models.encoder import Encoder
from echoclr_core.models.heads import Projector
from echoclr_core.pretrain.contrastive import Meters, contrastive_meters
from echoclr_core.pretrain.method import PairLoss
from echoclr_core.pretrain.settings import PretrainSettings
from echoclr_core.pretrain.views import view_passes
from echoclr_core.training import distributed


class PretrainModel(nn.Module):
    """The encoder with the heads of pretraining.

    Parameters
    ----------
    encoder
        f() of the paper.
    settings
        Sizes of the projector g(); whether there is a frame-order layer (one linear layer on the
        representation).
    """

    def __init__(self, encoder: Encoder, settings: PretrainSettings):
        super().__init__()
        self.encoder = encoder
        self.projector = Projector(encoder.features, *settings.projector)
        classes = math.factorial(settings.clip_length)
        self.order_head = nn.Linear(encoder.features, classes) if settings.frame_order else None


@dataclass(frozen=True, kw_only=True)
class Objective:
    """The loss parts of one step, and what is counted beside them (sums over this process's rows)."""

    pairs: PairLoss
    order: Tensor | None
    order_hits: Tensor | None
    meters: Meters

    def total(self, order_weight: float) -> Tensor:
        """The loss of the pairs + order_weight x frame-order cross-entropy."""
        return self.pairs.total if self.order is None else self.pairs.total + order_weight * self.order

    def parts(self) -> dict[str, Tensor]:
        """Column of the history to scalar."""
        return self.pairs.parts if self.order is None else {**self.pairs.parts, "order_loss": self.order}


def objective(
    model: PretrainModel, features: list[Tensor], batch: dict[str, Any], settings: PretrainSettings
) -> Objective:
    """Losses from the representations of :func:`passes`, in float32."""
    first = view_passes(settings)
    views = features[0].chunk(2) if settings.joint_forward else features[:first]
    z_i, z_j = (model.projector(part) for part in views)
    pairs = settings.definition.loss(z_i, z_j, batch["studies"], settings)
    order = hits = None
    if model.order_head is not None:
        shuffled = torch.cat(features[first:] or features)
        order, hits = order_loss(model.order_head(shuffled), batch, settings.order_views)
    return Objective(
        pairs=pairs,
        order=order,
        order_hits=hits,
        meters=contrastive_meters(z_i, z_j),
    )


def order_loss(logits: Tensor, batch: dict[str, Any], views: int = 2) -> tuple[Tensor, Tensor]:
    """Cross-entropy of the frame order over the clips that have one, and how many were recognised.

    ``logits`` are of the clips of the first ``views`` views.

    The mean is over the clips of all processes: each process returns its share times their number, so that
    the mean over processes is the loss. 0 when no clip of the batch has an order.
    """
    targets = batch["orders"][:views].flatten()
    # Rows are counted and listed on the CPU, where ``whole`` stays: on a GPU each would be a wait.
    whole = batch["whole"][:views].flatten().repeat_interleave(batch["orders"].shape[2])
    rows = whole.nonzero().squeeze(1).to(logits.device, non_blocking=True)
    logits, targets = logits[rows], targets[rows]
    summed = F.cross_entropy(logits, targets, reduction="sum")
    hits = (logits.detach().argmax(1) == targets).sum()
    return summed * distributed.share_of_ranks(len(rows), summed), hits


def ordered_clips(batch: dict[str, Any], settings: PretrainSettings) -> float:
    """How many shuffled clips of a batch have an order."""
    return float(batch["whole"][: settings.order_views].numpy().sum()) * max(settings.shuffled_copies, 1)
