"""What learning rates do to Adam on the demo's cohort: how far a step turns the weights, what is learned.

Run ``python benchmarks/evidence/learning_rate.py`` after ``make demo``. One layer before batch norm is
watched: the length of its weights, and the angle by which a step turns them, which is all that counts behind
batch norm.
"""

import argparse
import dataclasses
import json
import math
from pathlib import Path

import pandas as pd
import torch

from echoclr_core.models.encoder import EncoderSettings, build_encoder
from echoclr_core.options.augmentation import AugmentationOptions
from echoclr_core.pretrain.batches import PairBatches
from echoclr_core.pretrain.objective import PretrainModel
from echoclr_core.pretrain.pairs import pretraining_items
from echoclr_core.pretrain.plan import validate_videos
from echoclr_core.pretrain.settings import PretrainSettings
from echoclr_core.pretrain.step import PretrainTrainer
from echoclr_core.pretrain.validate import held_out_accuracy
from echoclr_core.training.batches import load_batches
from echoclr_core.training.compute import choose_compute
from echoclr_core.training.determinism import deterministic
from echoclr_core.video.store import ClipStore

LAYER = "encoder.layer2.0.conv1.0.weight"
RATES = {"1e-3": {"learning_rate": 1e-3}, "1e-2": {"learning_rate": 1e-2}, "0.1": {"learning_rate": 0.1}}
RATES["0.1, warm-up 50, cosine, clip 1"] = {
    "learning_rate": 0.1,
    "warmup_steps": 50,
    "schedule": "cosine",
    "clip_grad": 1.0,
}


def train(store: ClipStore, videos: pd.DataFrame, settings: PretrainSettings, steps: int) -> dict:
    """Train for ``steps`` steps and tell what was seen."""
    training, held_out = (validate_videos(videos[videos["set"] == name]) for name in ("train", "val"))
    items = pretraining_items(training["study_id"], multi_instance=settings.multi_instance)
    batches = PairBatches(store, training, items, settings)
    torch.manual_seed(settings.seed)
    encoder = build_encoder(EncoderSettings(name="r3d", width=16, blocks=(1, 1, 1, 1)), seed=settings.seed)
    trainer = PretrainTrainer(
        PretrainModel(encoder, settings),
        settings,
        choose_compute(torch.device("cpu")),
        steps=steps,
        epoch_steps=batches.steps_per_epoch,
    )
    weight = dict(trainer.model.named_parameters())[LAYER]
    turns, lengths, loss = [], [float(weight.detach().norm())], math.nan
    for step, batch in enumerate(load_batches(batches, 0, steps)):
        before = weight.detach().clone()
        loss = trainer.step(batch, step)["contrastive_loss"][0]
        cosine = torch.cosine_similarity(before.flatten(), weight.detach().flatten(), dim=0)
        turns.append(math.acos(min(float(cosine), 1.0)))
        lengths.append(float(weight.detach().norm()))
    found = held_out_accuracy(trainer, store, held_out, settings)
    return {
        "first": math.degrees(turns[0]),
        "later": math.degrees(sum(turns[-20:]) / 20),
        "longer": lengths[-1] / lengths[0],
        "loss": loss,
        "found": found["validation_contrastive_accuracy"],
        "chance": found["validation_contrastive_chance"],
    }


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--results", type=Path, default=Path("results/demo"))
    parser.add_argument("--steps", type=int, default=300)
    arguments = parser.parse_args()
    results = arguments.results
    if not (results / "clips/store.json").exists():
        print(f"nothing at {results}: run `make demo` first")
        return
    shards = sorted(json.loads((results / "clips/store.json").read_text(encoding="utf-8"))["shards"])
    store = ClipStore.open(
        [results / f"clips/{shard}.parquet" for shard in shards],
        [results / f"clips/{shard}.npy" for shard in shards],
    )
    videos = pd.read_parquet(results / "cohort/videos.parquet")
    torch.set_num_threads(1)
    base = PretrainSettings(
        method="mi_simclr", batch_size=32, input_size=56, augmentation=AugmentationOptions(pad=4), seed=2024
    )
    print(f"MI-SimCLR, {arguments.steps} steps of 32 pairs; turn of {LAYER} a step, in degrees")
    print(f"{'learning rate':<34}{'first':>8}{'last 20':>9}{'longer':>8}{'loss':>7}{'found':>7}{'chance':>8}")
    for name, fields in RATES.items():
        with deterministic():
            seen = train(store, videos, dataclasses.replace(base, **fields), arguments.steps)
        print(
            f"{name:<34}{seen['first']:>8.1f}{seen['later']:>9.2f}{seen['longer']:>7.1f}x{seen['loss']:>7.2f}"
            f"{seen['found']:>7.3f}{seen['chance']:>8.3f}"
        )


if __name__ == "__main__":
    main()
