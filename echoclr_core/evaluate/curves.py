"""ROC and precision–recall curves with pointwise bootstrap bands, all models on the same resamples.

A curve is read on a fixed grid, so that resamples can be compared point by point:

- ROC: sensitivity at a false-positive rate x, straight between the points of neighbouring thresholds (so that
  equal scores count one half, as in the AUROC), the highest where the curve is vertical.
- Precision–recall: precision at the highest threshold that reaches a recall of x. A step function, as in
  average precision; nothing is interpolated.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from echoclr_core.evaluate.bootstrap import Resamples, Resampling
from echoclr_core.evaluate.checks import as_scores, as_two_classes

CURVES = ("roc", "precision_recall")
GRID = np.linspace(0, 1, 101)


@dataclass(frozen=True, kw_only=True)
class _Order:
    """Studies of one model by falling score, and where groups of equal scores end."""

    rows: np.ndarray  # (n,) int64
    ends: np.ndarray  # (G,) int64
    labels: np.ndarray  # (n,) in that order

    @classmethod
    def of(cls, labels: np.ndarray, scores: np.ndarray) -> "_Order":
        rows = np.argsort(-scores, kind="stable")
        falling = scores[rows]
        return cls(
            rows=rows, ends=np.flatnonzero(np.append(falling[1:] != falling[:-1], True)), labels=labels[rows]
        )

    def points(self, counts: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """True and false positives (G,) at each distinct score, resample by resample of ``counts`` (n, L)."""
        drawn = counts[self.rows]
        positive = np.cumsum(drawn * self.labels[:, None], axis=0)[self.ends]
        negative = np.cumsum(drawn * (1 - self.labels)[:, None], axis=0)[self.ends]
        yield from zip(positive.T, negative.T, strict=True)


def curve_points(y, scores, *, grid: np.ndarray = GRID) -> dict[str, np.ndarray]:
    """Both curves of (n,) ``scores`` at the points of ``grid`` (g,) in [0, 1]: name of the curve to (g,)."""
    labels = as_two_classes(y)
    order = _Order.of(labels, as_scores(scores, len(labels)))
    [(tp, fp)] = order.points(np.ones((len(labels), 1)))
    return {"roc": _roc(tp, fp, grid), "precision_recall": _precision(tp, fp, grid)}


def curve_bands(
    y,
    scores: Mapping[str, object],
    resampling: Resampling | None,
    *,
    grid: np.ndarray = GRID,
    level: float = 0.95,
) -> pd.DataFrame:
    """Both curves of several models with pointwise percentile bands.

    Parameters
    ----------
    y
        (n,) labels, 0 or 1, both present.
    scores
        Model name to (n,) finite scores.
    resampling
        How studies are drawn; None leaves the bounds missing.
    grid
        (g,) points in [0, 1]: false-positive rates and recalls.
    level
        Coverage of the band at each single point, not of the whole curve.

    Returns
    -------
    One row a model, curve and point: model, curve ("roc", "precision_recall"), x, value, low, high.
    """
    labels = as_two_classes(y)
    checked = {name: as_scores(values, len(labels), f"scores of {name}") for name, values in scores.items()}
    points = {name: curve_points(labels, values, grid=grid) for name, values in checked.items()}
    bounds = _bounds(labels, checked, resampling, grid, level)
    return pd.concat(
        [
            pd.DataFrame(
                {
                    "model": name,
                    "curve": curve,
                    "x": grid,
                    "value": points[name][curve],
                    "low": bounds[name][curve][0],
                    "high": bounds[name][curve][1],
                }
            )
            for name in checked
            for curve in CURVES
        ],
        ignore_index=True,
    )


def _bounds(
    labels: np.ndarray,
    scores: dict[str, np.ndarray],
    resampling: Resampling | None,
    grid: np.ndarray,
    level: float,
) -> dict[str, dict[str, np.ndarray]]:
    """Model to curve to bounds (2, g)."""
    if resampling is None:
        return {name: {curve: np.full((2, len(grid)), np.nan) for curve in CURVES} for name in scores}
    orders = {name: _Order.of(labels, values) for name, values in scores.items()}
    shape = (resampling.n_resamples, len(grid))
    found = {name: {curve: np.empty(shape, dtype=np.float32) for curve in CURVES} for name in scores}
    first = 0
    for counts in Resamples(labels, resampling):
        for name, order in orders.items():
            for lane, (tp, fp) in enumerate(order.points(counts)):
                found[name]["roc"][first + lane] = _roc(tp, fp, grid)
                found[name]["precision_recall"][first + lane] = _precision(tp, fp, grid)
        first += counts.shape[1]
    tails = [(1 - level) / 2, (1 + level) / 2]
    return {
        name: {curve: np.quantile(values, tails, axis=0) for curve, values in of_model.items()}
        for name, of_model in found.items()
    }


def _roc(tp: np.ndarray, fp: np.ndarray, grid: np.ndarray) -> np.ndarray:
    """Sensitivity (g,) at false-positive rates ``grid``; tp, fp are cumulative counts (G,)."""
    x = np.concatenate([[0.0], fp / fp[-1]])
    y = np.concatenate([[0.0], tp / tp[-1]])
    left = np.searchsorted(x, grid, side="right") - 1
    right = np.minimum(left + 1, len(x) - 1)
    width = x[right] - x[left]
    share = np.divide(grid - x[left], width, out=np.zeros(len(grid)), where=width > 0)
    return y[left] + share * (y[right] - y[left])


def _precision(tp: np.ndarray, fp: np.ndarray, grid: np.ndarray) -> np.ndarray:
    """Precision (g,) at the first point whose recall is at least ``grid``."""
    first_case = np.flatnonzero(tp > 0)[0]
    at = np.maximum(np.searchsorted(tp, grid * tp[-1] - 1e-9, side="left"), first_case)
    return tp[at] / (tp[at] + fp[at])
