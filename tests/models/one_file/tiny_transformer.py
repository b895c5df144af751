"""A video transformer as somebody would add it: this one file, put into echoclr_core/models/encoders/."""

import torch
from torch import Tensor, nn

from echoclr_core.models.encoder import Encoder, EncoderSettings, register

PATCH = 8


class TinyTransformer(Encoder):
    """Tubelets of one frame by 8 x 8 px, encoder layers, the mean over tokens; no batch norm."""

    can_recompute = True

    def __init__(self, width: int, layers: int):
        super().__init__()
        self.features = width
        self.patches = nn.Conv3d(3, width, (1, PATCH, PATCH), stride=(1, PATCH, PATCH))
        self.place = nn.Parameter(torch.randn(64, width) * 0.02)
        self.layers = nn.ModuleList(
            nn.TransformerEncoderLayer(width, 2, 2 * width, dropout=0.0, batch_first=True)
            for _ in range(layers)
        )
        self.map = nn.Identity()

    @property
    def last_block(self) -> nn.Module:
        """Gives the tokens as a feature map (B, width, t, h, w)."""
        return self.map

    def forward(self, clips: Tensor) -> Tensor:
        """(B, 3, T, H, W) float -> (B, width)."""
        maps = self.patches(clips)
        shape = maps.shape
        tokens = maps.flatten(2).transpose(1, 2)  # (B, t h w, width)
        tokens = tokens + self.place[: tokens.shape[1]]
        for layer in self.layers:
            tokens = self.segment(layer, tokens)
        return self.map(tokens.transpose(1, 2).reshape(shape)).mean((2, 3, 4))


@register("tiny_transformer")
def tiny_transformer(settings: EncoderSettings) -> Encoder:
    """``settings.width`` channels, one layer a stage of ``settings.blocks``."""
    return TinyTransformer(settings.width, len(settings.blocks))
