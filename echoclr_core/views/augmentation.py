"""Mild changes of single frames while a view classifier learns. No flip: handedness tells views apart."""

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class ViewAugmentSettings:
    """How far a frame is changed at most; 0 (gain: 1) leaves it as it is.

    Parameters
    ----------
    shift
        Translation along each axis, as a share of the frame, drawn from -shift to shift.
    degrees
        Rotation about the centre, drawn from -degrees to degrees.
    gain
        Brightness factor, at least 1; drawn between 1/gain and gain, evenly on a log scale.
    """

    shift: float = 0.06
    degrees: float = 7.0
    gain: float = 1.3

    def __post_init__(self) -> None:
        if not 0 <= self.shift < 1:
            raise ValueError(f"shift: {self.shift}; allowed is 0 to below 1, a share of the frame")
        if not 0 <= self.degrees <= 180:
            raise ValueError(f"degrees: {self.degrees}; allowed is 0 to 180")
        if not self.gain >= 1:
            raise ValueError(f"gain: {self.gain}; allowed is a factor of at least 1")


def draw(settings: ViewAugmentSettings, n: int, rng: np.random.Generator) -> np.ndarray:
    """Draws (n, 4) float32: shift right and down (share of the frame), degrees anticlockwise, gain."""
    unit = rng.uniform(-1, 1, size=(n, 4))
    changes = [settings.shift * unit[:, 0], settings.shift * unit[:, 1], settings.degrees * unit[:, 2]]
    return np.stack([*changes, settings.gain ** unit[:, 3]], axis=1).astype(np.float32)


def augment(frames: Tensor, draws: Tensor) -> Tensor:
    """Rotate and shift each frame, then multiply it by its gain; outside is 0.

    Parameters
    ----------
    frames
        (N, 1, S, S) float in 0..1.
    draws
        (N, 4) from :func:`draw`.

    Returns
    -------
    Tensor
        As ``frames``, clipped at 1 as a display saturates.
    """
    right, down, degrees, gain = draws.unbind(1)
    cos, sin = torch.cos(torch.deg2rad(degrees)), torch.sin(torch.deg2rad(degrees))
    # affine_grid maps where a pixel goes to where it comes from, in -1..1: hence the inverse and the 2.
    rotation = torch.stack([torch.stack([cos, -sin], 1), torch.stack([sin, cos], 1)], 1)  # (N, 2, 2)
    offset = -rotation @ torch.stack([2 * right, 2 * down], 1)[..., None]
    grid = F.affine_grid(torch.cat([rotation, offset], 2), list(frames.shape), align_corners=False)
    moved = F.grid_sample(frames, grid, align_corners=False)
    return (moved * gain[:, None, None, None]).clamp_(max=1.0)
