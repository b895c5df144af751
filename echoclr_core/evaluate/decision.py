"""Decision curves: the net benefit of acting on a model's probabilities.

At threshold t, whoever has a probability of at least t is treated (examined further, say), and t states how
many false positives one true positive is worth: net benefit = TP/n - FP/n · t/(1 - t). Beside it: treating
everybody, prevalence - (1 - prevalence) · t/(1 - t), and nobody, 0. Vickers and Elkin, Medical Decision
Making 2006; the
values are those of the package ``dcurves``.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from echoclr_core.evaluate.bootstrap import Resamples, Resampling
from echoclr_core.evaluate.checks import as_probabilities, as_two_classes

TREAT_ALL = "treat_all"


def decision_curve(
    y,
    scores,
    thresholds,
    *,
    n_resamples: int = 10_000,
    seed: int = 0,
    stratified: bool = False,
    groups=None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Net benefit of one model at each threshold, with percentile intervals.

    Parameters
    ----------
    y
        (n,) labels, 0 or 1, both present.
    scores
        (n,) probabilities in [0, 1].
    thresholds
        (t,) threshold probabilities in [0, 1), in any order.
    n_resamples, seed, stratified, groups
        See :class:`~echoclr_core.evaluate.bootstrap.Resampling`. With the same settings the resamples are
        those of :func:`~echoclr_core.evaluate.bootstrap.bootstrap_metrics`.
    level
        Coverage of the intervals.

    Returns
    -------
    One row a threshold, in the order received: threshold, net_benefit, low, high, treat_all, treat_all_low,
    treat_all_high, treat_none (0).

    Raises
    ------
    ValueError
        One class only, NaN, lengths that differ, scores outside [0, 1], thresholds outside [0, 1).
    """
    resampling = Resampling(n_resamples=n_resamples, seed=seed, stratified=stratified, groups=groups)
    return decision_curves(y, {"scores": scores}, thresholds, resampling, level=level)["scores"]


def decision_curves(
    y, scores: Mapping[str, object], thresholds, resampling: Resampling | None, *, level: float = 0.95
) -> dict[str, pd.DataFrame]:
    """:func:`decision_curve` of several models on the same resamples: model name to table.

    ``resampling`` None leaves the bounds missing.
    """
    labels = as_two_classes(y)
    steps = as_thresholds(thresholds)
    if TREAT_ALL in scores:
        raise ValueError(f"scores: no model may be called {TREAT_ALL!r}")
    policies = {name: as_probabilities(values, len(labels)) for name, values in scores.items()}
    policies[TREAT_ALL] = np.ones(len(labels))
    gains = np.stack(
        [_benefit_of_studies(labels, values, steps) for values in policies.values()]
    )  # (M, t, n)
    value = gains.mean(axis=2)
    low, high = _bounds(labels, gains, resampling, level)
    everybody = {"treat_all": value[-1], "treat_all_low": low[-1], "treat_all_high": high[-1]}
    return {
        name: pd.DataFrame(
            {
                "threshold": steps,
                "net_benefit": value[k],
                "low": low[k],
                "high": high[k],
                **everybody,
                "treat_none": 0.0,
            }
        )
        for k, name in enumerate(scores)
    }


def as_thresholds(thresholds) -> np.ndarray:
    """Threshold probabilities as a float64 array (t,); ValueError unless all lie in [0, 1)."""
    steps = np.asarray(thresholds, dtype=np.float64)
    if steps.ndim != 1 or not len(steps):
        raise ValueError(f"thresholds: expected a non-empty one-dimensional array, received {steps.shape}")
    wrong = steps[~((steps >= 0) & (steps < 1))]
    if len(wrong):
        raise ValueError(f"thresholds: received {wrong[:5].tolist()}; allowed is 0 or more and less than 1")
    return steps


def _benefit_of_studies(labels: np.ndarray, values: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """(t, n): what each study adds to n times the net benefit: 1 for a true, -odds for a false positive."""
    treated = values[None, :] >= steps[:, None]
    odds = steps / (1 - steps)
    return treated * np.where(labels == 1, 1.0, -odds[:, None])


def _bounds(
    labels: np.ndarray, gains: np.ndarray, resampling: Resampling | None, level: float
) -> tuple[np.ndarray, np.ndarray]:
    """Percentile bounds (M, t) of the mean of ``gains`` (M, t, n); NaN without resampling."""
    models, steps, n = gains.shape
    if resampling is None:
        missing = np.full((models, steps), np.nan)
        return missing, missing
    rows = gains.reshape(models * steps, n)
    means = np.concatenate(
        [rows @ counts / counts.sum(axis=0) for counts in Resamples(labels, resampling)], axis=1
    )
    tail = (1 - level) / 2
    low, high = np.quantile(means, [tail, 1 - tail], axis=1)
    return low.reshape(models, steps), high.reshape(models, steps)
