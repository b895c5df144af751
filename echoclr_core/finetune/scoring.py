"""Scores of videos: evenly spaced clips, without augmentation."""

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from echoclr_core.finetune.settings import FinetuneSettings
from echoclr_core.finetune.tables import PREDICTIONS
from echoclr_core.models.heads import Classifier
from echoclr_core.training.batches import load_batches
from echoclr_core.training.compute import Compute, choose_compute
from echoclr_core.training.inputs import clip_span, frame_counts, grey_input, network_input, read_clips
from echoclr_core.training.leasing import lease_device
from echoclr_core.training.selfcheck import checked_compute
from echoclr_core.video.sampling import even_starts
from echoclr_core.video.store import ClipStore

SHARED_BY_ALL = (
    "clip_length",
    "frame_stride",
    "input_size",
    "eval_clips_per_video",
    "batch_size",
    "memory_format",
)
"""Settings that say which clips are read and how; the same for all models that are scored together."""


def clip_logits(
    model: Classifier,
    store: ClipStore,
    video_ids: list[str],
    settings: FinetuneSettings,
    compute: Compute,
    *,
    check: Callable[[], None] = lambda: None,
    workers: int = 0,
) -> Tensor:
    """Logits of ``settings.eval_clips_per_video`` clips of each video, (V, clips) float32 on the CPU, in eval
    mode.

    ``check`` is called between batches and may raise to stop. ``workers`` processes read ahead.
    """
    return logits_of_models([model], [settings], store, video_ids, compute, check=check, workers=workers)[0]


@torch.no_grad()
def logits_of_models(
    models: Sequence[Classifier],
    settings: Sequence[FinetuneSettings],
    store: ClipStore,
    video_ids: list[str],
    compute: Compute,
    *,
    check: Callable[[], None] = lambda: None,
    workers: int = 0,
) -> list[Tensor]:
    """:func:`clip_logits` of several models in one pass: each clip is read and prepared once for all.

    ``settings`` of the models may differ in ``normalisation`` and in what scoring does not use.
    """
    first = settings[0]
    training = [model.training for model in models]
    logits: list[list[Tensor]] = [[] for _ in models]
    try:
        for model in models:
            model.eval()
        batches = EvaluationBatches(store, video_ids, first)
        pin_memory = compute.device.type == "cuda"
        for batch in load_batches(batches, 0, len(batches), workers=workers, pin_memory=pin_memory):
            check()
            grey = grey_input(batch["clips"].to(compute.device, non_blocking=True), None, first.input_size)
            for normalisation in sorted({each.normalisation for each in settings}):
                inputs = compute.place_clips(network_input(grey, normalisation=normalisation))
                for model, each, kept in zip(models, settings, logits, strict=True):
                    if each.normalisation == normalisation:
                        with compute.autocast():
                            kept.append(model(inputs).float())
    finally:
        for model, before in zip(models, training, strict=True):
            model.train(before)
    # Read back once: a wait after each batch would keep the device from working ahead.
    return [torch.cat(kept).cpu().view(len(video_ids), first.eval_clips_per_video) for kept in logits]


class EvaluationBatches:
    """``batches[n]``: clips (m, T, H, W) uint8 of batch n, the evenly spaced clips of each video in turn.

    Parameters
    ----------
    store, video_ids
        Clips, and whose.
    settings
        Which clips, and how many at a time.
    """

    def __init__(self, store: ClipStore, video_ids: list[str], settings: FinetuneSettings):
        self.store, self.settings = store, settings
        count = settings.eval_clips_per_video
        span = clip_span(settings.clip_length, settings.frame_stride)
        frames = frame_counts(store, video_ids, table="videos to score")
        self.starts = np.concatenate([even_starts(int(number), span, count) for number in frames])
        self.video_ids = [video_id for video_id in video_ids for _ in range(count)]

    def __len__(self) -> int:
        return math.ceil(len(self.video_ids) / self.settings.batch_size)

    def __getitem__(self, number: int) -> dict:
        size, length = self.settings.batch_size, self.settings.clip_length
        part = slice(number * size, (number + 1) * size)
        stride = self.settings.frame_stride
        return {"clips": read_clips(self.store, self.video_ids[part], self.starts[part], length, stride)}


def score_clips(
    model: Classifier, clips: Tensor, draws: Tensor | None, settings: FinetuneSettings, compute: Compute
) -> Tensor:
    """(n, T, H, W) uint8 -> (n,) logits."""
    grey = grey_input(clips.to(compute.device, non_blocking=True), draws, settings.input_size)
    inputs = compute.place_clips(network_input(grey, normalisation=settings.normalisation))
    with compute.autocast():
        return model(inputs)


def predict(
    model: Classifier,
    store: ClipStore,
    videos: pd.DataFrame,
    settings: FinetuneSettings,
    *,
    device: str = "auto",
    precision: str = "fp32",
    jobs_per_gpu: int = 1,
    workers: int = 0,
) -> pd.DataFrame:
    """Score videos and studies with one model (PREDICTIONS); see :func:`predict_together`.

    See Also
    --------
    echoclr_core.models.load : a model of a finished study.
    echoclr_core.evaluate.bootstrap_metrics : metrics of the studies' scores.

    Examples
    --------
    >>> from echoclr_core.models.loading import load
    >>> store = ClipStore.open_folder("clips")
    >>> settings = FinetuneSettings(clip_length=4, input_size=8)
    >>> table = predict(
    ...     load("model.safetensors"), store, pd.read_csv("videos.csv"), settings, device="cpu"
    ... )
    >>> len(table), table["study_probability"].between(0, 1).all()
    (24, np.True_)
    """
    return predict_together(
        {"model": model},
        store,
        videos,
        {"model": settings},
        device=device,
        precision=precision,
        jobs_per_gpu=jobs_per_gpu,
        workers=workers,
    )["model"]


