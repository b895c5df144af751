"""How good a view classifier is: confusion, recall, precision, calibration; plain values for JSON."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from echoclr_core.views.classifier import check_classes

CALIBRATION_BINS = 10
logger = logging.getLogger(__name__)


def assess_training(record: Mapping[str, Any]) -> dict[str, Any]:
    """The record of :func:`echoclr_core.views.training.train_view_classifier`, its test set assessed.

    The probabilities of single videos are left out.
    """
    test = record["test"]
    found = assess(np.array(test["probabilities"]), test["views"], test["classes"], test["plax"])
    for view, support in found["support"].items():
        if support == 0:
            logger.warning("view %s: no test patient; its recall is not known", view)
    return found | {name: value for name, value in record.items() if name != "test"}


def assess(
    probabilities: np.ndarray, truth: Sequence[str], classes: Sequence[str], plax: str
) -> dict[str, Any]:
    """Compare video-level probabilities with the true views.

    Parameters
    ----------
    probabilities
        (V, C), the mean over a video's frames.
    truth
        True view of each of the V videos.
    classes, plax
        Names of the C views, and which one is PLAX.

    Returns
    -------
    dict
        classes, plax, n_videos, accuracy; confusion (counts, a row per true view, a column per decision);
        recall, precision, support (dicts by view; None where the denominator is 0); plax_recall,
        plax_precision; expected_calibration_error and calibration, see :func:`calibration_bins`.
    """
    classes = check_classes(classes, plax)
    values = np.asarray(probabilities, dtype=np.float64)
    true = np.array([classes.index(view) for view in truth], dtype=np.int64)
    decided = values.argmax(axis=1)
    confusion = np.zeros((len(classes), len(classes)), dtype=np.int64)
    np.add.at(confusion, (true, decided), 1)
    hits, of_true, of_decided = np.diag(confusion), confusion.sum(axis=1), confusion.sum(axis=0)
    recall = {view: _ratio(h, n) for view, h, n in zip(classes, hits, of_true, strict=True)}
    precision = {view: _ratio(h, n) for view, h, n in zip(classes, hits, of_decided, strict=True)}
    bins, error = calibration_bins(values.max(axis=1), decided == true)
    return {
        "classes": list(classes),
        "plax": plax,
        "n_videos": len(true),
        "accuracy": _ratio(hits.sum(), len(true)),
        "confusion": confusion.tolist(),
        "recall": recall,
        "precision": precision,
        "support": {view: int(n) for view, n in zip(classes, of_true, strict=True)},
        "plax_recall": recall[plax],
        "plax_precision": precision[plax],
        "expected_calibration_error": error,
        "calibration": bins,
    }


def calibration_bins(
    confidence: np.ndarray, correct: np.ndarray, n_bins: int = CALIBRATION_BINS
) -> tuple[list[dict[str, Any]], float]:
    """Reliability of the decisions (Naeini et al. 2015; Guo et al. 2017).

    Parameters
    ----------
    confidence
        (V,) probability of the decided view.
    correct
        (V,) bool.
    n_bins
        Equal bins of (0, 1], each closed above.

    Returns
    -------
    bins
        low, high, n, confidence and accuracy (means; None for an empty bin).
    error
        The expected calibration error: mean over videos of |accuracy - confidence| of their bin.
    """
    which = np.clip(np.ceil(confidence * n_bins).astype(int) - 1, 0, n_bins - 1)
    bins, error = [], 0.0
    for number in range(n_bins):
        inside = which == number
        n = int(inside.sum())
        means = (float(confidence[inside].mean()), float(correct[inside].mean())) if n else (None, None)
        low, high = number / n_bins, (number + 1) / n_bins
        bins.append({"low": low, "high": high, "n": n, "confidence": means[0], "accuracy": means[1]})
        if n:
            error += n / len(confidence) * abs(means[1] - means[0])
    return bins, error


def _ratio(numerator: int, denominator: int) -> float | None:
    return float(numerator / denominator) if denominator else None
