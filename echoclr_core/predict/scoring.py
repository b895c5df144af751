"""The studies of a shard scored by one bundle: the same functions as the study's own prediction."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from echoclr_core.predict.bundle import Bundle
from echoclr_core.predict.bundle_file import EMBEDDING
from echoclr_core.predict.embedding import distances, embed_videos, load_reference
from echoclr_core.predict.files import no_score_reason, outcome_counts
from echoclr_core.predict.tables import PATIENT_PREDICTIONS, PATIENT_VIDEOS
from echoclr_core.predict.training_range import warnings_of
from echoclr_core.video.store import ClipStore


def score_files(
    bundle: Bundle,
    store: ClipStore,
    files: pd.DataFrame,
    *,
    device: str = "cpu",
    jobs_per_gpu: int = 1,
    workers: int = 0,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Score every kept video of a shard, and say of every study what came out.

    Parameters
    ----------
    bundle
        Of one task.
    store
        Holds the frames of the files whose outcome is "scored".
    files
        PATIENT_FILES. Files without a study are in no study's count.
    device, jobs_per_gpu, workers
        See :func:`echoclr_core.finetune.scoring.score_videos`.

    Returns
    -------
    videos, studies
        PATIENT_VIDEOS and PATIENT_PREDICTIONS; a study without a scored video has no probability and a
        reason.
    """
    kept = files[files["outcome"] == "scored"].sort_values("video_id", ignore_index=True)
    ids = [str(video) for video in kept["video_id"]]
    scores = bundle.score_store(store, ids, device=device, jobs_per_gpu=jobs_per_gpu, workers=workers)
    far = embedding_distances(bundle, store, ids, device=device, workers=workers)
    videos = _video_rows(bundle, kept, scores, far)
    studies = files.dropna(subset="study_id")
    rows = [
        _study_row(bundle, study, rows, videos[videos["study_id"] == study], far)
        for study, rows in studies.groupby("study_id")
    ]
    frame = pd.DataFrame(rows, columns=list(PATIENT_PREDICTIONS.columns))
    return videos, PATIENT_PREDICTIONS.check(frame)


def embedding_distances(
    bundle: Bundle, store: ClipStore, video_ids: list[str], *, device: str = "cpu", workers: int = 0
) -> dict[str, float]:
    """Video to its distance from the training videos; empty where the bundle has no reference."""
    path = bundle.folder / EMBEDDING
    if not video_ids or EMBEDDING not in bundle.description["files"]:
        return {}
    features = embed_videos(
        next(iter(bundle.models.values())),
        store,
        video_ids,
        bundle.scoring_settings(),
        device=device,
        precision=bundle.description["scoring"]["precision"],
        workers=workers,
    )
    return dict(zip(video_ids, distances(features, load_reference(path)).tolist(), strict=True))


def bundle_columns(bundle: Bundle) -> dict[str, str | float]:
    """The columns that name a bundle in the tables."""
    description = bundle.description
    return {
        "task": bundle.task,
        "initialisation": description["initialisation"],
        "ratio": float(description["ratio"]),
    }


def _video_rows(
    bundle: Bundle, kept: pd.DataFrame, scores: Mapping[str, np.ndarray], far: Mapping[str, float]
) -> pd.DataFrame:
    rows = [
        {
            "study_id": video["study_id"],
            "video_id": video["video_id"],
            **bundle_columns(bundle),
            "draw": draw,
            "clip_probabilities": clips[place].tolist(),
            "video_probability": float(clips[place].mean()),
            "embedding_distance": far.get(video["video_id"]),
        }
        for draw, clips in scores.items()
        for place, video in enumerate(kept.to_dict("records"))
    ]
    return PATIENT_VIDEOS.check(pd.DataFrame(rows, columns=list(PATIENT_VIDEOS.columns)))


def _study_row(
    bundle: Bundle, study: str, files: pd.DataFrame, videos: pd.DataFrame, far: Mapping[str, float]
) -> dict:
    kept = files[files["outcome"] == "scored"]
    row = {
        "study_id": study,
        **bundle_columns(bundle),
        "n_models": len(bundle.models),
        "n_files": len(files),
        "n_videos": len(kept),
        "outcomes": outcome_counts(files),
        "probability": None,
        "lowest": None,
        "highest": None,
        "reason": None,
        "warnings": None,
    }
    each = videos.groupby("draw", sort=False)["video_probability"].mean().to_numpy(dtype=float)
    if len(each):
        row["probability"] = float(each.mean())
        if len(each) > 1:
            row |= {"lowest": float(each.min()), "highest": float(each.max())}
        row["warnings"] = warnings_of(kept, bundle.description["training"], far) or None
    else:
        row["reason"] = no_score_reason(files, bundle.description["views"]["kept"])
    return row | _above(bundle, row["probability"])


def _above(bundle: Bundle, probability: float | None) -> dict:
    """The stored thresholds and whether the probability reaches them."""
    found: dict = {}
    points = {point["criterion"]: point for point in bundle.description["thresholds"]}
    for criterion in ("specificity", "sensitivity"):
        point = points.get(criterion)
        threshold = None if point is None else point["threshold"]
        found[f"threshold_{criterion}"] = threshold
        known = point is not None and probability is not None
        reached = threshold is not None and probability is not None and probability >= threshold
        found[f"above_{criterion}"] = reached if known else None
    return found