def predict_together(
    models: Mapping[str, Classifier],
    store: ClipStore,
    videos: pd.DataFrame,
    settings: Mapping[str, FinetuneSettings],
    *,
    device: str = "auto",
    precision: str = "fp32",
    jobs_per_gpu: int = 1,
    workers: int = 0,
    study_score: str = "videos",
) -> dict[str, pd.DataFrame]:
    """Score videos and studies with several models (PREDICTIONS each), in one pass over the clips.

    The mean of the clips' probabilities is the video's, the mean of the videos' the study's. Equal to
    :func:`predict` model by model.

    Parameters
    ----------
    models
        Name to a model from :func:`echoclr_core.finetune.finetune`; back on the CPU afterwards.
    store, videos
        Clips, and the table (video_id, study_id, label).
    settings
        Name to those it was trained with; they must agree on which clips are read.
    device, jobs_per_gpu
        See ``training.lease_device``.
    precision
        "fp32" by default, since scores are ranked.
    workers
        Processes that read ahead; any number gives the same scores.
    study_score
        "videos": mean over the study's videos. "views": mean of the means of its views, where ``videos`` has
        a column view.

    Raises
    ------
    ValueError
        When a video is not in the store, a score is not a number, or the settings read different clips.
    """
    rows = videos.assign(view=videos.get("view"))[["video_id", "study_id", "view", "label"]]
    rows = rows.reset_index(drop=True)
    if rows.empty:
        return {name: PREDICTIONS.empty() for name in models}
    scores = score_videos(
        models,
        store,
        [str(video) for video in rows["video_id"]],
        settings,
        device=device,
        precision=precision,
        jobs_per_gpu=jobs_per_gpu,
        workers=workers,
    )
    return {name: _predictions(rows, each, study_score) for name, each in scores.items()}


def score_videos(
    models: Mapping[str, Classifier],
    store: ClipStore,
    video_ids: Sequence[str],
    settings: Mapping[str, FinetuneSettings],
    *,
    device: str = "auto",
    precision: str = "fp32",
    jobs_per_gpu: int = 1,
    workers: int = 0,
) -> dict[str, np.ndarray]:
    """Clip probabilities of videos by several models, in one pass over the clips.

    Parameters and errors as :func:`predict_together`; ``video_ids`` are the (V,) videos, at least one.

    Returns
    -------
    Name of the model to (V, clips) float64, the probability of the positive class of each evenly spaced clip.
    """
    chosen = [settings[name] for name in models]
    for field in SHARED_BY_ALL:
        values = {name: getattr(settings[name], field) for name in models}
        if len(set(values.values())) > 1:
            raise ValueError(f"finetune.{field}: {values}; models scored together must have the same")
    with lease_device(device, jobs_per_gpu=jobs_per_gpu) as place:
        compute = scoring_compute(place, precision, chosen[0], store, next(iter(models.values())))
        for model in models.values():
            compute.place_module(model)
        ids = list(video_ids)
        logits = logits_of_models(list(models.values()), chosen, store, ids, compute, workers=workers)
        for model in models.values():
            model.to("cpu")
    return {name: _probabilities(each, name) for name, each in zip(models, logits, strict=True)}


def scoring_compute(
    device: torch.device, precision: str, settings: FinetuneSettings, store: ClipStore, model: Classifier
) -> Compute:
    """Precision and layout for ``device``, its convolutions compared with float32 on the CPU first."""
    compute = choose_compute(device, precision, settings.memory_format)
    size = [settings.input_size or side for side in store.size]
    shape = (3, settings.clip_length, *size)
    return checked_compute(compute, model.encoder, shape, precision, gradients=False)


def _probabilities(logits: Tensor, name: str) -> np.ndarray:
    if not torch.isfinite(logits).all():
        wrong = int((~torch.isfinite(logits)).any(1).sum())
        raise ValueError(f"{name}: {wrong} of {len(logits)} videos got scores that are no numbers")
    return torch.sigmoid(logits.double()).numpy()


def study_probabilities(videos: pd.DataFrame, study_score: str) -> pd.Series:
    """The probability of each video's study from the columns study_id, video_probability and view.

    ``study_score``: see :func:`predict_together`.
    """
    if study_score == "videos":
        return videos.groupby("study_id")["video_probability"].transform("mean")
    if study_score != "views":
        raise ValueError(f"finetune.study_score: {study_score!r}; allowed is one of ['videos', 'views']")
    of_views = videos.groupby(["study_id", "view"], dropna=False)["video_probability"].mean()
    return videos["study_id"].map(of_views.groupby("study_id").mean())


def _predictions(rows: pd.DataFrame, probabilities: np.ndarray, study_score: str) -> pd.DataFrame:
    table = rows.assign(
        clip_probabilities=[clips.tolist() for clips in probabilities],
        video_probability=probabilities.mean(1),
    )
    table["study_probability"] = study_probabilities(table, study_score)
    return PREDICTIONS.check(table)
