"""A precision is used only where its numbers are right: each convolution is compared with float32 on the CPU.

Faults that were met: oneDNN 3.12 computes wrong bfloat16 weight gradients of some 3-D convolutions on CPUs
(see ``models.convolution``), and cuDNN 9.8 to 9.15 had 3-D convolutions that were wrong without an error.
"""

import dataclasses
import logging
from typing import Any

import torch
from torch import Tensor, nn

from echoclr_core.models.convolution import SafeConv3d
from echoclr_core.training.compute import Compute, choose_compute
from echoclr_core.training.determinism import check_layers

MAX_ERROR = 0.05  # Right ones come to 0.004 in bfloat16; the wrong ones that were met came to 0.47 and more.
MAX_EXTRA_FRAMES = 4
PASSES = 2  # clips of the comparison
logger = logging.getLogger(__name__)


def training_compute(
    encoder: nn.Module,
    place: torch.device,
    frame_size: tuple[int, int],
    settings: Any,
    log: logging.Logger = logger,
) -> Compute:
    """Precision and memory format of a training, checked on its encoder.

    Parameters
    ----------
    encoder
        On the CPU; its weights and statistics are left alone.
    place
        The device.
    frame_size
        Height and width of the stored frames, px, where ``settings.input_size`` is None.
    settings
        PretrainSettings or FinetuneSettings.
    log
        Receives a warning.

    Raises
    ------
    ValueError, RuntimeError
        As :func:`checked_compute`; ValueError for layers that cannot be deterministic, where that is asked.
    """
    height, width = (settings.input_size or side for side in frame_size)
    check_layers(encoder, place, settings.deterministic)
    compute = choose_compute(
        place, settings.precision, settings.memory_format, deterministic=settings.deterministic
    )
    shape = (3, settings.clip_length, height, width)
    return checked_compute(compute, encoder, shape, settings.precision, log)


def checked_compute(
    compute: Compute,
    encoder: nn.Module,
    clip_shape: tuple[int, ...],
    asked: str,
    log: logging.Logger = logger,
    *,
    gradients: bool = True,
) -> Compute:
    """``compute``, or its fp32 form where bfloat16 gives wrong numbers on this device.

    float32 on a CPU is what everything is compared with; all else is checked.

    Parameters
    ----------
    compute
        The choice made from the hardware.
    encoder
        On the CPU; its weights and statistics are left alone.
    clip_shape
        (3, T, H, W) of the network's input.
    asked
        The configured precision: with "auto" a fault of bfloat16 means fp32 and a warning; with "bf16",
        ValueError.
    log
        Receives the warning.
    gradients
        False for prediction, which computes none.

    Raises
    ------
    ValueError
        bfloat16 was asked for and is wrong here.
    RuntimeError
        float32 is wrong on this GPU: nothing is left to fall back on.
    """
    if compute.precision == "fp32" and compute.device.type == "cpu":
        return compute
    wrong = wrong_convolutions(encoder, clip_shape, compute=compute, gradients=gradients)
    if wrong and compute.precision == "bf16" and compute.device.type == "cpu":
        wrong = _with_more_frames(encoder, clip_shape, compute, gradients, log)
    if not wrong:
        return compute
    what = "gradients" if gradients else "outputs"
    found = (
        f"{len(wrong)} convolutions are wrong on this {_device_name(compute.device)} ({', '.join(wrong[:3])}"
    )
    found += " ...)" if len(wrong) > 3 else ")"
    if compute.precision == "fp32":
        raise RuntimeError(
            f"float32 {what} of {found}: another version of cuDNN (PyTorch) is needed, or compute.device: cpu"
        )
    if asked == "bf16":
        raise ValueError(
            f"precision is 'bf16' but bfloat16 {what} of {found}; allowed here are 'fp32' and 'auto'"
        )
    log.warning("bfloat16 %s of %s: working in fp32", what, found)
    plain = dataclasses.replace(compute, precision="fp32", reason=f"bfloat16 {what} of {found}")
    return checked_compute(plain, encoder, clip_shape, asked, log, gradients=gradients)


