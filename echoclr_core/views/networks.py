"""The two networks: Zhang et al.'s VGG-16, and a compact one for those without its weights.

Shapes: frames (N, 224, 224) uint8; inside a network (N, 1, H, W) float32 in 0..255; logits (N, C).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from echoclr_core.views.classifier import FRAME_SIZE, check_classes, check_frames

# The 23 views of Zhang et al. (Circulation 2018), in the order of the published checkpoint's outputs.
ZHANG_VIEWS = (
    "plax_far",
    "plax_plax",
    "plax_laz",
    "psax_az",
    "psax_mv",
    "psax_pap",
    "a2c_lvocc_s",
    "a2c_laocc",
    "a2c",
    "a3c_lvocc_s",
    "a3c_laocc",
    "a3c",
    "a4c_lvocc_s",
    "a4c_laocc",
    "a4c",
    "a5c",
    "other",
    "rvinf",
    "psax_avz",
    "suprasternal",
    "subcostal",
    "plax_lac",
    "psax_apex",
)
ZHANG_PLAX = "plax_plax"
ZHANG_OFFSET = 24.0  # grey levels, subtracted before the first convolution
TYPICAL_LEVEL = 0.25  # root mean square of a frame in 0..1 that the compact network works at
DARKEST_LEVEL = 0.02  # keeps a black frame black instead of dividing by 0
VGG_BLOCKS = ((1, 2), (2, 2), (4, 3), (8, 3), (8, 3))  # (multiple of the width, convolutions) a block


class ZhangVGG16(nn.Module):
    """VGG-16 as Zhang et al. 2018 use it: grey minus 24 in three equal channels, dropout 0.5 after fc6, fc7.

    Parameters
    ----------
    n_classes
        Views; 23 in the published network.
    width, hidden, size
        Channels of the first block (64), units of fc6 and fc7 (4096), and height = width of the input (224, a
        multiple of 32). Other values give a smaller network of the same layout.
    """

    kind = "zhang_vgg16"

    def __init__(
        self,
        n_classes: int = len(ZHANG_VIEWS),
        *,
        width: int = 64,
        hidden: int = 4096,
        size: int = FRAME_SIZE,
    ):
        super().__init__()
        assert size % 32 == 0, size
        self.architecture = {"n_classes": n_classes, "width": width, "hidden": hidden, "size": size}
        self.convolutions = nn.ModuleDict()
        channels = 3
        for block, (multiple, count) in enumerate(VGG_BLOCKS, start=1):
            for layer in range(1, count + 1):
                self.convolutions[f"conv{block}_{layer}"] = nn.Conv2d(
                    channels, width * multiple, 3, padding=1
                )
                channels = width * multiple
        self.grid = (channels, size // 32, size // 32)  # (C, H, W) that is flattened
        self.fc6 = nn.Linear(int(np.prod(self.grid)), hidden)
        self.fc7 = nn.Linear(hidden, hidden)
        self.fc8 = nn.Linear(hidden, n_classes)

    def forward(self, frames: Tensor) -> Tensor:
        """Logits (N, C) for frames (N, 1, size, size), 0..255."""
        x = (frames.float() - ZHANG_OFFSET).expand(-1, 3, -1, -1)
        for block, (_, count) in enumerate(VGG_BLOCKS, start=1):
            for layer in range(1, count + 1):
                x = F.relu(self.convolutions[f"conv{block}_{layer}"](x))
            x = F.max_pool2d(x, 2)
        x = F.dropout(F.relu(self.fc6(x.flatten(1))), 0.5, self.training)
        x = F.dropout(F.relu(self.fc7(x)), 0.5, self.training)
        return self.fc8(x)


class CompactViewNet(nn.Module):
    """A small convolutional network for 224 × 224 grey frames, made for the CPU.

    The frame is halved by area first, and each block halves it again. The last 7 × 7 map is pooled to a
    coarse grid rather than to one value, because where in the sector a structure lies tells views apart. Each
    frame is brought to the same root mean square first, since gain differs between machines and patients.

    Parameters
    ----------
    n_classes
        Views.
    width
        Channels of the first block; the others have 2, 4 and 8 times as many.
    grid
        Height and width of the pooled map before the linear layer.
    """

    kind = "compact"

    def __init__(self, n_classes: int, *, width: int = 16, grid: int = 3):
        super().__init__()
        self.architecture = {"n_classes": n_classes, "width": width, "grid": grid}
        blocks: list[nn.Module] = []
        channels = 1
        for multiple in (1, 2, 4, 8):
            out = width * multiple
            blocks += [
                nn.Conv2d(channels, out, 3, stride=2, padding=1, bias=False),
                nn.BatchNorm2d(out),
                nn.ReLU(inplace=True),
            ]
            channels = out
        self.features = nn.Sequential(*blocks)
        self.pool = nn.AdaptiveAvgPool2d(grid)
        self.head = nn.Linear(channels * grid * grid, n_classes)

    @staticmethod
    def halve(frames: Tensor) -> Tensor:
        """Frames (N, 1, 224, 224) of 0..255 as (N, 1, 112, 112) in 0..1, by area."""
        return F.avg_pool2d(frames.float(), 2) / 255.0

    def classify(self, halved: Tensor) -> Tensor:
        """Logits (N, C) for what :meth:`halve` gives."""
        level = halved.square().mean(dim=(1, 2, 3), keepdim=True).sqrt()
        x = halved * (TYPICAL_LEVEL / (level + DARKEST_LEVEL))
        return self.head(self.pool(self.features(x)).flatten(1))

    def forward(self, frames: Tensor) -> Tensor:
        """Logits (N, C) for frames (N, 1, 224, 224), 0..255."""
        return self.classify(self.halve(frames))


NETWORKS = {network.kind: network for network in (ZhangVGG16, CompactViewNet)}


class TorchClassifier:
    """A network with the names of its outputs: a :class:`~echoclr_core.views.classifier.Classifier`.

    Parameters
    ----------
    network
        ZhangVGG16 or CompactViewNet; put in evaluation mode.
    classes, plax
        Names of its outputs in order, and which one is PLAX.
    device
        Where it runs, as torch names it.
    training_digest
        Digest of what it was trained on and how; "" if that is not known (imported weights).

    Raises
    ------
    ValueError
        If the number of classes is not the network's, or the class list is wrong.
    """

    def __init__(
        self,
        network: nn.Module,
        classes: Sequence[str],
        plax: str,
        *,
        device: str = "cpu",
        training_digest: str = "",
    ):
        self.classes = check_classes(classes, plax)
        self.plax = plax
        outputs: int = network.architecture["n_classes"]
        if outputs != len(self.classes):
            raise ValueError(f"classes: {len(self.classes)} names for a network with {outputs} outputs")
        self.device = torch.device(device)
        # Weights in channels_last: the same numbers, about 1.2 times as fast for VGG-16 on a CPU.
        self.network = network.to(self.device, memory_format=torch.channels_last).eval()
        self.training_digest = training_digest

    @property
    def kind(self) -> str:
        """Which network it is: a key of NETWORKS."""
        return self.network.kind

    @property
    def architecture(self) -> dict[str, Any]:
        """Keyword arguments that build the network again."""
        return dict(self.network.architecture)

    @torch.inference_mode()
    def probabilities(self, frames: np.ndarray) -> np.ndarray:
        """Softmax (N, C) float32 for frames (N, 224, 224) uint8, in one pass."""
        frames = check_frames(frames)
        if not len(frames):
            return np.zeros((0, len(self.classes)), dtype=np.float32)
        x = torch.from_numpy(np.ascontiguousarray(frames)).to(self.device)[:, None]
        return self.network(x).float().softmax(dim=1).cpu().numpy()
