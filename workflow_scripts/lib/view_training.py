"""Training of the view classifier from the shards' videos."""

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd

from echoclr_core.views.keep import kept_views
from echoclr_core.views.networks import TorchClassifier
from echoclr_core.views.sampling import sample_frames
from echoclr_core.views.training import ViewTrainingSettings, train_view_classifier


def train_on_videos(
    labels: pd.DataFrame, written: Mapping[str, tuple[Path, str]], chosen: SimpleNamespace, log
) -> tuple[TorchClassifier, dict[str, Any]]:
    """Draw frames of the labelled videos and train.

    Parameters
    ----------
    labels
        VIEW_LABELS of videos that are in ``written``.
    written
        Video to its file and the SHA-256 of that file.
    chosen
        The rule's settings.
    log
        Receives a line an epoch.
    """
    return train_view_classifier(
        [
            sample_frames(path, video, count=chosen.views["frames"], seed=chosen.seed, sha256=sha256)
            for video, (path, sha256) in ((video, written[video]) for video in labels["video_id"])
        ],
        labels["view"].tolist(),
        labels["patient_id"].tolist(),
        settings=ViewTrainingSettings(
            plax=next(iter(kept_views(chosen.views["keep"]))), epochs=chosen.views["epochs"], seed=chosen.seed
        ),
        on_progress=lambda row: log.info("%s", row),
    )
