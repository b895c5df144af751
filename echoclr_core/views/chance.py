"""Refuse a view classifier that has learnt nothing: later stages would use the wrong videos."""

from collections.abc import Mapping
from typing import Any

import numpy as np

MIN_KAPPA = 0.2
"""Cohen's kappa of the held-out decisions above which a classifier counts as trained ("slight agreement" ends
here: Landis and Koch, Biometrics 1977). 0 is what guessing reaches, whatever the views' frequencies."""


def cohen_kappa(truth: np.ndarray, decided: np.ndarray) -> float | None:
    """Agreement beyond chance: (p_o - p_e) / (1 - p_e).

    Parameters
    ----------
    truth, decided
        (V,) integers, true and decided class of each video.

    Returns
    -------
    float or None
        1 is perfect agreement; 0 is chance, also for a classifier that always names the commonest class. None
        where it is not defined: no video, or one class only on both sides.
    """
    truth, decided = np.asarray(truth), np.asarray(decided)
    if not len(truth):
        return None
    classes = np.union1d(truth, decided)
    expected = float(sum((truth == one).mean() * (decided == one).mean() for one in classes))
    if expected == 1:
        return None
    return (float((truth == decided).mean()) - expected) / (1 - expected)


def refuse_chance(record: Mapping[str, Any]) -> None:
    """Raise ValueError if the held-out decisions of a trained classifier are near chance.

    Parameters
    ----------
    record
        As :func:`echoclr_core.views.training.train_view_classifier` gives it. A held-out set without videos,
        or of one view only, shows nothing and is not refused.
    """
    test = record["test"]
    classes = list(test["classes"])
    truth = np.array([classes.index(view) for view in test["views"]], dtype=np.int64)
    probabilities = np.asarray(test["probabilities"], dtype=np.float64).reshape(-1, len(classes))
    decided = probabilities.argmax(axis=1)
    kappa = cohen_kappa(truth, decided)
    if len(np.unique(truth)) < 2 or kappa is None or kappa > MIN_KAPPA:
        return
    right = int((truth == decided).sum())
    labelled = record["sets"]["train"]["videos_by_view"]
    counts = ", ".join(f"{view} {count}" for view, count in labelled.items())
    raise ValueError(
        f"the view classifier has not learnt the views: held-out accuracy {right / len(truth):.2f} ({right} "
        f"of {len(truth)} videos; Cohen's kappa {kappa:.2f}, allowed is above {MIN_KAPPA:g}; guessing: 0). "
        f"Labelled training videos by view: {counts}. Check that the views in views.labels belong to their "
        "videos, label more videos of more patients, raise views.epochs, or use a trained classifier "
        "(views.classifier: zhang, onnx or given). The run stops here: masks, training and predictions would "
        "be made of the wrong videos"
    )
