"""VICReg (Bardes, Ponce and LeCun, ICLR 2022) on pairs of different videos of one study.

It has no negatives: other videos of the anchor's study are pushed away by no term. n rows a process, N of all
processes, D numbers an embedding.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from echoclr_core.pretrain.method import PairLoss, PretrainMethod
from echoclr_core.pretrain.settings import PretrainSettings
from echoclr_core.training import distributed

EPSILON = 1e-4  # added to a variance before its root, as published


def vicreg(z_i: Tensor, z_j: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Invariance, variance and covariance term, scalars, as in the authors' code.

    - invariance: mean over rows and coordinates of the squared difference of partners;
    - variance: mean over coordinates of max(0, 1 - sqrt(var + 1e-4)), mean of both views;
    - covariance: sum of the squared covariances of different coordinates, over D, sum of both views.

    Variance and covariance (divisor N - 1) are over the rows of all processes, gathered with their gradients;
    the invariance is of this process's rows, which are as many in each.

    Parameters
    ----------
    z_i, z_j
        (n, D) embeddings, not normalised.

    Raises
    ------
    ValueError
        For shapes that differ, or fewer than two rows in all processes together: one row has no variance.
    """
    if z_i.ndim != 2 or z_i.shape != z_j.shape:
        raise ValueError(
            f"z_i and z_j must be (N, D) alike; received {tuple(z_i.shape)} and {tuple(z_j.shape)}"
        )
    with torch.autocast(z_i.device.type, enabled=False):
        dtype = torch.promote_types(z_i.dtype, torch.float32)
        z_i, z_j = z_i.to(dtype), z_j.to(dtype)
        views = [distributed.gather(z) for z in (z_i, z_j)]
        if len(views[0]) < 2:
            raise ValueError(f"VICReg needs at least two pairs a batch; received {len(views[0])}")
        variance = torch.stack([F.relu(1 - torch.sqrt(z.var(0) + EPSILON)).mean() for z in views]).mean()
        covariance = torch.stack([_covariance(z) for z in views]).sum()
        return F.mse_loss(z_i, z_j), variance, covariance


def _covariance(z: Tensor) -> Tensor:
    """Squares of the covariance matrix off its diagonal, summed, over the number of coordinates."""
    centred = z - z.mean(0)
    matrix = centred.T @ centred / (len(z) - 1)
    return (matrix.square().sum() - matrix.diagonal().square().sum()) / z.shape[1]


def loss(z_i: Tensor, z_j: Tensor, studies: Tensor, settings: PretrainSettings) -> PairLoss:
    """The weighted sum of the three terms."""
    invariance, variance, covariance = vicreg(z_i, z_j)
    weights = METHOD.options | settings.own_options
    total = (
        weights["invariance_weight"] * invariance
        + weights["variance_weight"] * variance
        + weights["covariance_weight"] * covariance
    )
    parts = {"invariance_loss": invariance, "variance_loss": variance, "covariance_loss": covariance}
    return PairLoss(total, parts)


METHOD = PretrainMethod(
    title="VICReg",
    pairs="study",
    loss=loss,
    options={"invariance_weight": 25.0, "variance_weight": 25.0, "covariance_weight": 1.0},
)
