"""What a pretraining method is: which pairs, which views of their clips, which losses.

A method is one file in ``pretrain/methods/`` that assigns ``METHOD``; its name is that of the file.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from torch import Tensor

    from echoclr_core.pretrain.settings import PretrainSettings

PACKAGE = "echoclr_core.pretrain.methods"


class PairLoss(NamedTuple):
    """The loss of a batch of pairs.

    Parameters
    ----------
    total
        Scalar that is minimised, without the frame-order loss.
    parts
        Column of the history, ending in "_loss", to scalar.
    """

    total: Tensor
    parts: dict[str, Tensor]


@dataclass(frozen=True, kw_only=True)
class PretrainMethod:
    """One method. ``title`` and ``options`` are plain values: they are read without importing the file.

    Parameters
    ----------
    title
        Its name in figures and the report.
    pairs
        "study": two different videos of one study, all unique pairs. "video": two augmented copies of one
        clip; an epoch is then one pass over the videos, see ``pretrain.match_steps``.
    loss
        ``loss(z_i, z_j, studies, settings)`` from the projected embeddings of both views, (n, D) each, row n
        of one being the partner of row n of the other; ``studies`` (n,) int64 is the study of each pair. The
        embeddings are those of this process: with several, the mean over processes of ``total`` must be the
        loss of the joined batch (``training.distributed.gather`` gives everybody's rows, with gradients).
    frame_order
        Whether the clips' frames are shuffled and the order is classified from the representation, a
        further loss of weight ``pretrain.order_weight``.
    chance
        Column of the history to the value that guessing reaches, from the settings.
    options
        Options of its own, name to default, set by ``pretrain.method_options.<name>``: numbers, at least 0.
    """

    title: str
    pairs: Literal["study", "video"]
    loss: Callable[[Tensor, Tensor, Tensor, PretrainSettings], PairLoss]
    frame_order: bool = False
    chance: Callable[[PretrainSettings], dict[str, float]] = lambda settings: {}
    options: Mapping[str, float] = field(default_factory=dict)


def pretrain_method(name: str) -> PretrainMethod:
    """The method of this name; the settings refuse names that no file has."""
    method = importlib.import_module(f"{PACKAGE}.{name}").METHOD
    assert isinstance(method, PretrainMethod), f"METHOD of {name} is no PretrainMethod"
    return method
