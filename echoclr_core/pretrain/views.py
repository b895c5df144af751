"""What the passes through the encoder show of a batch's clips: in their order, shuffled, or as movement.

n pairs a process, K frames, c shuffled copies of a clip.
"""

from typing import Any

import torch
from torch import Tensor

from echoclr_core.pretrain.settings import PretrainSettings
from echoclr_core.training.inputs import grey_input

MIN_SPREAD = 1e-4  # of a grey range of 1: below it a clip is taken to stand still


def passes(batch: dict[str, Any], settings: PretrainSettings, permutations: Tensor) -> list[Tensor]:
    """The grey clips of each pass through the encoder, (rows, K, h, w) in [0, 1].

    Two passes, view i and view j (one with ``joint_forward``); with ``order_copies`` two more of n x c
    shuffled copies, pair-major, or one more with ``order_input`` "movement". Without copies the clips
    themselves are shuffled (the paper's scheme).
    """
    views = [grey_input(batch["clips"][v], batch["draws"][v], settings.input_size) for v in (0, 1)]
    ordered: list[Tensor] = []
    if settings.shuffled_copies:
        for v in range(settings.order_views):
            copies = views[v].repeat_interleave(settings.shuffled_copies, dim=0)
            ordered.append(shuffle(copies, permutations[batch["orders"][v].flatten()]))
        if settings.movement:
            ordered = [temporal_movement(clips) for clips in ordered]
    elif settings.frame_order:
        views = [shuffle(views[v], permutations[batch["orders"][v, :, 0]]) for v in (0, 1)]
    if settings.joint_forward:
        return [torch.cat(part) for part in (views, ordered) if part]
    return views + ordered


def temporal_movement(clips: Tensor) -> Tensor:
    """(B, K, H, W) less the mean over K, each clip stretched to the standard deviation that it had.

    What stands still fills most of a clip and hides its order (docs/synthetic_evidence.md).
    """
    moving = clips - clips.mean(1, keepdim=True)
    before, after = (part.std((1, 2, 3), keepdim=True) for part in (clips, moving))
    return moving * (before / after.clamp_min(MIN_SPREAD))


def shuffle(clips: Tensor, orders: Tensor) -> Tensor:
    """Frames of (B, K, H, W) in the order of (B, K): position t shows frame ``orders[b, t]``."""
    return torch.take_along_dim(clips, orders[:, :, None, None], dim=1)


def view_passes(settings: PretrainSettings) -> int:
    """How many of :func:`passes` hold the views that NT-Xent sees; those of shuffled copies follow."""
    return 1 if settings.joint_forward else 2
