"""Digests of a dataset (would a run see the same videos and labels?) and of the split."""

from collections.abc import Iterable
from typing import Any

import pandas as pd

from echoclr_core.cohort.settings import CohortSettings
from echoclr_core.cohort.tables import SETS
from echoclr_core.common.digest import digest


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


def split_record(studies: pd.DataFrame, settings: CohortSettings) -> dict[str, Any]:
    """What the split is, for JSON: unit, seed, fractions, studies and videos a set, digest.

    The digest is of every study with its set, in sorted order: two cohorts have the same split if and only if
    it is the same.

    Parameters
    ----------
    studies
        COHORT_STUDIES.
    settings
        What made them.
    """
    by_set = studies.groupby("set")
    return {
        "unit": settings.split_unit,
        "seed": settings.seed,
        "fractions": [str(fraction) for fraction in settings.split_fractions],
        "studies": {name: int(by_set.size().get(name, 0)) for name in SETS},
        "videos": {name: int(by_set["n_videos"].sum().get(name, 0)) for name in SETS},
        "digest": digest_of_split(studies),
    }


def digest_of_split(studies: pd.DataFrame) -> str:
    """SHA-256 of the sorted pairs (study, set)."""
    return digest(sorted(zip(studies["study_id"], studies["set"], strict=True)))
