"""Does a saliency map depend on what was learnt? Weights redrawn part by part (Adebayo et al. 2018)."""

import copy
from collections.abc import Sequence

import numpy as np
import torch
from scipy import stats
from torch import Tensor, nn

from echoclr_core.common.randomness import derive_seed
from echoclr_core.explain.gradcam import signed_activation
from echoclr_core.explain.layers import last_conv_block


def cascade_stages(model: nn.Module, layer: nn.Module | None = None) -> list[str]:
    """Names of the parts of ``model`` with weights, from the output to the input.

    The parts are the model's children; the child that holds ``layer`` (None: the last convolution block) is
    opened up, again and again, until ``layer`` is a part itself. For torchvision's r3d_18: fc, layer4,
    layer3, layer2, layer1, stem. Children must be registered in the order of the computation.
    """
    layer = last_conv_block(model) if layer is None else layer
    path = next(name for name, module in model.named_modules() if module is layer)
    found: list[str] = []

    def walk(part: nn.Module, name: str) -> None:
        for child_name, child in part.named_children():
            place = f"{name}.{child_name}" if name else child_name
            if path.startswith(f"{place}."):
                walk(child, place)
            elif any(True for _ in child.parameters()):
                found.append(place)

    walk(model, "")
    return found[::-1]


def redraw_weights(model: nn.Module, parts: Sequence[str], *, seed: int = 0) -> nn.Module:
    """A copy of ``model`` in which every weight tensor of ``parts`` has its values shuffled.

    Shuffling keeps each tensor's distribution, so the copy's activations have a sensible size, and loses
    all that was learnt in the arrangement. Batch-norm statistics stay.

    Parameters
    ----------
    parts
        Names as :func:`cascade_stages` gives them.

    Raises
    ------
    ValueError
        For a part that the model does not have.
    """
    known = dict(model.named_modules())
    unknown = [part for part in parts if part not in known]
    if unknown:
        raise ValueError(f"parts: {unknown} are not in the model; it has {cascade_stages(model)}")
    model = copy.deepcopy(model)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if any(name.startswith(f"{part}.") for part in parts):
                rng = torch.Generator().manual_seed(derive_seed(seed, "redraw", name) >> 1)
                order = torch.randperm(weight.numel(), generator=rng).to(weight.device)
                weight.copy_(weight.flatten()[order].reshape(weight.shape))
    return model


def randomisation_cascade(
    model: nn.Module, clips: Sequence[Tensor], *, n_randomisations: int = 3, seed: int = 0
) -> np.ndarray:
    """How much of each map survives when the weights are redrawn, from the output down to the input.

    Parameters
    ----------
    model, clips
        The model, and its prepared clips (C, T, H, W).
    n_randomisations, seed
        The mean over ``n_randomisations`` independent copies is taken.

    Returns
    -------
    (L, S) float64 ndarray
        Row l: after redrawing the first l + 1 parts of :func:`cascade_stages`, Spearman's rank correlation
        of the last block's map with that of the trained model. Near 1, the map shows the image and the
        architecture rather than what was learnt. The maps are compared before ReLU, for a redrawn model
        often speaks against the class everywhere. NaN where a map is constant in the model or in every copy.
    """
    stages = cascade_stages(model)
    trained = [signed_activation(model, clip)[0] for clip in clips]
    found = np.full((n_randomisations, len(stages), len(clips)), np.nan)
    for number in range(n_randomisations):
        for depth in range(len(stages)):
            # Parts that were redrawn before keep their draw, so that one row adds one part to the row above.
            other = redraw_weights(model, stages[: depth + 1], seed=derive_seed(seed, number))
            for place, (clip, known) in enumerate(zip(clips, trained, strict=True)):
                found[number, depth, place] = rank_correlation(known, signed_activation(other, clip)[0])
    return _mean_of_known(found)


def rank_correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Spearman's correlation of two maps of one shape (ties get mean ranks); NaN if one is constant."""
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return float("nan")
    return float(stats.spearmanr(a.ravel(), b.ravel()).statistic)


def _mean_of_known(values: np.ndarray) -> np.ndarray:
    """Mean over the first axis of what is not NaN; NaN where nothing is known."""
    known = ~np.isnan(values)
    counts = known.sum(axis=0)
    total = np.where(known, values, 0).sum(axis=0)
    return np.divide(total, counts, out=np.full(counts.shape, np.nan), where=counts > 0)
