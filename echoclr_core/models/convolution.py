"""A 3-D convolution whose bfloat16 gradient is right on a CPU.

oneDNN 3.12 (in PyTorch 2.14) computes wrong bfloat16 weight gradients of convolutions over few frames,
without an error. Two kinds were met, for kernels of three frames:

- over exactly two frames, on CPUs with AVX-512 bf16 and without AMX (off by 70 % to infinity): clips of 4
  frames in the second stage of these networks, clips of 16 in the fourth;
- over up to 6 frames of 56 x 56 px with 40 to 72 channels, on a CPU with AMX (off by 24 to 140 %): the first
  stage of the paper's network. Six frames are right from 56 channels on.

A few more zero frames, cut off again afterwards, are what the padding adds anyway, so values and gradients
stay the same. ``training.selfcheck`` finds out where they are needed, and how many.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

WRONG_DEPTH = 2


class SafeConv3d(nn.Conv3d):
    """nn.Conv3d that adds zero frames to bfloat16 input on the CPU where its gradient would be wrong.

    Attributes
    ----------
    extra_frames : dict[int, int]
        Number of frames of the input to the number of zero frames that are added.
    """

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.extra_frames = {WRONG_DEPTH: 1}

    def forward(self, maps: Tensor) -> Tensor:
        """(B, C, t, h, w) -> (B, C', t', h', w')."""
        bfloat16 = torch.is_autocast_enabled("cpu") or maps.dtype == torch.bfloat16
        depth = maps.shape[2]
        extra = self.extra_frames.get(depth, 0) if bfloat16 and maps.device.type == "cpu" else 0
        if not extra:
            return super().forward(maps)
        return super().forward(F.pad(maps, (0, 0, 0, 0, 0, extra)))[:, :, :depth]


def safe_convolutions(module: nn.Module) -> nn.Module:
    """Put :class:`SafeConv3d` in place of the convolutions concerned; weights and their names stay.
    Returns ``module``.
    """
    for parent in list(module.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, nn.Conv3d) and _concerned(child):
                parent.register_module(name, _like(child))
    return module


def _concerned(conv: nn.Conv3d) -> bool:
    return (conv.kernel_size[0], conv.stride[0], conv.padding[0], conv.dilation[0]) == (3, 1, 1, 1)


def _like(conv: nn.Conv3d) -> SafeConv3d:
    new = SafeConv3d(
        conv.in_channels,
        conv.out_channels,
        conv.kernel_size,
        stride=conv.stride,
        padding=conv.padding,
        dilation=conv.dilation,
        groups=conv.groups,
        bias=conv.bias is not None,
        device="meta",
    )
    new.weight, new.bias = conv.weight, conv.bias
    return new
