"""Whether probabilities mean what they say: calibration intercept, slope and curve.

Cox's recalibration (Biometrika 1958): with x = logit(p),

- intercept a ("calibration in the large"): logit P(y = 1) = a + x. 0 is right; above 0, risks are predicted
  too low on the whole.
- slope b: logit P(y = 1) = a' + b·x. 1 is right; below 1, predictions are too extreme.

Both by maximum likelihood, with Wald intervals. The numbers are of the scores as the networks give them;
nothing is recalibrated.
"""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import expit, logit
from scipy.stats import norm

from echoclr_core.evaluate.checks import as_labels, as_probabilities, as_two_classes
from echoclr_core.evaluate.settings import MIN_PER_CLASS
from echoclr_core.evaluate.thresholds import clopper_pearson

EDGE = 1e-6
"""Probabilities nearer to 0 or 1 than this are moved here: their logit would be infinite."""

MOST_STEPS = 100


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A number with its interval; NaN where it is not estimable."""

    value: float
    low: float
    high: float


NOT_ESTIMABLE = Estimate(value=math.nan, low=math.nan, high=math.nan)


def calibration_line(y, probabilities, *, level: float = 0.95) -> tuple[Estimate, Estimate]:
    """Calibration intercept and slope of (n,) ``probabilities`` for (n,) labels ``y``.

    Returns
    -------
    intercept, slope
        The slope is NaN for constant probabilities, and where a threshold parts cases from controls (its
        likelihood then has no maximum).

    Raises
    ------
    ValueError
        One class only, NaN, lengths that differ, values outside [0, 1].
    """
    labels = as_two_classes(y)
    x = logit(np.clip(as_probabilities(probabilities, len(labels)), EDGE, 1 - EDGE))
    ones = np.ones((len(x), 1))
    intercept = _estimate(*_fit(ones, labels, offset=x), level)
    if np.ptp(x) == 0 or _separated(labels, x):
        return intercept, NOT_ESTIMABLE
    # Centred, so that the two parameters are nearly independent whatever the level of x.
    centred = np.column_stack([x - x.mean(), ones[:, 0]])
    return intercept, _estimate(*_fit(centred, labels, offset=np.zeros(len(x))), level)


def calibration_curve(y, probabilities, *, bins: int = 10, level: float = 0.95) -> pd.DataFrame:
    """Observed share of cases against mean probability, in bins of about equal numbers of studies.

    Equal probabilities stay in one bin. There are fewer bins where studies are few: each is to hold at least
    5. One class is allowed.

    Returns
    -------
    One row a bin by rising probability: bin (from 1), n_studies, n_positive, lowest, highest,
    mean_probability, observed (share of cases), ci_low, ci_high (Clopper and Pearson's interval of it).
    """
    labels = as_labels(y)
    values = as_probabilities(probabilities, len(labels))
    count = max(1, min(bins, len(labels) // MIN_PER_CLASS))
    edges = np.unique(np.quantile(values, np.arange(1, count) / count))
    _, place = np.unique(np.searchsorted(edges, values, side="left"), return_inverse=True)
    rows = []
    for number in range(place.max() + 1):
        inside = place == number
        observed, low, high = clopper_pearson(int(labels[inside].sum()), int(inside.sum()), level=level)
        rows.append(
            {
                "bin": number + 1,
                "n_studies": int(inside.sum()),
                "n_positive": int(labels[inside].sum()),
                "lowest": float(values[inside].min()),
                "highest": float(values[inside].max()),
                "mean_probability": float(values[inside].mean()),
                "observed": observed,
                "ci_low": low,
                "ci_high": high,
            }
        )
    return pd.DataFrame(rows)


def _fit(design: np.ndarray, labels: np.ndarray, *, offset: np.ndarray) -> tuple[float, float]:
    """First coefficient of a logistic regression and its standard error, by damped Newton steps."""
    beta = np.zeros(design.shape[1])

    def deviance(beta: np.ndarray) -> float:
        eta = offset + design @ beta
        return float(np.sum(np.logaddexp(0, eta) - labels * eta))

    for _ in range(MOST_STEPS):
        mean = expit(offset + design @ beta)
        gradient = design.T @ (labels - mean)
        information = design.T @ (design * (mean * (1 - mean))[:, None])
        step = np.linalg.solve(information, gradient)
        while deviance(beta + step) > deviance(beta) and np.abs(step).max() > 1e-12:
            step /= 2
        beta = beta + step
        if np.abs(step).max() < 1e-10:
            break
    else:
        raise AssertionError("a logistic regression on two parameters did not converge")
    return float(beta[0]), float(np.sqrt(np.linalg.inv(information)[0, 0]))


def _estimate(value: float, error: float, level: float) -> Estimate:
    reach = float(norm.ppf(0.5 + level / 2)) * error
    return Estimate(value=value, low=value - reach, high=value + reach)


def _separated(labels: np.ndarray, x: np.ndarray) -> bool:
    cases, controls = x[labels == 1], x[labels == 0]
    return bool(controls.max() <= cases.min() or cases.max() <= controls.min())
