"""What stands on an encoder: the projector of pretraining, the classifier of fine-tuning."""

import torch
from torch import Tensor, nn

from echoclr_core.models.encoder import Encoder


class Projector(nn.Sequential):
    """Linear, ReLU, Linear without biases: (B, features) -> (B, out).

    The paper's sizes are 512 -> 256 -> 128; the absence of biases is the released code's.
    """

    def __init__(self, features: int, hidden: int = 256, out: int = 128):
        super().__init__(
            nn.Linear(features, hidden, bias=False), nn.ReLU(), nn.Linear(hidden, out, bias=False)
        )


class Classifier(nn.Module):
    """An encoder, dropout on its representation, and one linear unit: (B, 3, T, H, W) -> (B,) logits.

    The linear unit works in float32 whatever the autocast, so that a logit is never rounded to bfloat16's
    eight bits (which would tie scores).

    Parameters
    ----------
    encoder
        Any :class:`Encoder`.
    dropout
        Probability of dropping a feature, before the linear unit.
    """

    def __init__(self, encoder: Encoder, dropout: float = 0.0):
        super().__init__()
        if not 0 <= dropout < 1:
            raise ValueError(f"dropout must lie in [0, 1); received {dropout}")
        self.encoder = encoder
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(encoder.features, 1)

    def forward(self, clips: Tensor) -> Tensor:
        """(B, 3, T, H, W) float -> (B,) logits of the positive class."""
        features = self.encoder(clips)
        with torch.autocast(features.device.type, enabled=False):
            return self.head(self.dropout(features.to(self.head.weight.dtype))).squeeze(1)
