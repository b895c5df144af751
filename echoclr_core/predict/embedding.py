"""How far a video lies from the training videos in a model's representation."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import safetensors.numpy
import torch

from echoclr_core.common.files import atomic_path
from echoclr_core.finetune.scoring import EvaluationBatches, scoring_compute
from echoclr_core.finetune.settings import FinetuneSettings
from echoclr_core.models.heads import Classifier
from echoclr_core.training.batches import load_batches
from echoclr_core.training.inputs import grey_input, network_input
from echoclr_core.training.leasing import lease_device
from echoclr_core.video.store import ClipStore

MIN_VIDEOS = 10  # of fewer no covariance is told


@torch.no_grad()
def embed_videos(
    model: Classifier,
    store: ClipStore,
    video_ids: Sequence[str],
    settings: FinetuneSettings,
    *,
    device: str = "cpu",
    precision: str = "fp32",
    workers: int = 0,
) -> np.ndarray:
    """Representation of each video, (V, features) float64: the mean over its evenly spaced clips."""
    with lease_device(device) as place:
        compute = scoring_compute(place, precision, settings, store, model)
        compute.place_module(model).eval()
        batches = EvaluationBatches(store, list(video_ids), settings)
        parts = []
        for batch in load_batches(batches, 0, len(batches), workers=workers):
            grey = grey_input(batch["clips"].to(compute.device), None, settings.input_size)
            clips = network_input(grey, normalisation=settings.normalisation)
            with compute.autocast():
                parts.append(model.encoder(compute.place_clips(clips)).double().cpu())
        model.to("cpu")
    clips_each = settings.eval_clips_per_video
    features = torch.cat(parts).numpy()
    return features.reshape(len(video_ids), clips_each, -1).mean(1)


def fit_reference(features: np.ndarray) -> dict[str, np.ndarray]:
    """Mean and precision matrix (Ledoit and Wolf's shrunk covariance) of (V, F) training representations.

    Returns
    -------
    "mean" (F,) and "precision" (F, F), float64.

    Raises
    ------
    ValueError
        Fewer than 10 videos.
    """
    if len(features) < MIN_VIDEOS:
        raise ValueError(f"{len(features)} training videos; a covariance needs {MIN_VIDEOS} or more")
    from sklearn.covariance import LedoitWolf  # takes as long to load as torch, and no new patient needs it

    fitted = LedoitWolf().fit(features)
    return {"mean": fitted.location_, "precision": fitted.precision_}


def distances(features: np.ndarray, reference: dict[str, np.ndarray]) -> np.ndarray:
    """Mahalanobis distance of (V, F) representations from a :func:`fit_reference`, (V,) float64."""
    offset = features - reference["mean"]
    squared = np.einsum("vf,fg,vg->v", offset, reference["precision"], offset)
    return np.sqrt(np.clip(squared, 0, None))


def save_reference(reference: dict[str, np.ndarray], path: str | Path) -> None:
    """Write a :func:`fit_reference`, atomically."""
    with atomic_path(path) as temporary:
        safetensors.numpy.save_file(
            {name: np.ascontiguousarray(values) for name, values in reference.items()}, temporary
        )


def load_reference(path: str | Path) -> dict[str, np.ndarray]:
    """Read a file of :func:`save_reference`."""
    return safetensors.numpy.load_file(path)
