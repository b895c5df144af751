"""The pretraining tasks on studies that were not trained on."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import torch

from echoclr_core.common.randomness import generator
from echoclr_core.models.recompute import still_statistics
from echoclr_core.pretrain.batches import PairBatches
from echoclr_core.pretrain.objective import objective, ordered_clips
from echoclr_core.pretrain.pairs import pretraining_items
from echoclr_core.pretrain.plan import pairing_views
from echoclr_core.pretrain.settings import PretrainSettings
from echoclr_core.pretrain.step import PretrainTrainer
from echoclr_core.pretrain.views import passes
from echoclr_core.video.store import ClipStore

MIN_PAIRS = 512


@torch.no_grad()
def held_out_accuracy(
    trainer: PretrainTrainer, store: ClipStore, videos: pd.DataFrame, settings: PretrainSettings
) -> dict[str, Any]:
    """Contrastive and frame-order accuracy of a trained model.

    Batch normalisation uses its running statistics, except for the order of movement
    (``order_input`` "movement"): that pass has none of its own and uses those of each batch.

    A batch holds one pair of each study, so that no negative is of the anchor's own study, let alone its own
    video (with all pairs of few studies in a batch, the accuracy would be bounded far below 1 by other pairs
    with the same video). Batches are drawn anew until they make 512 pairs; larger cohorts draw
    ``settings.batch_size`` studies a batch. Clips are drawn and augmented as in training.

    Returns
    -------
    dict
        validation_pairs and validation_batch (pairs used, pairs a batch), validation_contrastive_accuracy
        with its chance 1/(2N - 1), validation_order_accuracy with its chance 1/K! (None without the task).
        Accuracies are None when there are fewer than two studies.
    """
    items = pretraining_items(
        videos["study_id"],
        multi_instance=settings.multi_instance,
        single_video_studies=settings.single_video_studies,
        views=pairing_views(videos, settings),
    )
    studies = videos["study_id"].to_numpy()[items[:, 0]]
    size = min(settings.batch_size, len(np.unique(studies)))
    outcome: dict[str, Any] = {
        "validation_pairs": 0,
        "validation_batch": size,
        "validation_contrastive_accuracy": None,
        "validation_contrastive_chance": None,
        "validation_order_accuracy": None,
        "validation_order_chance": None,
    }
    if size < 2:
        return outcome
    batches = PairBatches(store, videos, items, settings, batch_size=size, purpose="validation")
    sums = np.zeros(3)
    count = 0
    trainer.model.eval()
    for draw, chosen in enumerate(one_pair_a_study(studies, size, settings.seed)):
        sums += _batch_hits(trainer, batches.of_items(draw, chosen), settings)
        count += len(chosen)
    trainer.model.train()
    outcome |= {
        "validation_pairs": count,
        "validation_contrastive_accuracy": sums[0] / (2 * count),
        "validation_contrastive_chance": 1 / (2 * size - 1),
    }
    if settings.frame_order and sums[2]:
        outcome["validation_order_accuracy"] = sums[1] / sums[2]
        outcome["validation_order_chance"] = 1 / trainer.model.order_head.out_features
    return outcome


def one_pair_a_study(studies: np.ndarray, size: int, seed: int) -> Iterator[np.ndarray]:
    """Batches of ``size`` rows of ``studies``, each of another study, until they make 512 rows.

    Parameters
    ----------
    studies
        (P,) study of each item.
    size
        At most the number of studies.
    seed
        The draws derive from it.
    """
    order = np.argsort(studies, kind="stable")
    rows = np.split(order, np.unique(studies[order], return_index=True)[1][1:])
    for draw in range(math.ceil(MIN_PAIRS / size)):
        rng = generator(seed, "validation pairs", draw)
        chosen = rng.choice(len(rows), size=size, replace=False)
        yield np.array([rng.choice(rows[study]) for study in chosen])


def _batch_hits(trainer: PretrainTrainer, batch: dict[str, Any], settings: PretrainSettings) -> np.ndarray:
    """(3,): anchors that found their partner, orders recognised, clips that have an order."""
    device = trainer.compute.device
    tensors = {
        name: torch.as_tensor(value).to(device) for name, value in batch.items() if name != "video_ids"
    }
    clips = passes(tensors, settings, trainer.permutations)
    features = [_features(trainer, number, part) for number, part in enumerate(clips)]
    result = objective(trainer.model, features, tensors, settings)
    whole = ordered_clips(tensors, settings)
    orders = 0.0 if result.order_hits is None else float(result.order_hits)
    return np.array([float(result.meters.hits), orders, whole])


def _features(trainer: PretrainTrainer, number: int, clips: torch.Tensor) -> torch.Tensor:
    """Representations of pass ``number``, micro-batch by micro-batch; the encoder stays as it was."""
    encoder, movement = trainer.model.encoder, trainer.is_movement(number)
    rows_a_pass = trainer.settings.micro_batch_size or len(clips)
    training = encoder.training
    encoder.train(movement)
    try:
        with still_statistics(encoder, movement):
            return torch.cat([trainer.encode(rows) for rows in clips.split(rows_a_pass)])
    finally:
        encoder.train(training)
