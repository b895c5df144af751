"""The pretraining tasks on studies that were not trained on."""

from typing import Any

import pandas as pd
import torch

from echoclr_core.pretrain.batches import PairBatches
from echoclr_core.pretrain.pairs import pretraining_items
from echoclr_core.pretrain.settings import PretrainSettings
from echoclr_core.pretrain.step import PretrainTrainer, objective, passes
from echoclr_core.video.store import ClipStore


@torch.no_grad()
def held_out_accuracy(
    trainer: PretrainTrainer, store: ClipStore, videos: pd.DataFrame, settings: PretrainSettings
) -> dict[str, Any]:
    """Contrastive and frame-order accuracy of a trained model, running statistics in batch normalisation.

    The pairs are those the method would train on, once each, in batches of ``settings.batch_size`` (or one
    batch of all pairs, where there are fewer; an incomplete last batch is dropped), with the training's
    augmentation.

    Returns
    -------
    dict
        validation_pairs and validation_batch (pairs used, pairs a batch), validation_contrastive_accuracy
        with its chance 1/(2N - 1), validation_order_accuracy with its chance 1/K! (None without the task).
        Accuracies are None when the videos make fewer than two pairs.
    """
    items = pretraining_items(
        videos["study_id"],
        multi_instance=settings.multi_instance,
        single_video_studies=settings.single_video_studies,
    )
    size = min(settings.batch_size, len(items))
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
    sums = [0.0, 0.0, 0.0]
    trainer.model.eval()
    for step in range(batches.steps_per_epoch):
        hits = _batch_hits(trainer, batches[step], settings)
        sums = [total + part for total, part in zip(sums, hits, strict=True)]
    trainer.model.train()
    pairs = batches.steps_per_epoch * size
    outcome |= {
        "validation_pairs": pairs,
        "validation_contrastive_accuracy": sums[0] / (2 * pairs),
        "validation_contrastive_chance": 1 / (2 * size - 1),
    }
    if settings.frame_order and sums[2]:
        outcome["validation_order_accuracy"] = sums[1] / sums[2]
        outcome["validation_order_chance"] = 1 / trainer.model.order_head.out_features
    return outcome


def _batch_hits(
    trainer: PretrainTrainer, batch: dict[str, Any], settings: PretrainSettings
) -> tuple[float, float, float]:
    device = trainer.compute.device
    tensors = {
        name: torch.as_tensor(value).to(device) for name, value in batch.items() if name != "video_ids"
    }
    clips = passes(tensors, settings, trainer.permutations)
    features = [
        torch.cat([trainer.encode(chunk) for chunk in part.split(settings.chunk or len(part))])
        for part in clips
    ]
    result = objective(trainer.model, features, tensors, settings)
    whole = float(tensors["whole"].sum()) * max(settings.order_copies, 1)
    return (
        float(result.contrastive_hits),
        0.0 if result.order_hits is None else float(result.order_hits),
        whole,
    )
