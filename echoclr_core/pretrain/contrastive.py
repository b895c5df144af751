"""NT-Xent, the normalised temperature-scaled cross-entropy (Eq. 1 of the paper), and its meters."""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from echoclr_core.pretrain.method import PairLoss
from echoclr_core.pretrain.settings import PretrainSettings
from echoclr_core.training import distributed


def nt_xent(z_i: Tensor, z_j: Tensor, temperature: float = 0.5, *, studies: Tensor | None = None) -> Tensor:
    """The mean of NT-Xent over all 2N anchors.

    With unit vectors z, s = z z^T / temperature and p(a) the partner of a, the loss of anchor a is
    -s(a, p(a)) + log sum over b != a of exp s(a, b). One matrix product, O(N^2) memory, in float32 (float64
    for float64 input) whatever the autocast. Identical embeddings give log(2N - 1): a run stuck there has
    collapsed.

    With several processes each passes its own n rows; anchors are its own, negatives are everybody's, and the
    mean over processes of the returned losses is the loss of the joined batch. Average the parameters'
    gradients over processes to get its gradient.

    Parameters
    ----------
    z_i, z_j
        (N, D) embeddings of the two views; row n of one is the partner of row n of the other.
    temperature
        Positive; paper: 0.5.
    studies
        (N,) integers. Given, other items of an anchor's study are left out of its sum instead of counting as
        negatives (its partner stays).

    Returns
    -------
    Tensor
        Scalar.

    Raises
    ------
    ValueError
        For shapes that do not fit or a temperature that is not positive.
    """
    if z_i.ndim != 2 or z_i.shape != z_j.shape or not len(z_i):
        raise ValueError(
            f"z_i and z_j must be (N, D) alike; received {tuple(z_i.shape)} and {tuple(z_j.shape)}"
        )
    if not temperature > 0:
        raise ValueError(f"temperature must be positive; received {temperature}")
    if studies is not None and studies.shape != (len(z_i),):
        raise ValueError(f"studies must be ({len(z_i)},); received {tuple(studies.shape)}")
    with torch.autocast(z_i.device.type, enabled=False):
        scores, partner, _ = pair_scores(z_i, z_j)
        scores = scores / temperature
        if studies is not None:
            scores = scores.masked_fill(_same_study(studies, partner), -math.inf)
        return F.cross_entropy(scores, partner)


def nt_xent_loss(z_i: Tensor, z_j: Tensor, studies: Tensor, settings: PretrainSettings) -> PairLoss:
    """:func:`nt_xent` with the temperature and negatives of the settings, as the loss of a method."""
    loss = nt_xent(z_i, z_j, settings.temperature, studies=studies if settings.mask_same_study else None)
    return PairLoss(loss, {"contrastive_loss": loss})


def nt_xent_chance(settings: PretrainSettings) -> dict[str, float]:
    """What equal embeddings reach."""
    return {"contrastive_loss": math.log(2 * settings.batch_size - 1)}


def pair_scores(z_i: Tensor, z_j: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Cosine similarities of this process's anchors with everybody's embeddings.

    Returns
    -------
    scores : Tensor
        (2n, 2N), an anchor's similarity with itself set to minus infinity; columns are view i of all ranks,
        then view j.
    partner : Tensor
        (2n,) column of each anchor's partner.
    everyone : Tensor
        (2N, D) the unit vectors of the columns.
    """
    dtype = torch.promote_types(z_i.dtype, torch.float32)
    i, j = F.normalize(z_i.to(dtype), dim=1), F.normalize(z_j.to(dtype), dim=1)
    everyone = torch.cat([distributed.gather(i), distributed.gather(j)])
    scores = torch.cat([i, j]) @ everyone.T
    own = torch.arange(len(i), device=i.device) + distributed.rank() * len(i)
    total = len(everyone) // 2
    itself, partner = torch.cat([own, own + total]), torch.cat([own + total, own])
    # In place: neither the product nor the cross-entropy after it needs the entries that were here.
    scores[torch.arange(len(itself), device=i.device), itself] = -math.inf
    return scores, partner, everyone


def _same_study(studies: Tensor, partner: Tensor) -> Tensor:
    """(2n, 2N) bool: true for the others of an anchor's study, its partner excepted."""
    everyone = distributed.gather(studies.to(torch.int64)).repeat(2)
    same = studies.repeat(2)[:, None] == everyone[None, :]
    same[torch.arange(len(partner), device=same.device), partner] = False
    return same


@dataclass(frozen=True, kw_only=True)
class Meters:
    """What is watched beside the loss; sums over this process's 2n anchors, scalars.

    Parameters
    ----------
    hits
        Anchors whose most similar other embedding is their partner (chance: 1 in 2N - 1).
    alignment
        Squared distance of an anchor from its partner, between unit vectors: 0 for equal views, at most 4.
    potential
        exp(-2 d^2) with d an anchor's distance from another embedding, the mean over the others. The log of
        its mean over anchors is the uniformity: 0 for collapse onto one point, near -4 when spread evenly.
        (Alignment and uniformity: Wang and Isola, ICML 2020.)
    spread
        :func:`spread` of everybody's embeddings, times 2n.
    """

    hits: Tensor
    alignment: Tensor
    potential: Tensor
    spread: Tensor


@torch.no_grad()
def contrastive_meters(z_i: Tensor, z_j: Tensor) -> Meters:
    """The meters of one step from the embeddings of both views, (n, D) each."""
    with torch.autocast(z_i.device.type, enabled=False):
        scores, partner, everyone = pair_scores(z_i.detach(), z_j.detach())
        # Rounding takes a cosine past 1: for a collapsed run the mean distance would be below 0.
        scores = scores.clamp(max=1)
        # d^2 = 2 - 2 cos; an anchor's similarity with itself is -inf and adds exp(-inf) = 0.
        cosine = scores.gather(1, partner[:, None]).clamp(min=-1)
        potential = torch.exp(4 * scores - 4).sum() / (scores.shape[1] - 1)
        every = spread(everyone) * len(partner)
    return Meters(
        hits=(scores.argmax(1) == partner).sum(),
        alignment=(2 - 2 * cosine).sum(),
        potential=potential,
        spread=every,
    )


@torch.no_grad()
def spread(z: Tensor) -> Tensor:
    """How far unit embeddings spread: sqrt(D) times the mean standard deviation of a coordinate.

    About 1 for directions spread evenly over the sphere, 0 for collapse onto one point.
    """
    unit = F.normalize(z.detach().float(), dim=1)
    return unit.std(0, correction=0).mean() * math.sqrt(z.shape[1])
