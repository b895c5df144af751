"""Percentile bootstrap of the ranking metrics, all models on the same resamples.

A resample is a column of counts (how often each study was drawn), so that no metric ever sorts again: the
scores are ranked once, and every resample is a few running sums. Resamples are taken in lanes of up to 32,
fewer where there are many studies, so that memory does not grow with the number of resamples.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from echoclr_core.common.randomness import generator
from echoclr_core.evaluate.checks import as_scores, as_two_classes
from echoclr_core.evaluate.metrics import METRIC_NAMES, Ranking, weighted_metrics

LANES = 32  # more would leave the cache: 64 lanes take twice as long at 2,000 studies
LANE_CELLS = 2**20  # counts held at once: 8 MiB in float64


@dataclass(frozen=True, kw_only=True)
class Resampling:
    """How studies are drawn.

    Parameters
    ----------
    n_resamples
        Bootstrap resamples that are used, one-class ones not counted. At least 2.
    seed
        Same seed, same labels: the same resamples, whatever is evaluated on them.
    stratified
        Draw cases and controls apart, keeping their numbers. The paper's intervals are unstratified, pROC's
        test is stratified.
    groups
        (n,) a cluster of each study (the patient, say): whole clusters are drawn. None draws studies.
    """

    n_resamples: int = 10_000
    seed: int = 0
    stratified: bool = False
    groups: object = None

    def __post_init__(self):
        if int(self.n_resamples) != self.n_resamples or self.n_resamples < 2:
            raise ValueError(
                f"n_resamples: received {self.n_resamples!r}; allowed is a whole number of at least 2"
            )
        if self.stratified and self.groups is not None:
            raise ValueError(
                "stratified together with groups is not defined: a cluster may hold both classes"
            )


class Resamples:
    """The resamples of one set of labels, lane by lane; :attr:`n_redrawn` counts one-class draws so far.

    A resample without a case or without a control has no AUROC. It is drawn again for everything that is
    evaluated on it (all models, all metrics), so that they stay comparable.
    """

    def __init__(self, labels: np.ndarray, settings: Resampling, *keys: str | int):
        self.labels = labels
        self.settings = settings
        self.n_redrawn = 0
        self._rng = generator(settings.seed, "bootstrap", *keys)
        n = len(labels)
        if settings.groups is None:
            self._members = None
        else:
            groups = np.asarray(settings.groups)
            if groups.shape != (n,) or pd.isna(groups).any():
                raise ValueError(f"groups: expected {n} values without gaps, received shape {groups.shape}")
            self._members = np.unique(groups, return_inverse=True)[1]  # (n,) cluster of each row
        if settings.stratified:
            self._strata = [np.flatnonzero(labels == 1), np.flatnonzero(labels == 0)]
        else:
            units = n if self._members is None else int(self._members.max()) + 1
            self._strata = [np.arange(units)]

    def __iter__(self) -> Iterator[np.ndarray]:
        """Yield counts (n, L) float64 until n_resamples have been given."""
        lanes = max(1, min(LANES, LANE_CELLS // len(self.labels)))
        left = self.settings.n_resamples
        while left:
            counts = self._draw(min(lanes, left))
            while (lacking := self._one_class(counts)).any():
                self.n_redrawn += int(lacking.sum())
                counts[:, lacking] = self._draw(int(lacking.sum()))
            left -= counts.shape[1]
            yield counts

    def _draw(self, lanes: int) -> np.ndarray:
        units = sum(len(stratum) for stratum in self._strata)
        counts = np.zeros((units, lanes))
        column = np.arange(lanes)[:, None]
        for stratum in self._strata:
            drawn = self._rng.integers(0, len(stratum), size=(lanes, len(stratum)))
            flat = np.bincount((drawn * lanes + column).ravel(), minlength=len(stratum) * lanes)
            counts[stratum] = flat.reshape(len(stratum), lanes)
        return counts if self._members is None else counts[self._members]

    def _one_class(self, counts: np.ndarray) -> np.ndarray:
        if self.settings.stratified:
            return np.zeros(counts.shape[1], dtype=bool)
        cases = self.labels @ counts
        return (cases == 0) | (cases == counts.sum(axis=0))


def bootstrap_values(
    y, scores: Mapping[str, object], resampling: Resampling, *, auroc_only: bool = False
) -> tuple[np.ndarray, int]:
    """Every metric of every model on every resample.

    Returns
    -------
    values
        (models, 1 or 3 metrics, n_resamples) float64, models in the order of ``scores``.
    n_redrawn
        How many one-class resamples were drawn again.
    """
    labels = as_two_classes(y)
    rankings = [
        Ranking.of(labels, as_scores(s, len(labels), f"scores of {name}")) for name, s in scores.items()
    ]
    values = np.empty((len(rankings), 1 if auroc_only else len(METRIC_NAMES), resampling.n_resamples))
    resamples = Resamples(labels, resampling)
    first = 0
    for counts in resamples:
        last = first + counts.shape[1]
        for model, ranking in enumerate(rankings):
            values[model, :, first:last] = weighted_metrics(ranking, counts, auroc_only=auroc_only)
        first = last
    return values, resamples.n_redrawn


def bootstrap_means(
    y, values: Mapping[str, np.ndarray], resampling: Resampling, *, level: float = 0.95
) -> dict[str, tuple[float, float, float]]:
    """Means of per-study numbers (squared errors, say) with percentile intervals.

    Parameters
    ----------
    y
        (n,) labels.
    values
        Model name to (n,) numbers.
    resampling
        With the same settings these are the very resamples of :func:`bootstrap_values`.

    Returns
    -------
    Model name to (mean, low, high).
    """
    labels = as_two_classes(y)
    table = np.stack([as_scores(v, len(labels), f"values of {name}") for name, v in values.items()])
    means = np.concatenate(
        [table @ counts / counts.sum(axis=0) for counts in Resamples(labels, resampling)], axis=1
    )
    tail = (1 - level) / 2
    low, high = np.quantile(means, [tail, 1 - tail], axis=1)
    rows = zip(table.mean(axis=1).tolist(), low.tolist(), high.tolist(), strict=True)
    return dict(zip(values, rows, strict=True))


def resample_metrics(y, scores, indices) -> np.ndarray:
    """The metrics on GIVEN resamples.

    Parameters
    ----------
    y, scores
        (n,) labels and scores.
    indices
        (R, k) row numbers, k drawn rows a resample.

    Returns
    -------
    (R, 3) float64 in the order of METRIC_NAMES; NaN where a resample has one class only.
    """
    labels = as_two_classes(y)
    n = len(labels)
    ranking = Ranking.of(labels, as_scores(scores, n))
    indices = np.asarray(indices)
    if indices.ndim != 2 or indices.min(initial=0) < 0 or indices.max(initial=0) >= n:
        raise ValueError(
            f"indices: expected (resamples, rows) with rows from 0 to {n - 1}, got {indices.shape}"
        )
    result = np.empty((len(indices), len(METRIC_NAMES)))
    for first in range(0, len(indices), LANES):
        block = indices[first : first + LANES]
        counts = np.stack([np.bincount(rows, minlength=n) for rows in block], axis=1).astype(np.float64)
        result[first : first + LANES] = weighted_metrics(ranking, counts).T
    return result


def bootstrap_models(
    y,
    scores: Mapping[str, object],
    n_resamples: int = 10_000,
    seed: int = 0,
    *,
    stratified: bool = False,
    groups=None,
    level: float = 0.95,
    min_per_class: int = 1,
) -> pd.DataFrame:
    """Metrics of several models with percentile intervals on shared resamples.

    Parameters
    ----------
    y
        (n,) study labels, 0 or 1.
    scores
        Model name to (n,) scores of the same studies in the same order.
    n_resamples, seed, stratified, groups
        See :class:`Resampling`.
    level
        Coverage aimed at; 0.95 takes the 2.5 % and 97.5 % percentiles.
    min_per_class
        Fewer cases or controls than this raise ValueError. A percentile interval from a handful of cases is
        far too narrow: with 20 cases of 2,040 a nominal 95 % covered 85 %. Study tables refuse below 5.

    Returns
    -------
    Index (model, metric), columns value (the data as they are), low, high. ``attrs``: n_studies, n_positive,
    n_resamples, n_redrawn (one-class resamples drawn again).

    Raises
    ------
    ValueError
        One class only, NaN, lengths that differ, too few cases or controls, settings out of range.
    """
    labels = as_two_classes(y)
    if not 0 < level < 1:
        raise ValueError(f"level: received {level!r}; allowed is a share between 0 and 1, as 0.95")
    if not scores:
        raise ValueError("scores: no model given")
    n_positive = int(labels.sum())
    if min(n_positive, len(labels) - n_positive) < min_per_class:
        raise ValueError(
            f"{n_positive} cases and {len(labels) - n_positive} controls: "
            f"an interval needs at least {min_per_class} of each"
        )
    resampling = Resampling(n_resamples=n_resamples, seed=seed, stratified=stratified, groups=groups)
    values, n_redrawn = bootstrap_values(labels, scores, resampling)
    tail = (1 - level) / 2
    low, high = np.quantile(values, [tail, 1 - tail], axis=2)
    table = pd.DataFrame(
        {"value": np.ravel(_values(labels, scores)), "low": low.ravel(), "high": high.ravel()},
        index=pd.MultiIndex.from_product([list(scores), METRIC_NAMES], names=["model", "metric"]),
    )
    table.attrs.update(
        n_studies=len(labels), n_positive=n_positive, n_resamples=n_resamples, n_redrawn=n_redrawn
    )
    return table


def _values(labels: np.ndarray, scores: Mapping[str, object]) -> list[np.ndarray]:
    """Metrics of each model on the data as they are: one more "resample" that draws every study once."""
    once = np.ones((len(labels), 1))
    return [
        weighted_metrics(Ranking.of(labels, as_scores(s, len(labels))), once)[:, 0] for s in scores.values()
    ]


def bootstrap_metrics(
    y,
    scores,
    n_resamples: int = 10_000,
    seed: int = 0,
    stratified: bool = False,
    groups=None,
    level: float = 0.95,
    min_per_class: int = 1,
) -> pd.DataFrame:
    """Metrics of one model with percentile intervals: :func:`bootstrap_models` for (n,) ``scores``.

    Returns
    -------
    Index auroc, average_precision, aupr_trapezoid; columns value, low, high.

    See Also
    --------
    echoclr_core.evaluate.roc_test : whether one model's AUROC is above another's.
    echoclr_core.evaluate.decision_curve : net benefit at thresholds.

    Examples
    --------
    >>> table = bootstrap_metrics([0, 0, 0, 1, 1, 1], [0.1, 0.4, 0.35, 0.8, 0.3, 0.9], n_resamples=200)
    >>> round(float(table.loc["auroc", "value"]), 3)
    0.778
    >>> bool(table.loc["auroc", "low"] <= table.loc["auroc", "value"] <= table.loc["auroc", "high"])
    True
    """
    table = bootstrap_models(
        y,
        {"scores": scores},
        n_resamples,
        seed,
        stratified=stratified,
        groups=groups,
        level=level,
        min_per_class=min_per_class,
    )
    one = table.droplevel("model")
    one.attrs.update(table.attrs)
    return one
