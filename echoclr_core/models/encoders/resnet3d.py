"""3-D residual networks: torchvision's three, and the same basic blocks at any width and depth.

The children are called as torchvision calls them (``stem``, ``layer1`` ...), so that its Kinetics weights
load name by name. torchvision itself, which takes as long to import as torch, is loaded for its own networks.
"""

from torch import Tensor, nn

from echoclr_core.models.convolution import safe_convolutions
from echoclr_core.models.encoder import Encoder, EncoderSettings, register

TORCHVISION_WIDTH = 64
TORCHVISION_BLOCKS = (2, 2, 2, 2)


class ResNet3D(Encoder):
    """A stem, stages, and the mean over time and space.

    The mean is written out because the backward pass of PyTorch's adaptive pooling is not deterministic on a
    GPU.
    """

    can_recompute = True

    def __init__(self, stem: nn.Module, layers: list[nn.Module], features: int):
        super().__init__()
        self.features = features
        self.stem = stem
        self._layer_names = [f"layer{number}" for number in range(1, len(layers) + 1)]
        for name, layer in zip(self._layer_names, layers, strict=True):
            self.add_module(name, layer)
        safe_convolutions(self)

    @property
    def last_block(self) -> nn.Module:
        """The last residual block; its output is (B, features, t, h, w)."""
        return self.get_submodule(self._layer_names[-1])[-1]

    def forward(self, clips: Tensor) -> Tensor:
        """(B, 3, T, H, W) float -> (B, features)."""
        maps = self.segment(self.stem, clips)
        for name in self._layer_names:
            layer = self.get_submodule(name)
            for part in layer if self.recompute else [layer]:
                maps = self.segment(part, maps)
        return maps.mean((2, 3, 4))


class Block(nn.Module):
    """Two 3x3x3 convolutions with batch norm, and the way around them: (B, C, T, H, W) -> (B, P, t, h, w).

    Parameters
    ----------
    channels, planes
        C and P.
    stride
        Of the first convolution, in time, height and width.
    shortcut
        What brings the input to the output's shape; None where it has it.
    """

    def __init__(self, channels: int, planes: int, stride: int = 1, shortcut: nn.Module | None = None):
        super().__init__()
        self.conv1 = nn.Sequential(
            nn.Conv3d(channels, planes, 3, stride=stride, padding=1, bias=False),
            nn.BatchNorm3d(planes),
            nn.ReLU(inplace=True),
        )
        self.conv2 = nn.Sequential(
            nn.Conv3d(planes, planes, 3, padding=1, bias=False), nn.BatchNorm3d(planes)
        )
        self.relu = nn.ReLU(inplace=True)
        self.downsample = shortcut

    def forward(self, maps: Tensor) -> Tensor:
        """As the class says."""
        around = maps if self.downsample is None else self.downsample(maps)
        return self.relu(self.conv2(self.conv1(maps)) + around)


def _from_torchvision(settings: EncoderSettings) -> ResNet3D:
    from torchvision.models import video

    if settings.width != TORCHVISION_WIDTH or settings.blocks != TORCHVISION_BLOCKS:
        raise ValueError(
            f"encoder.name {settings.name!r} has width {TORCHVISION_WIDTH} and blocks "
            f"{list(TORCHVISION_BLOCKS)}; received width {settings.width} and blocks "
            f"{list(settings.blocks)}: only 'r3d' can be scaled"
        )
    network = getattr(video, settings.name)(weights=None)
    layers = [network.layer1, network.layer2, network.layer3, network.layer4]
    return ResNet3D(network.stem, layers, network.fc.in_features)


@register("r3d_18")
def r3d_18(settings: EncoderSettings) -> Encoder:
    """The paper's encoder: 3-D convolutions throughout, 33.2 million weights, 512 features."""
    return _from_torchvision(settings)


@register("mc3_18")
def mc3_18(settings: EncoderSettings) -> Encoder:
    """3-D convolutions in the first stage, 2-D ones after it; 512 features."""
    return _from_torchvision(settings)


@register("r2plus1d_18")
def r2plus1d_18(settings: EncoderSettings) -> Encoder:
    """Each 3-D convolution split into space and time; 512 features."""
    return _from_torchvision(settings)


@register("r3d")
def r3d(settings: EncoderSettings) -> Encoder:
    """r3d_18's blocks with ``settings.width`` and ``settings.blocks``, for small machines and studies."""
    stem = nn.Sequential(
        nn.Conv3d(3, settings.width, (3, 7, 7), stride=(1, 2, 2), padding=(1, 3, 3), bias=False),
        nn.BatchNorm3d(settings.width),
        nn.ReLU(inplace=True),
    )
    layers, channels = [], settings.width
    for stage, count in enumerate(settings.blocks):
        planes = settings.width * 2**stage
        layers.append(_stage(channels, planes, count, stride=1 if stage == 0 else 2))
        channels = planes
    network = ResNet3D(stem, layers, channels)
    for module in network.modules():
        if isinstance(module, nn.Conv3d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
    return network


def _stage(channels: int, planes: int, count: int, *, stride: int) -> nn.Sequential:
    shortcut = None
    if stride != 1 or channels != planes:
        shortcut = nn.Sequential(
            nn.Conv3d(channels, planes, 1, stride=stride, bias=False), nn.BatchNorm3d(planes)
        )
    first = Block(channels, planes, stride, shortcut)
    return nn.Sequential(first, *(Block(planes, planes) for _ in range(count - 1)))
