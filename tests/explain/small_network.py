"""A video network small enough to explain in a moment."""

import torch
from torch import nn


class Network(nn.Module):
    """(B, 3, T, H, W) -> (B,) logits; two convolutions and a head."""

    def __init__(self, seed=0):
        super().__init__()
        torch.manual_seed(seed)
        self.stem = nn.Sequential(nn.Conv3d(3, 4, 3, stride=2, padding=1), nn.ReLU())
        self.last_block = nn.Sequential(nn.Conv3d(4, 8, 3, stride=2, padding=1), nn.ReLU())
        self.head = nn.Linear(8, 1)

    def forward(self, clips):
        return self.head(self.last_block(self.stem(clips)).mean((2, 3, 4)))[:, 0]
