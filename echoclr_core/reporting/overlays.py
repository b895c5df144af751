"""A saliency map laid over a frame."""

import matplotlib
import numpy as np


def overlay(
    frame: np.ndarray, saliency: np.ndarray, *, scale: float, alpha: float = 0.6, colours: str = "inferno"
) -> np.ndarray:
    """Colour a frame by its map: the stronger the evidence, the more colour covers the picture.

    Where there is no evidence the frame itself is seen, so a weak map looks weak.

    Parameters
    ----------
    frame
        (H, W) uint8.
    saliency
        (H, W) unscaled map, not negative.
    scale
        The map's value that gets the full colour: one number for the whole figure. 0 (no map of the figure
        shows anything) leaves the frame as it is.
    alpha
        Share of the colour there, 0 to 1.
    colours
        A matplotlib colour map.

    Returns
    -------
    (H, W, 3) uint8 ndarray, RGB

    Raises
    ------
    ValueError
        If shapes differ, ``scale`` is negative or ``alpha`` is out of range.
    """
    if frame.shape != saliency.shape or scale < 0 or not 0 <= alpha <= 1:
        raise ValueError(
            f"overlay: frame {frame.shape}, map {saliency.shape}, scale {scale}, alpha {alpha}; shapes must "
            "be equal, scale not negative, alpha from 0 to 1"
        )
    strength = np.clip(saliency / scale, 0, 1) if scale > 0 else np.zeros(frame.shape)
    colour = matplotlib.colormaps[colours](strength)[..., :3] * 255
    share = (alpha * strength)[..., None]
    return np.rint((1 - share) * frame[..., None] + share * colour).astype(np.uint8)
