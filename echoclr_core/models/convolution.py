"""A 3-D convolution whose bfloat16 gradient is right on a CPU.

oneDNN 3.12 (in PyTorch 2.14) computes a wrong weight gradient (off by 70 % to infinity) for bfloat16
convolutions with a kernel of three frames over exactly two frames on CPUs with AVX-512 bf16 and without AMX.
These networks meet that shape: clips of 4 frames in the second stage, clips of 16 in the fourth. One more
zero frame, cut off again afterwards, is what the padding adds anyway, so values and gradients stay the same.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

WRONG_DEPTH = 2


class SafeConv3d(nn.Conv3d):
    """nn.Conv3d that goes round two-frame bfloat16 input on the CPU."""

    def forward(self, maps: Tensor) -> Tensor:
        """(B, C, t, h, w) -> (B, C', t', h', w')."""
        bfloat16 = torch.is_autocast_enabled("cpu") or maps.dtype == torch.bfloat16
        if maps.device.type != "cpu" or not bfloat16 or maps.shape[2] != WRONG_DEPTH:
            return super().forward(maps)
        return super().forward(F.pad(maps, (0, 0, 0, 0, 0, 1)))[:, :, :WRONG_DEPTH]


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
