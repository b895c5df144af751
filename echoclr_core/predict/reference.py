"""The training videos' representations, against which new videos are compared."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from echoclr_core.common.randomness import generator
from echoclr_core.models.loading import load
from echoclr_core.predict.bundle_file import EMBEDDING
from echoclr_core.predict.embedding import (
    MIN_VIDEOS,
    distances,
    embed_videos,
    fit_reference,
    save_reference,
)
from echoclr_core.predict.scoring_settings import scoring_settings
from echoclr_core.video.store import ClipStore

LIMIT_QUANTILE = 0.99  # of the validation videos: about one of a hundred like them is warned of
MAX_EMBEDDED = 2000  # videos of a set: their mean and covariance change little with more


def write_reference(
    folder: Path,
    description: Mapping[str, Any],
    *,
    training: Iterable[str],
    validation: Iterable[str],
    store: ClipStore,
    device: str = "cpu",
    workers: int = 0,
) -> float | None:
    """Write mean and precision matrix of the training videos' representations in a bundle's first model.

    Parameters
    ----------
    folder, description
        Of the bundle; the models are there.
    training, validation
        Videos in the store; of many, 2000 drawn at random.
    store, device, workers
        See :func:`embed_videos`.

    Returns
    -------
    The distance below which 99 % of the validation videos lie; None, and no file, where the training videos
    are fewer than 10 or there are no validation videos.
    """
    train, checked = _drawn(training), _drawn(validation)
    if len(train) < MIN_VIDEOS or not checked:
        return None
    model = load(folder / description["models"][0]["file"])
    settings = scoring_settings(description)
    how = {"device": device, "precision": description["scoring"]["precision"], "workers": workers}
    reference = fit_reference(embed_videos(model, store, train, settings, **how))
    save_reference(reference, folder / EMBEDDING)
    far = distances(embed_videos(model, store, checked, settings, **how), reference)
    return float(np.quantile(far, LIMIT_QUANTILE))


def _drawn(video_ids: Iterable[str]) -> list[str]:
    """All videos, or a random part of many, in order."""
    ids = sorted(str(video) for video in video_ids)
    if len(ids) <= MAX_EMBEDDED:
        return ids
    places = generator(0, "embedded videos").choice(len(ids), MAX_EMBEDDED, replace=False)
    return [ids[place] for place in sorted(places)]
