"""What every video encoder keeps to, and the register of them by name.

A new encoder is one new file in ``models/encoders/`` with one function under ``@register("name")``.
"""

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from echoclr_core.models.recompute import run_segment


@dataclass(frozen=True, kw_only=True)
class EncoderSettings:
    """Which encoder, and how large.

    Parameters
    ----------
    name
        One of :func:`encoder_names`. "r3d_18" is the paper's.
    width
        Channels of the first stage; each later stage has twice as many. Free for "r3d" only; 64 elsewhere.
    blocks
        Residual blocks of each stage. Free for "r3d" only; (2, 2, 2, 2) elsewhere.
    """

    name: str = "r3d_18"
    width: int = 64
    blocks: tuple[int, ...] = (2, 2, 2, 2)

    def __post_init__(self):
        object.__setattr__(self, "blocks", tuple(int(count) for count in self.blocks))
        if self.width < 1 or not self.blocks or min(self.blocks) < 1:
            raise ValueError(
                "encoder.width and encoder.blocks must be positive; "
                f"received {self.width} and {list(self.blocks)}"
            )


class Encoder(nn.Module):
    """A clip in, one representation out.

    ``forward`` takes (B, 3, T, H, W) float and returns (B, ``features``).

    An encoder that can save memory runs its parts through :meth:`segment` and sets ``can_recompute``.

    Attributes
    ----------
    features : int
        Length of the representation.
    can_recompute : bool
        Whether ``recompute`` has an effect.
    recompute : bool
        Keep no activations inside the segments; the backward pass computes them again (exact).
    """

    features: int
    can_recompute: bool = False
    recompute: bool = False

    def segment(self, module: nn.Module, maps: Tensor) -> Tensor:
        """``module(maps)``, its activations kept or, with ``recompute``, computed again when needed."""
        return run_segment(module, maps, recompute=self.recompute)

    @property
    def last_block(self) -> nn.Module:
        """The module whose output is the last feature map (B, features, t, h, w), for Grad-CAM."""
        raise NotImplementedError(f"{type(self).__name__} must name its last block")


Builder = Callable[[EncoderSettings], Encoder]
_BUILDERS: dict[str, Builder] = {}


def register(name: str) -> Callable[[Builder], Builder]:
    """Enter a function (EncoderSettings -> Encoder, random weights) under ``name``."""

    def enter(builder: Builder) -> Builder:
        assert name not in _BUILDERS, f"two encoders are called {name!r}"
        _BUILDERS[name] = builder
        return builder

    return enter


def _builders() -> dict[str, Builder]:
    package = importlib.import_module("echoclr_core.models.encoders")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{module.name}")
    return _BUILDERS


def encoder_names() -> tuple[str, ...]:
    """The names that ``encoder.name`` may take, sorted."""
    return tuple(sorted(_builders()))


def build_encoder(settings: EncoderSettings, *, seed: int | None = None) -> Encoder:
    """A new encoder with random weights.

    Parameters
    ----------
    settings
        Which one.
    seed
        Seed of the weights (the global torch state is left as it was); None draws from the global state.

    Raises
    ------
    ValueError
        For a name that is not registered, or a size that the encoder does not offer.
    """
    builders = _builders()
    if settings.name not in builders:
        raise ValueError(f"encoder.name {settings.name!r} is not known; allowed are {sorted(builders)}")
    if seed is None:
        return builders[settings.name](settings)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return builders[settings.name](settings)


def as_rgb(clips: Tensor) -> Tensor:
    """Grey clips as three equal channels: (B, T, H, W) or (B, 1, T, H, W) -> (B, 3, T, H, W), a view.

    Clips that already have three channels are returned as they are.
    """
    if clips.ndim == 4:
        clips = clips.unsqueeze(1)
    if clips.ndim != 5 or clips.shape[1] not in (1, 3):
        raise ValueError(f"clips must be (B, T, H, W) or (B, 1 or 3, T, H, W); received {tuple(clips.shape)}")
    return clips.expand(-1, 3, -1, -1, -1)
