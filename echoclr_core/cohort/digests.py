"""The digest of a dataset: whether a training run would see the same videos with the same labels."""

from collections.abc import Iterable

import pandas as pd

from echoclr_core.common import digest


def digest_of_videos(
    video_ids: Iterable[str], sha256: Iterable[str], labels: Iterable[bool | int | None] | None = None
) -> str:
    """SHA-256 of a set of videos; their order does not count.

    Parameters
    ----------
    video_ids
        Pseudonymous videos, each once.
    sha256
        Digest of each video's frames.
    labels
        Label of each video (missing allowed); None for pretraining, where no label is used.

    Raises
    ------
    ValueError
        If a video stands there twice or the lengths differ.
    """
    ids, frames = [str(item) for item in video_ids], [str(item) for item in sha256]
    marks = [None] * len(ids) if labels is None else [None if pd.isna(mark) else int(mark) for mark in labels]
    if not len(ids) == len(frames) == len(marks):
        raise ValueError(f"dataset: {len(ids)} videos, {len(frames)} digests, {len(marks)} labels; one each")
    if len(set(ids)) < len(ids):
        raise ValueError(f"dataset: {len(ids) - len(set(ids))} videos stand there more than once")
    return digest(sorted(zip(ids, frames, marks, strict=True)))