def _device_name(device: torch.device) -> str:
    if device.type != "cuda":
        return "CPU"
    return f"GPU ({torch.cuda.get_device_name(device)}, cuDNN {torch.backends.cudnn.version()})"


def wrong_convolutions(
    encoder: nn.Module, clip_shape: tuple[int, ...], *, compute: Compute, gradients: bool = True
) -> list[str]:
    """Names of the encoder's convolutions whose output or gradient on ``compute`` is off by more than 5 %, at
    their own shapes.
    """
    shapes: dict[str, tuple[int, ...]] = {}
    hooks = [
        module.register_forward_pre_hook(lambda _, inputs, name=name: shapes.update({name: inputs[0].shape}))
        for name, module in encoder.named_modules()
        if isinstance(module, nn.Conv3d)
    ]
    training = encoder.training
    encoder.eval()
    with torch.no_grad():
        encoder(torch.zeros(PASSES, *clip_shape))
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
            verdicts[kind] = _error(conv, shape, compute, gradients) < MAX_ERROR
        shapes[name] = kind
    return [name for name, kind in shapes.items() if not verdicts[kind]]


def _with_more_frames(
    encoder: nn.Module,
    clip_shape: tuple[int, ...],
    compute: Compute,
    gradients: bool,
    log: logging.Logger,
) -> list[str]:
    """The convolutions that stay wrong however many zero frames are added; the others add what they need."""
    safe = {name: part for name, part in encoder.named_modules() if isinstance(part, SafeConv3d)}
    before = {name: dict(part.extra_frames) for name, part in safe.items()}
    for extra in range(1, MAX_EXTRA_FRAMES + 1):
        wrong = wrong_convolutions(encoder, clip_shape, compute=compute, gradients=gradients)
        if not wrong:
            added = {
                name: part.extra_frames for name, part in safe.items() if part.extra_frames != before[name]
            }
            log.info("bfloat16: zero frames added to %d convolutions, whose gradients were wrong", len(added))
            return []
        for name in set(wrong) & safe.keys():
            depths = range(1, clip_shape[1] + 1)
            safe[name].extra_frames = before[name] | dict.fromkeys(depths, extra)
    wrong = wrong_convolutions(encoder, clip_shape, compute=compute, gradients=gradients)
    if wrong:
        for name, part in safe.items():
            part.extra_frames = before[name]
    return wrong


def _error(conv: nn.Conv3d, shape: tuple[int, ...], compute: Compute, gradients: bool) -> float:
    draws = torch.Generator().manual_seed(0)
    maps = torch.rand(shape, generator=draws).sub_(0.5)
    weight = torch.rand(conv.weight.shape, generator=draws).sub_(0.5)
    exact = _passes(conv, maps, weight, gradients)
    layout = torch.channels_last_3d if compute.channels_last else torch.contiguous_format
    dtype = torch.bfloat16 if compute.precision == "bf16" else torch.float32
    there = [part.to(compute.device, dtype).contiguous(memory_format=layout) for part in (maps, weight)]
    rounded = _passes(conv, *there, gradients)
    errors = [float((a - b).norm() / a.norm()) for a, b in zip(exact, rounded, strict=True)]
    return max(error if error == error else float("inf") for error in errors)


def _passes(conv: nn.Conv3d, maps: Tensor, weight: Tensor, gradients: bool) -> list[Tensor]:
    """Output and, with ``gradients``, gradients to input and weight, in float32 on the CPU."""
    maps, weight = (part.detach().clone().requires_grad_(gradients) for part in (maps, weight))
    state = {"weight": weight}
    if conv.bias is not None:
        state["bias"] = torch.zeros_like(conv.bias, device=maps.device, dtype=maps.dtype)
    out = torch.func.functional_call(conv, state, (maps,))
    found = [out]
    if gradients:
        back = torch.rand(out.shape, generator=torch.Generator().manual_seed(1)).to(maps)
        found += torch.autograd.grad(out, (maps, weight), back)
    return [part.detach().float().cpu() for part in found]
