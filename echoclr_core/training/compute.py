"""Where and how the arithmetic is done: device, precision, memory format, each with its reason."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

PRECISIONS = ("auto", "fp32", "bf16")
MEMORY_FORMATS = ("auto", "contiguous", "channels_last_3d")
AMPERE = (8, 0)


@dataclass(frozen=True, kw_only=True)
class Compute:
    """The choice for one run.

    Parameters
    ----------
    device
        The device that holds the network.
    precision
        "fp32", or "bf16": autocast to bfloat16 with weights, losses and updates in float32.
    channels_last
        Whether networks and clips are kept in channels_last_3d.
    reason
        Why, in words for the log and the run's record.
    deterministic
        Whether the run's kernels are to be reproducible; see ``training.determinism``.
    """

    device: torch.device
    precision: str
    channels_last: bool
    reason: str
    deterministic: bool = True

    def autocast(self) -> AbstractContextManager:
        """The context of a forward pass."""
        return torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.precision == "bf16")

    def place_module(self, module: nn.Module) -> nn.Module:
        """``module`` on the device, the weights of its 3-D convolutions in the memory format.

        Not ``Module.to(memory_format=...)``: that gives the 4-D weights of 2-D convolutions the format too,
        which they cannot take.
        """
        module = module.to(self.device)
        if self.channels_last:
            for tensor in (*module.parameters(), *module.buffers()):
                if tensor.ndim == 5:
                    tensor.data = tensor.data.contiguous(memory_format=torch.channels_last_3d)
        return module

    def place_clips(self, clips: Tensor) -> Tensor:
        """(B, C, T, H, W) in the memory format; a broadcast channel axis is written out."""
        return clips.contiguous(
            memory_format=torch.channels_last_3d if self.channels_last else torch.contiguous_format
        )

    def describe(self) -> dict[str, str]:
        """The choice as text, for the run's record."""
        return {
            "device": str(self.device),
            "precision": self.precision,
            "memory_format": "channels_last_3d" if self.channels_last else "contiguous",
            "deterministic": str(self.deterministic).lower(),
            "tf32": self._tf32(),
            "reason": self.reason,
        }

    def _tf32(self) -> str:
        """What of float32 a GPU computes with 10 bits of mantissa."""
        if self.device.type != "cuda":
            return "none"
        kinds = {"convolutions": torch.backends.cudnn.conv, "matrix products": torch.backends.cuda.matmul}
        return " and ".join(name for name, kind in kinds.items() if kind.fp32_precision == "tf32") or "none"


def choose_compute(
    device: torch.device,
    precision: str = "auto",
    memory_format: str = "auto",
    *,
    deterministic: bool = True,
    gains_from_bf16: Callable[[torch.device], tuple[bool, str]] | None = None,
) -> Compute:
    """Decide precision and memory format for ``device``.

    The rule of "auto", measured on the networks of this study (docs/pretraining_evidence.md has the numbers):

    - bf16 on a GPU of compute capability 8.0 or more, and on a CPU with AMX or AVX-512 bf16 instructions;
      fp32
      elsewhere, where bfloat16 is emulated and slower.
    - channels_last_3d wherever bf16 is used, and on every CPU.

    Parameters
    ----------
    device
        From :func:`echoclr_core.training.lease_device`.
    precision
        "auto", "fp32" or "bf16"; the last two are taken at their word.
    memory_format
        "auto", "contiguous" or "channels_last_3d".
    deterministic
        Recorded with the choice.
    gains_from_bf16
        Replaces the look at the hardware; returns the verdict and its reason.

    Raises
    ------
    ValueError
        For a value that is not allowed.
    """
    if precision not in PRECISIONS:
        raise ValueError(f"precision must be one of {list(PRECISIONS)}; received {precision!r}")
    if memory_format not in MEMORY_FORMATS:
        raise ValueError(f"memory_format must be one of {list(MEMORY_FORMATS)}; received {memory_format!r}")
    reason = "as configured"
    if precision == "auto":
        gains, reason = (gains_from_bf16 or _gains_from_bf16)(device)
        precision = "bf16" if gains else "fp32"
    channels_last = memory_format == "channels_last_3d"
    if memory_format == "auto":
        channels_last = precision == "bf16" or device.type == "cpu"
    return Compute(
        device=device,
        precision=precision,
        channels_last=channels_last,
        reason=reason,
        deterministic=deterministic,
    )


def _gains_from_bf16(device: torch.device) -> tuple[bool, str]:
    if device.type == "cuda":
        capability = torch.cuda.get_device_capability(device)
        return capability >= AMPERE, f"GPU of compute capability {capability[0]}.{capability[1]}"
    able = torch.cpu.get_capabilities()
    for flag, name in (("amx_bf16", "AMX"), ("avx512_bf16", "AVX-512 bf16")):
        if able.get(flag, False):
            return True, f"CPU with {name} instructions"
    return False, "CPU without bfloat16 instructions"
