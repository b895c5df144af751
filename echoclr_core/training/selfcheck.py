"""bfloat16 is used only where its gradients are right: each convolution is held against float32 first."""

import dataclasses
import logging

import torch
from torch import Tensor, nn

from echoclr_core.training.compute import Compute

LARGEST_ERROR = 0.05  # Right ones come to 0.004; the wrong ones that were met came to 0.7 and more.
logger = logging.getLogger(__name__)


def checked_compute(
    compute: Compute,
    encoder: nn.Module,
    clip_shape: tuple[int, ...],
    asked: str,
    log: logging.Logger = logger,
) -> Compute:
    """``compute``, or its fp32 form where bf16 gives wrong gradients on this CPU.

    Parameters
    ----------
    compute
        The choice made from the hardware.
    encoder
        On the CPU; its weights and statistics are left alone.
    clip_shape
        (3, T, H, W) of the network's input.
    asked
        The configured precision: with "auto" a fault means fp32 and a warning; with "bf16", ValueError.
    """
    if compute.precision != "bf16" or compute.device.type != "cpu":
        return compute
    wrong = wrong_convolutions(encoder, clip_shape, channels_last=compute.channels_last)
    if not wrong:
        return compute
    told = (
        f"bfloat16 gradients of {len(wrong)} convolutions are wrong on this CPU ({', '.join(wrong[:3])} ...)"
    )
    if asked == "bf16":
        raise ValueError(f"precision is 'bf16' but {told}; allowed here are 'fp32' and 'auto'")
    log.warning("%s: working in fp32", told)
    return dataclasses.replace(compute, precision="fp32", reason=told)


def wrong_convolutions(encoder: nn.Module, clip_shape: tuple[int, ...], *, channels_last: bool) -> list[str]:
    """Names of the encoder's convolutions whose bfloat16 output or gradient is off by more than 5 %, at
    their own shapes.
    """
    shapes: dict[str, tuple[int, ...]] = {}
    hooks = [
        module.register_forward_pre_hook(lambda _, given, name=name: shapes.update({name: given[0].shape}))
        for name, module in encoder.named_modules()
        if isinstance(module, nn.Conv3d)
    ]
    training = encoder.training
    encoder.eval()
    with torch.no_grad():
        encoder(torch.zeros(2, *clip_shape))
    encoder.train(training)
    for hook in hooks:
        hook.remove()
    verdicts: dict[tuple, bool] = {}
    for name, shape in shapes.items():
        conv = encoder.get_submodule(name)
        kind = (
            shape,
            conv.out_channels,
            conv.kernel_size,
            conv.stride,
            conv.padding,
            conv.dilation,
            conv.groups,
        )
        if kind not in verdicts:
            verdicts[kind] = _error(conv, shape, channels_last) < LARGEST_ERROR
        shapes[name] = kind
    return [name for name, kind in shapes.items() if not verdicts[kind]]


def _error(conv: nn.Conv3d, shape: tuple[int, ...], channels_last: bool) -> float:
    layout = torch.channels_last_3d if channels_last else torch.contiguous_format
    draws = torch.Generator().manual_seed(0)
    maps = torch.rand(shape, generator=draws).sub_(0.5).contiguous(memory_format=layout)
    weight = torch.rand(conv.weight.shape, generator=draws).sub_(0.5).contiguous(memory_format=layout)
    exact = _passes(conv, maps, weight, torch.float32)
    rounded = _passes(conv, maps, weight, torch.bfloat16)
    errors = [float((a - b).norm() / a.norm()) for a, b in zip(exact, rounded, strict=True)]
    return max(error if error == error else float("inf") for error in errors)


def _passes(conv: nn.Conv3d, maps: Tensor, weight: Tensor, dtype: torch.dtype) -> list[Tensor]:
    maps, weight = (part.detach().clone().to(dtype).requires_grad_() for part in (maps, weight))
    out = torch.func.functional_call(conv, {"weight": weight}, (maps,))
    back = torch.rand(out.shape, generator=torch.Generator().manual_seed(1)).to(dtype)
    gradients = torch.autograd.grad(out, (maps, weight), back)
    return [part.detach().float() for part in (out, *gradients)]
