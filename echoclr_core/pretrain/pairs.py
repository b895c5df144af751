"""What an epoch of pretraining consists of."""

from collections.abc import Sequence

import numpy as np
import pandas as pd


def study_pairs(study_ids: Sequence[str]) -> np.ndarray:
    """All unique pairs of different videos of one study (Methods, "multi-instance").

    Parameters
    ----------
    study_ids
        The study of each video, (V,).

    Returns
    -------
    (P, 2) int64 ndarray
        Row indices with first < second, n(n - 1)/2 for a study of n videos, in ascending order.
    """
    codes, _ = pd.factorize(np.asarray(study_ids, dtype=object))
    if (codes < 0).any():
        raise ValueError(f"study_ids: row {int((codes < 0).argmax())} is missing; every video needs a study")
    rows = np.argsort(codes, kind="stable")
    pieces = [np.empty((0, 2), dtype=np.int64)]
    for videos in np.split(rows, np.cumsum(np.bincount(codes))[:-1]) if len(codes) else []:
        first, second = np.triu_indices(len(videos), k=1)
        pieces.append(np.stack([videos[first], videos[second]], axis=1))
    pairs = np.concatenate(pieces).astype(np.int64)
    return pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]


def pretraining_items(
    study_ids: Sequence[str],
    *,
    multi_instance: bool,
    single_video_studies: str = "skip",
    views: Sequence[str] | None = None,
) -> np.ndarray:
    """The items of one epoch as (P, 2) row indices of the two views' videos.

    Parameters
    ----------
    study_ids
        The study of each video, (V,).
    multi_instance
        True: the pairs of :func:`study_pairs`. False (SimCLR): each video with itself.
    single_video_studies
        With ``multi_instance``: "skip" leaves studies of one video out, "self" pairs their video with itself.
    views
        The view of each video: videos are paired within a view, and a study's videos of one view count as a
        study. None pairs whatever the view.
    """
    if views is not None:
        study_ids = [f"{study}|{view}" for study, view in zip(study_ids, views, strict=True)]
    own = np.arange(len(study_ids), dtype=np.int64)
    if not multi_instance:
        return np.stack([own, own], axis=1)
    pairs = study_pairs(study_ids)
    if single_video_studies == "skip":
        return pairs
    studies = np.asarray(study_ids, dtype=object)
    _, codes, sizes = np.unique(studies.astype(str), return_inverse=True, return_counts=True)
    alone = own[sizes[codes] == 1]
    return np.concatenate([pairs, np.stack([alone, alone], axis=1)])


def matched_epochs(pairs: int, videos: int, epochs: int = 300, batch_size: int = 1) -> int:
    """Epochs of single videos with as many optimisation steps as ``epochs`` of pairs, rounded.

    The paper trained SimCLR for 520 epochs beside 300 epochs of pairs: 1.733 pairs a video.

    Parameters
    ----------
    pairs, videos
        Items of an epoch of either kind.
    epochs
        Epochs of pairs.
    batch_size
        Items a step, incomplete batches dropped; 1 matches the examples seen.

    Raises
    ------
    ValueError
        When either epoch has not one whole batch.
    """
    steps = {"pairs": pairs // batch_size, "videos": videos // batch_size}
    for kind, count in (("pairs", pairs), ("videos", videos)):
        if not steps[kind]:
            raise ValueError(f"an epoch of {count} {kind} has not one whole batch of {batch_size}")
    return round(epochs * steps["pairs"] / steps["videos"])
