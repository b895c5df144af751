"""Grad-CAM of a video classifier. C channels, T frames, H rows, W columns; lower case: in the last block.

Paper, "Model interpretability": the last convolution block of a 3D ResNet-18 gives 4×7×7 (time, height,
width) for a clip of 32×112×112; that map is interpolated to the clip's size by scipy's zoom.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from captum.attr import LayerGradCam
from numpy.typing import ArrayLike
from scipy import ndimage
from torch import Tensor, nn

from echoclr_core.explain.layers import last_conv_block


def grad_cam(
    model: nn.Module,
    clip: ArrayLike | Tensor,
    layer: nn.Module | None = None,
    zoom_order: int = 1,
    *,
    target: int | None = None,
) -> np.ndarray:
    """Where in a clip the evidence for the positive class lies.

    Parameters
    ----------
    model
        Takes (1, C, T, H, W), returns one logit, (1,) or (1, 1), or several with ``target``. It is
        used in evaluation mode; its training flags and gradients are left as they were.
    clip
        (C, T, H, W) float, prepared as the model was trained; or (T, H, W) uint8 as it is stored, for a model
        that prepares clips itself (``echoclr_core.models.load``).
    layer
        Its output (1, c, t, h, w) is explained; None for the last convolution block.
    zoom_order
        Order of the spline; 1 (linear) never goes beyond the values of the map.
    target
        Class of a model with several outputs.

    Returns
    -------
    (T, H, W) float32 ndarray
        In [0, 1], scaled by the map's own maximum; zeros where nothing speaks for the class. Since
        each clip is stretched to 1, maps of different clips or models must not be compared by it: use
        :func:`raw_grad_cam` there.

    Raises
    ------
    ValueError
        For another shape of clip or output, a layer without maps, or numbers that are not finite.

    See Also
    --------
    echoclr_core.models.load : a model that takes clips as they are stored.
    echoclr_core.reporting.movie.write_movie : a film of frames.

    Examples
    --------
    >>> from echoclr_core.models.loading import load
    >>> from echoclr_core.video.store import ClipStore
    >>> clip = ClipStore.open_folder("clips").clip("v_00", start=0, length=4)
    >>> volume = grad_cam(load("model.safetensors"), clip)
    >>> volume.shape, float(volume.max()) <= 1
    ((4, 16, 16), True)
    """
    raw = raw_grad_cam(model, clip, layer, zoom_order, target=target)
    top = raw.max()
    return raw / top if top > 0 else raw


def raw_grad_cam(
    model: nn.Module,
    clip: ArrayLike | Tensor,
    layer: nn.Module | None = None,
    zoom_order: int = 1,
    *,
    target: int | None = None,
) -> np.ndarray:
    """:func:`grad_cam` without the scaling: (T, H, W) float32, not negative, in units of the logit.

    For a network that ends in a mean over time and space and one linear unit, the map of the last block
    before ReLU sums to the logit less its bias, so one scale serves several clips and models.
    """
    coarse, _ = class_activation(model, clip, layer, target=target)
    return zoom_map(coarse, tuple(np.shape(clip)[-3:]), zoom_order)


def class_activation(
    model: nn.Module, clip: ArrayLike | Tensor, layer: nn.Module | None = None, *, target: int | None = None
) -> tuple[np.ndarray, float]:
    """The map of the layer itself, and the logit that it explains, from one pass.

    ReLU(Σ_c w_c · A_c) with A the layer's output and w_c the mean over (t, h, w) of the logit's gradient
    with respect to A_c (Selvaraju et al. 2017).

    Returns
    -------
    map
        (t, h, w) float32, not negative.
    logit
        Output of the model for this very clip.
    """
    signed, logit = signed_activation(model, clip, layer, target=target)
    return np.clip(signed, 0, None), logit


def signed_activation(
    model: nn.Module, clip: ArrayLike | Tensor, layer: nn.Module | None = None, *, target: int | None = None
) -> tuple[np.ndarray, float]:
    """:func:`class_activation` before ReLU: what speaks for the class is positive, against it negative."""
    layer = last_conv_block(model) if layer is None else layer
    values = _as_input(model, clip)
    logits: list[float] = []

    def forward(clips: Tensor) -> Tensor:
        output = _one_logit(model(clips), target)
        logits.append(float(output.detach()))
        return output

    # Enabled here since callers often stand inside torch.no_grad().
    with _evaluation_mode(model), torch.inference_mode(False), torch.enable_grad():
        explained = LayerGradCam(forward, layer).attribute(
            values.clone().requires_grad_(), relu_attributions=False
        )
    if not isinstance(explained, Tensor) or explained.ndim != 5:
        raise ValueError(f"Grad-CAM: the layer {type(layer).__name__} does not give maps (1, c, t, h, w)")
    coarse = explained.detach()[0, 0].float().cpu().numpy()
    if not np.isfinite(coarse).all() or not np.isfinite(logits[0]):
        raise ValueError("Grad-CAM: the model gives numbers that are not finite for this clip")
    return coarse, logits[0]


def zoom_map(coarse: np.ndarray, size: tuple[int, ...], order: int = 1) -> np.ndarray:
    """Interpolate a map (t, h, w) to ``size`` (T, H, W), corner to corner; float32, not negative."""
    factors = [new / old for new, old in zip(size, coarse.shape, strict=True)]
    # mode="nearest": with scipy's default a rounding error at the far border can give zeros there.
    zoomed = ndimage.zoom(coarse.astype(np.float32), factors, order=order, mode="nearest")
    assert zoomed.shape == tuple(size), f"zoomed to {zoomed.shape}, wanted {size}"
    return np.clip(zoomed, 0, None)  # splines of a higher order overshoot


def _as_input(model: nn.Module, clip: ArrayLike | Tensor) -> Tensor:
    clip = torch.as_tensor(clip)
    if clip.dtype == torch.uint8 and clip.ndim == 3 and hasattr(model, "prepare"):
        return model.prepare(clip)
    if clip.ndim != 4 or not clip.is_floating_point() or 0 in clip.shape:
        raise ValueError(f"clip: {clip.dtype} {tuple(clip.shape)}; allowed is a float clip (C, T, H, W)")
    weight = next(model.parameters(), torch.empty(0))
    return clip.detach()[None].to(device=weight.device, dtype=weight.dtype)


def _one_logit(output: Tensor, target: int | None) -> Tensor:
    """(1,) logit to explain."""
    flat = output.reshape(len(output), -1)
    if flat.shape[1] > 1 and target is None:
        raise ValueError(f"Grad-CAM: the model has {flat.shape[1]} outputs; 'target' must name one")
    if target is not None and not 0 <= target < flat.shape[1]:
        raise ValueError(f"target: {target}; allowed is 0 to {flat.shape[1] - 1}")
    return flat[:, target or 0]


@contextmanager
def _evaluation_mode(model: nn.Module) -> Iterator[None]:
    """Evaluation mode, nothing in place; on leaving, each module gets back its own flags (they may differ).

    A ReLU in place right after the explained layer would overwrite the very maps that are explained.
    """
    flags = [(module, module.training, getattr(module, "inplace", None)) for module in model.modules()]
    model.eval()
    for module, _, inplace in flags:
        if inplace is not None:
            module.inplace = False
    try:
        yield
    finally:
        for module, training, inplace in flags:
            module.training = training
            if inplace is not None:
                module.inplace = inplace
