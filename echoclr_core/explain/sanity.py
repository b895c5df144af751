"""Two questions a saliency map must answer: does it depend on the weights, and does it lie on the image?"""

import copy

import numpy as np
import torch
from scipy import stats
from torch import Tensor, nn

from echoclr_core.common import derive_seed
from echoclr_core.explain.gradcam import class_activation
from echoclr_core.explain.layers import last_conv_block

SCOPES = ("last_block", "all")


def redraw_weights(model: nn.Module, scope: str, *, seed: int = 0) -> nn.Module:
    """A copy of ``model`` in which every weight tensor of ``scope`` has its values shuffled.

    Shuffling keeps each tensor's distribution, so the copy's activations have a sensible size, and loses
    all that was learnt in the arrangement. Batch-norm statistics stay.

    Parameters
    ----------
    scope
        "last_block" (the block Grad-CAM explains) or "all".

    Raises
    ------
    ValueError
        For another scope.
    """
    if scope not in SCOPES:
        raise ValueError(f"scope: {scope!r}; allowed are {list(SCOPES)}")
    model = copy.deepcopy(model)
    part = model if scope == "all" else last_conv_block(model)
    with torch.no_grad():
        for name, weight in part.named_parameters():
            rng = torch.Generator().manual_seed(derive_seed(seed, "redraw", scope, name) >> 1)
            order = torch.randperm(weight.numel(), generator=rng).to(weight.device)
            weight.copy_(weight.flatten()[order].reshape(weight.shape))
    return model


def randomisation_check(
    model: nn.Module,
    clips: list[Tensor],
    maps: list[np.ndarray],
    scope: str,
    *,
    redraws: int = 3,
    seed: int = 0,
) -> np.ndarray:
    """How much of each map survives when the weights are re-drawn (Adebayo et al. 2018).

    Parameters
    ----------
    model, clips
        The model, and its prepared clips (C, T, H, W).
    maps
        Map of each clip by :func:`~echoclr_core.explain.class_activation`.
    scope, redraws, seed
        See :func:`redraw_weights`; the mean over ``redraws`` copies is taken.

    Returns
    -------
    (S,) float64 ndarray
        Spearman's rank correlation of the last block's map with that of the re-drawn model: near 1, the
        map shows the image and the architecture rather than what was learnt. NaN where a map is
        constant (all zero, say) in the model or in every copy.
    """
    found = np.full((redraws, len(clips)), np.nan)
    for number in range(redraws):
        other = redraw_weights(model, scope, seed=derive_seed(seed, number))
        for place, (clip, known) in enumerate(zip(clips, maps, strict=True)):
            found[number, place] = rank_correlation(known, class_activation(other, clip)[0])
    defined = ~np.isnan(found)
    total = np.where(defined, found, 0).sum(axis=0)
    counts = defined.sum(axis=0)
    return np.divide(total, counts, out=np.full(len(clips), np.nan), where=counts > 0)


def rank_correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Spearman's correlation of two maps of one shape (ties get mean ranks); NaN if one is constant."""
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return float("nan")
    return float(stats.spearmanr(a.ravel(), b.ravel()).statistic)


def share_inside(saliency: np.ndarray, region: np.ndarray) -> float:
    """Share of a map's sum that lies where ``region`` (bool, same shape) is True; NaN for an empty map."""
    total = float(saliency.sum(dtype=np.float64))
    return float(saliency[region].sum(dtype=np.float64)) / total if total > 0 else float("nan")


def sector_of(clip: np.ndarray) -> np.ndarray:
    """Pixels (H, W) that are above zero in any frame of a clip (T, H, W)."""
    return (clip > 0).any(axis=0)
