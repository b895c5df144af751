"""torchvision's further video networks: S3D, MViT v2 S, Swin3D T.

The tensors are called as in torchvision behind "network.", without the classification layer. The
representation is the mean over time and space of the last feature map, which is also what Grad-CAM reads.
Stochastic depth is off: a repeated or resumed run must draw nothing from the global random state.
"""

from torch import Tensor, nn

from echoclr_core.models.convolution import safe_convolutions
from echoclr_core.models.encoder import Encoder, EncoderSettings, register


class MappedEncoder(Encoder):
    """A network whose last feature map is averaged over time and space.

    Parameters
    ----------
    network
        Of torchvision; its classification layer is left out.
    head
        Name of that layer.
    features
        Channels of the last feature map.
    """

    can_recompute = True

    def __init__(self, network: nn.Module, head: str, features: int):
        super().__init__()
        self.features = features
        setattr(network, head, nn.Identity())
        for part in network.modules():
            if type(part).__name__ == "StochasticDepth":
                part.p = 0.0
        self.network = safe_convolutions(network)
        self.maps = nn.Identity()

    @property
    def last_block(self) -> nn.Module:
        """Its output is the last feature map, (B, features, t, h, w)."""
        return self.maps

    def last_maps(self, clips: Tensor) -> Tensor:
        """(B, 3, T, H, W) -> (B, features, t, h, w)."""
        raise NotImplementedError(f"{type(self).__name__} must compute its last feature map")

    def forward(self, clips: Tensor) -> Tensor:
        """(B, 3, T, H, W) float -> (B, features)."""
        return self.maps(self.last_maps(clips)).mean((2, 3, 4))


class S3DEncoder(MappedEncoder):
    """Separable 3-D Inception; t, h, w are about T/8, H/32, W/32, at least 1.

    Clips of fewer than 8 frames reach the last pooling with one map in time, which is then pooled alone.
    """

    def last_maps(self, clips: Tensor) -> Tensor:
        """As the class above says."""
        maps = clips
        for stage in self.network.features:
            if stage is self.network.features[-3] and maps.shape[2] == 1:
                maps = maps.expand(-1, -1, 2, -1, -1)  # the last pooling takes two
            maps = self.segment(stage, maps)
        return maps


class SwinEncoder(MappedEncoder):
    """Attention in shifted windows over time and space; t, h, w are T/2, H/32, W/32, rounded up."""

    def last_maps(self, clips: Tensor) -> Tensor:
        """As the class above says."""
        tokens = self.network.pos_drop(self.network.patch_embed(clips))
        for stage in self.network.features:
            tokens = self.segment(stage, tokens)
        return self.network.norm(tokens).permute(0, 4, 1, 2, 3)


class MViTEncoder(MappedEncoder):
    """Multiscale attention over a token for each patch; t, h, w are T/2, H/32, W/32, rounded up.

    torchvision fixes 16 frames of 224 x 224 px. Here the grid of patches follows the clip, and the relative
    positions are interpolated to it. Activations are kept: the blocks pass the grid on beside the tokens.
    """

    can_recompute = False

    def last_maps(self, clips: Tensor) -> Tensor:
        """As the class above says."""
        patches = self.network.conv_proj(clips)
        grid = tuple(patches.shape[2:])
        tokens = self.network.pos_encoding(patches.flatten(2).transpose(1, 2))
        for block in self.network.blocks:
            tokens, grid = block(tokens, grid)
        maps = self.network.norm(tokens)[:, 1:].transpose(1, 2)  # without the class token
        return maps.reshape(len(maps), self.features, *grid)


def _network(settings: EncoderSettings) -> nn.Module:
    from torchvision.models import video

    default = EncoderSettings()
    if (settings.width, settings.blocks) != (default.width, default.blocks):
        raise ValueError(
            f"encoder.name {settings.name!r} has one size; received width {settings.width} and blocks "
            f"{list(settings.blocks)}: only 'r3d' can be scaled"
        )
    return getattr(video, settings.name)(weights=None)


@register("s3d")
def s3d(settings: EncoderSettings) -> Encoder:
    """S3D: 7.9 million weights, 1,024 features; clips of 16 frames or more are its design."""
    return S3DEncoder(_network(settings), "classifier", 1024)


@register("swin3d_t")
def swin3d_t(settings: EncoderSettings) -> Encoder:
    """Swin3D T: 27.9 million weights, 768 features."""
    return SwinEncoder(_network(settings), "head", 768)


@register("mvit_v2_s")
def mvit_v2_s(settings: EncoderSettings) -> Encoder:
    """MViT v2 S: 34.2 million weights, 768 features."""
    return MViTEncoder(_network(settings), "head", 768)
