"""Calibration on the whole, the Brier score beside that of no skill, and logistic recalibration.

- O:E = share of cases / mean probability. 1 is right; below 1, risks are predicted too high on the whole.
- scaled Brier = 1 - Brier / (prevalence · (1 - prevalence)). 1 is perfect, 0 is predicting the prevalence
  for every study, below 0 is worse than that (Steyerberg et al., Epidemiology 2010).
- recalibration: logit(p') = a + b · logit(p), a and b by maximum likelihood on the validation set (Cox 1958).
"""

from collections.abc import Mapping

import numpy as np
from scipy.special import expit, logit

from echoclr_core.evaluate.bootstrap import Resamples, Resampling
from echoclr_core.evaluate.calibration import EDGE, MIN_SPREAD, fit_logistic, separated
from echoclr_core.evaluate.checks import as_probabilities, as_two_classes

RATIOS = ("oe_ratio", "brier_scaled")


def calibration_ratios(
    y, probabilities: Mapping[str, object], resampling: Resampling | None, *, level: float = 0.95
) -> dict[str, dict[str, tuple[float, float, float]]]:
    """O:E ratio and scaled Brier score of several models with percentile intervals on the same resamples.

    Parameters
    ----------
    y
        (n,) labels, 0 or 1, both present.
    probabilities
        Model name to (n,) values in [0, 1].
    resampling
        How studies are drawn; None leaves the bounds missing.
    level
        Coverage of the intervals.

    Returns
    -------
    Model name to {"oe_ratio": (value, low, high), "brier_scaled": (value, low, high)}. O:E is infinite where
    every probability is 0.
    """
    labels = as_two_classes(y)
    tables = {}
    for name, values in probabilities.items():
        p = as_probabilities(values, len(labels))
        tables[name] = np.stack([labels, p, (p - labels) ** 2]).astype(np.float64)  # (3, n)
    tail = (1 - level) / 2
    found = {}
    values = {name: _ratios(table.mean(axis=1, keepdims=True)) for name, table in tables.items()}
    drawn = {name: [] for name in tables}
    for counts in () if resampling is None else Resamples(labels, resampling):
        for name, table in tables.items():
            drawn[name].append(_ratios(table @ counts / counts.sum(axis=0)))
    for name in tables:
        bounds = np.full((2, len(RATIOS)), np.nan)
        if drawn[name]:
            bounds = np.quantile(np.concatenate(drawn[name], axis=1), [tail, 1 - tail], axis=1)
        found[name] = {
            ratio: (float(values[name][k, 0]), float(bounds[0, k]), float(bounds[1, k]))
            for k, ratio in enumerate(RATIOS)
        }
    return found


def _ratios(means: np.ndarray) -> np.ndarray:
    """(2, L) O:E and scaled Brier from the means (3, L) of label, probability and squared error."""
    prevalence, probability, error = means
    with np.errstate(divide="ignore"):
        return np.stack([prevalence / probability, 1 - error / (prevalence * (1 - prevalence))])


def recalibration_line(y, probabilities) -> tuple[float, float] | None:
    """Intercept a and slope b of logit P(y = 1) = a + b · logit(p), by maximum likelihood.

    None where they are not estimable: constant probabilities, or a threshold that separates cases from
    controls.

    Raises
    ------
    ValueError
        One class only, NaN, lengths that differ, values outside [0, 1].
    """
    labels = as_two_classes(y)
    x = _logit(as_probabilities(probabilities, len(labels)))
    spread = float(x.std())
    if spread < MIN_SPREAD or separated(labels, x):
        return None
    design = np.column_stack([(x - x.mean()) / spread, np.ones(len(x))])
    fitted = fit_logistic(design, labels, offset=np.zeros(len(x)))
    if fitted is None:
        return None
    slope = float(fitted[0][0]) / spread
    return float(fitted[0][1]) - slope * float(x.mean()), slope


def recalibrated(probabilities, intercept: float, slope: float) -> np.ndarray:
    """(n,) probabilities after recalibration with ``intercept`` and ``slope``, in [0, 1]."""
    values = np.asarray(probabilities, dtype=np.float64)
    return expit(intercept + slope * _logit(values))


def _logit(values: np.ndarray) -> np.ndarray:
    return logit(np.clip(values, EDGE, 1 - EDGE))
