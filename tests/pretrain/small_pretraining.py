"""A pretraining small enough for a test: its encoder, its trainer, its first batch, its specification."""

import dataclasses

import numpy as np
import torch

from echoclr_core.models.encoder import EncoderSettings, build_encoder
from echoclr_core.pretrain.batches import PairBatches
from echoclr_core.pretrain.objective import PretrainModel
from echoclr_core.pretrain.pairs import pretraining_items
from echoclr_core.pretrain.step import PretrainTrainer
from echoclr_core.training.compute import choose_compute

TINY = EncoderSettings(name="r3d", width=4, blocks=(1, 1))


def videos_of(store):
    return store.index[["video_id", "study_id"]]


def specification(folder, settings, name):
    """What ``python -m echoclr_core.pretrain`` is to do with the store and ``videos.parquet`` of a folder.

    State and results go below ``folder / name``.
    """
    own = folder / name
    return {
        "index": [str(folder / "index.parquet")],
        "frames": [str(folder / "frames.npy")],
        "videos": str(folder / "videos.parquet"),
        "encoder": {"name": TINY.name, "width": TINY.width, "blocks": list(TINY.blocks)},
        "settings": dataclasses.asdict(settings),
        "state_dir": str(own / "state"),
        "device": "cpu",
        "output": {part: str(own / part) for part in ("encoder", "history", "timings", "run")},
    }


def trainer_for(settings, seed=0, steps=10, *, dtype=torch.float32, encoder=TINY):
    torch.manual_seed(seed)
    model = PretrainModel(build_encoder(encoder, seed=seed), settings).to(dtype)
    compute = choose_compute(torch.device("cpu"), "fp32")
    return PretrainTrainer(model, settings, compute, steps=steps, epoch_steps=steps)


def tensors_of(batch):
    return {name: torch.from_numpy(v) if isinstance(v, np.ndarray) else v for name, v in batch.items()}


def first_batch(store, settings):
    items = pretraining_items(
        videos_of(store)["study_id"], multi_instance=settings.definition.pairs == "study"
    )
    return tensors_of(PairBatches(store, videos_of(store), items, settings)[0])
