"""From frame probabilities to one decision a video, and a shard of videos at a time."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from echoclr_core.views.classifier import Classifier, check_classes
from echoclr_core.views.sampling import ViewSettings, sample_frames
from echoclr_core.views.tables import VIEW_DECISIONS

ROW_SUM_TOLERANCE = 1e-3  # float32 softmax is within 1e-6; logits taken for probabilities are far outside


def decide(probabilities: np.ndarray, classes: Sequence[str], keep: Mapping[str, str]) -> dict[str, Any]:
    """The decision on one video (paper, Methods): mean over frames, kept if the most probable view is.

    Parameters
    ----------
    probabilities
        (n, C) softmax outputs, one row a frame, n at least 1.
    classes
        Names of the C views.
    keep
        Class to the kept view that it counts as: see :func:`echoclr_core.views.keep.kept_views`.

    Returns
    -------
    dict
        view, probability, runner_up, margin, kept, kept_view, n_frames_used, probabilities (list of C
        floats): the columns of VIEW_DECISIONS. Of equally probable views the first in ``classes`` is taken.

    Raises
    ------
    ValueError
        If the shape does not fit ``classes``, there is no frame, or a row is no distribution.
    """
    classes = check_classes(classes, *keep)
    values = np.asarray(probabilities, dtype=np.float64)
    if values.ndim != 2 or len(values) < 1 or values.shape[1] != len(classes):
        raise ValueError(
            f"probabilities: shape {values.shape}; allowed is (n, {len(classes)}) with n at least 1, "
            "one column a class"
        )
    if not (np.abs(values.sum(axis=1) - 1) < ROW_SUM_TOLERANCE).all() or (values < 0).any():
        raise ValueError("probabilities: every row must be at least 0 and have the sum 1 (is it a logit?)")
    mean = values.mean(axis=0)
    first, second = np.argsort(-mean, kind="stable")[:2]
    return {
        "view": classes[first],
        "probability": min(float(mean[first]), 1.0),
        "runner_up": classes[second],
        "margin": min(float(mean[first] - mean[second]), 1.0),
        "kept": classes[first] in keep,
        "kept_view": keep.get(classes[first]),
        "n_frames_used": len(values),
        "probabilities": mean.tolist(),
    }


def classify_shard(
    videos: pd.DataFrame,
    avi_dir: str | Path,
    classifier: Classifier,
    *,
    keep: Mapping[str, str] | None = None,
    settings: ViewSettings | None = None,
    batch: int = 64,
    workers: int = 1,
    on_progress: Callable[[int], None] | None = None,
) -> pd.DataFrame:
    """Decide the view of every video of a shard.

    Parameters
    ----------
    videos
        Columns video_id and study_id, one row a video, and sha256 (SOURCE_FILES) where it is known: a file
        that differs from it is unreadable. More columns are ignored.
    avi_dir
        Where ``<video_id>.avi`` is.
    classifier
        Any :class:`~echoclr_core.views.classifier.Classifier`.
    keep
        Class to the kept view that it counts as; None for the classifier's own class.
    settings
        How frames are drawn.
    batch
        Frames a pass through the network, at most (but always whole videos). It does not change decisions.
    workers
        Threads that decode; the network's own threads are the caller's business.
    on_progress
        Called with the number of videos done so far.

    Returns
    -------
    DataFrame
        VIEW_DECISIONS, in the order of ``videos``. A file that cannot be decoded is a row with outcome
        unreadable.

    Raises
    ------
    ValueError
        If a file is not there at all: table and folder do not belong together.
    """
    settings = settings or ViewSettings()
    keep = {classifier.plax: classifier.plax} if keep is None else dict(keep)
    check_classes(classifier.classes, *keep)
    _check_files(videos["video_id"], Path(avi_dir))
    rows: list[dict[str, Any]] = []
    with ThreadPoolExecutor(max_workers=max(workers, 1)) as pool:
        for group in _groups(videos, max(batch // settings.frames, 1)):
            digests = group["sha256"] if "sha256" in group else [None] * len(group)
            sampled = list(pool.map(partial(_sample, Path(avi_dir), settings), group["video_id"], digests))
            names = group[["video_id", "study_id"]].to_dict("records")
            decisions = _decide_group(sampled, classifier, keep)
            rows += [name | decision for name, decision in zip(names, decisions, strict=True)]
            if on_progress is not None:
                on_progress(len(rows))
    return VIEW_DECISIONS.check(pd.DataFrame(rows)) if rows else VIEW_DECISIONS.empty()


def _groups(videos: pd.DataFrame, size: int) -> Iterator[pd.DataFrame]:
    for start in range(0, len(videos), size):
        yield videos.iloc[start : start + size]


def _check_files(video_ids: pd.Series, avi_dir: Path) -> None:
    missing = [video_id for video_id in video_ids if not (avi_dir / f"{video_id}.avi").is_file()]
    if missing:
        raise ValueError(
            f"{len(missing)} of {len(video_ids)} videos have no file in the shard's folder, {missing[0]} "
            "first; the table and the folder do not belong together"
        )


def _sample(avi_dir: Path, settings: ViewSettings, video_id: str, sha256: str | None) -> np.ndarray | None:
    try:
        return sample_frames(
            avi_dir / f"{video_id}.avi",
            video_id,
            count=settings.frames,
            seed=settings.seed,
            sha256=None if pd.isna(sha256) else sha256,
        )
    except ValueError:
        return None  # becomes the row's outcome


def _decide_group(
    sampled: Sequence[np.ndarray | None], classifier: Classifier, keep: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Decisions of several videos from one pass through the network."""
    classes, readable = list(classifier.classes), [frames for frames in sampled if frames is not None]
    parts: Iterator[np.ndarray] = iter(())
    if readable:
        ends = np.cumsum([len(frames) for frames in readable])[:-1]
        parts = iter(np.split(classifier.probabilities(np.concatenate(readable)), ends))
    unreadable = dict.fromkeys(("view", "kept_view", "probability", "runner_up", "margin", "probabilities"))
    unreadable |= {"outcome": "unreadable", "kept": False, "n_frames_used": 0, "classes": classes}
    return [
        unreadable
        if frames is None
        else {"outcome": "ok", "classes": classes, **decide(next(parts), classes, keep)}
        for frames in sampled
    ]
