"""Scores of videos: evenly spaced clips, without augmentation."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from echoclr_core.finetune.settings import FinetuneSettings
from echoclr_core.finetune.tables import PREDICTIONS
from echoclr_core.models import Classifier
from echoclr_core.training.compute import Compute, choose_compute
from echoclr_core.training.inputs import clip_span, frame_counts, grey_input, network_input, read_clips
from echoclr_core.training.leasing import lease_device
from echoclr_core.video.sampling import even_starts
from echoclr_core.video.store import ClipStore


@torch.no_grad()
def clip_logits(
    model: Classifier,
    store: ClipStore,
    video_ids: list[str],
    settings: FinetuneSettings,
    compute: Compute,
    *,
    check: Callable[[], None] = lambda: None,
) -> Tensor:
    """Logits of ``settings.evaluation_clips`` clips of each video, (V, clips) float32 on the CPU, in eval
    mode.

    ``check`` is called between batches and may raise to stop.
    """
    span = clip_span(settings.clip_length, settings.frame_stride)
    frames = frame_counts(store, video_ids, table="videos to score")
    starts = np.stack([even_starts(int(count), span, settings.evaluation_clips) for count in frames])
    ids = np.repeat(np.array(video_ids, dtype=object), settings.evaluation_clips)
    training = model.training
    model.eval()
    logits = []
    try:
        for first in range(0, len(ids), settings.batch_size):
            check()
            part = slice(first, first + settings.batch_size)
            clips = read_clips(
                store, ids[part], starts.ravel()[part], settings.clip_length, settings.frame_stride
            )
            logits.append(score_clips(model, torch.from_numpy(clips), None, settings, compute).float().cpu())
    finally:
        model.train(training)
    return torch.cat(logits).view(len(video_ids), settings.evaluation_clips)


def score_clips(
    model: Classifier, clips: Tensor, draws: Tensor | None, settings: FinetuneSettings, compute: Compute
) -> Tensor:
    """(n, T, H, W) uint8 -> (n,) logits."""
    grey = grey_input(clips.to(compute.device, non_blocking=True), draws, settings.input_size)
    given = compute.place_clips(network_input(grey, kinetics=settings.kinetics_standardisation))
    with compute.autocast():
        return model(given)


def predict(
    model: Classifier,
    store: ClipStore,
    videos: pd.DataFrame,
    settings: FinetuneSettings,
    *,
    device: str = "auto",
    precision: str = "fp32",
    jobs_per_gpu: int = 1,
) -> pd.DataFrame:
    """Score videos and studies (PREDICTIONS).

    The mean of the clips' probabilities is the video's, the mean of the videos' the study's.

    Parameters
    ----------
    model
        From :func:`echoclr_core.finetune.finetune`; back on the CPU afterwards.
    store, videos
        Clips, and the table (video_id, study_id, label).
    settings
        Those it was trained with.
    device, jobs_per_gpu
        See ``training.lease_device``.
    precision
        "fp32" by default, since scores are ranked.

    Raises
    ------
    ValueError
        When a video is not in the store, or a score is not a number.
    """
    rows = videos[["video_id", "study_id", "label"]].reset_index(drop=True)
    if rows.empty:
        return PREDICTIONS.empty()
    with lease_device(device, jobs_per_gpu=jobs_per_gpu) as place:
        compute = choose_compute(place, precision, settings.memory_format)
        compute.place_module(model)
        logits = clip_logits(model, store, [str(video) for video in rows["video_id"]], settings, compute)
        model.to("cpu")
    if not torch.isfinite(logits).all():
        wrong = int((~torch.isfinite(logits)).any(1).sum())
        raise ValueError(f"{wrong} of {len(rows)} videos got scores that are no numbers")
    probabilities = torch.sigmoid(logits.double()).numpy()
    rows["clip_probabilities"] = [clips.tolist() for clips in probabilities]
    rows["video_probability"] = probabilities.mean(1)
    rows["study_probability"] = rows.groupby("study_id")["video_probability"].transform("mean")
    return PREDICTIONS.check(rows)
