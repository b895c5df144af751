"""Whether probabilities mean what they say: calibration intercept, slope and curve.

Cox's recalibration (Biometrika 1958): with x = logit(p),

- intercept a ("calibration in the large"): logit P(y = 1) = a + x. 0 is right; above 0, risks are predicted
  too low on the whole.
- slope b: logit P(y = 1) = a' + b·x. 1 is right; below 1, predictions are too extreme.

Both by maximum likelihood, with Wald intervals. The numbers are of the scores as the networks give them;
:mod:`echoclr_core.evaluate.recalibration` has the recalibrated ones.
"""

import math
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.special import expit, logit
from scipy.stats import norm

from echoclr_core.evaluate.checks import as_labels, as_probabilities, as_two_classes
from echoclr_core.evaluate.settings import MIN_PER_CLASS
from echoclr_core.evaluate.thresholds import clopper_pearson

EDGE = 1e-6
"""Probabilities nearer to 0 or 1 than this are moved here: their logit would be infinite."""

MAX_STEPS = 100
MAX_CONDITION = 1e12  # of the information matrix; beyond it a Newton step is rounding error
MIN_SPREAD = 1e-6
"""Smallest standard deviation of the logits from which a slope is estimated. Logits of single-precision
scores differ by about 1e-7 from rounding alone."""


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A number with its interval; NaN where it is not estimable, and then ``reason`` says why."""

    value: float
    low: float
    high: float
    reason: str = ""


NOT_ESTIMABLE = Estimate(value=math.nan, low=math.nan, high=math.nan)
CONSTANT = "the probabilities are constant"
SEPARATED = "a threshold separates cases from controls"
NO_MAXIMUM = "the likelihood has no maximum that the fit can find"


def calibration_line(y, probabilities, *, level: float = 0.95) -> tuple[Estimate, Estimate]:
    """Calibration intercept and slope of (n,) ``probabilities`` for (n,) labels ``y``.

    Returns
    -------
    intercept, slope
        The slope is NaN for constant probabilities (to within MIN_SPREAD on the logit scale), and where a
        threshold separates cases from controls (its likelihood then has no maximum); ``reason`` says which.

    Raises
    ------
    ValueError
        One class only, NaN, lengths that differ, values outside [0, 1].
    """
    labels = as_two_classes(y)
    x = logit(np.clip(as_probabilities(probabilities, len(labels)), EDGE, 1 - EDGE))
    ones = np.ones((len(x), 1))
    intercept = _estimate(fit_logistic(ones, labels, offset=x), level)
    spread = float(x.std())
    if spread < MIN_SPREAD:
        return intercept, replace(NOT_ESTIMABLE, reason=CONSTANT)
    if separated(labels, x):
        return intercept, replace(NOT_ESTIMABLE, reason=SEPARATED)
    # Standardised: the two parameters are nearly independent and of size 1, whatever level and spread of x.
    standardised = np.column_stack([(x - x.mean()) / spread, ones[:, 0]])
    slope = _estimate(fit_logistic(standardised, labels, offset=np.zeros(len(x))), level)
    scaled = {name: getattr(slope, name) / spread for name in ("value", "low", "high")}
    return intercept, replace(slope, **scaled)


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


def fit_logistic(
    design: np.ndarray, labels: np.ndarray, *, offset: np.ndarray
) -> tuple[np.ndarray, np.ndarray] | None:
    """Coefficients (k,) of an unpenalised logistic regression and their standard errors (k,).

    Parameters
    ----------
    design
        (n, k) float64.
    labels
        (n,) 0 or 1.
    offset
        (n,) added to the linear predictor with coefficient 1.

    Returns
    -------
    None where damped Newton steps do not converge.
    """
    beta = np.zeros(design.shape[1])

    def deviance(beta: np.ndarray) -> float:
        eta = offset + design @ beta
        return float(np.sum(np.logaddexp(0, eta) - labels * eta))

    for _ in range(MAX_STEPS):
        mean = expit(offset + design @ beta)
        gradient = design.T @ (labels - mean)
        information = design.T @ (design * (mean * (1 - mean))[:, None])
        if np.linalg.cond(information) > MAX_CONDITION:
            return None
        step = np.linalg.solve(information, gradient)
        while deviance(beta + step) > deviance(beta) and np.abs(step).max() > 1e-12:
            step /= 2
        beta = beta + step
        if np.abs(step).max() < 1e-10:
            return beta, np.sqrt(np.diag(np.linalg.inv(information)))
    return None


def _estimate(fitted: tuple[np.ndarray, np.ndarray] | None, level: float) -> Estimate:
    if fitted is None:
        return replace(NOT_ESTIMABLE, reason=NO_MAXIMUM)
    value, error = (float(numbers[0]) for numbers in fitted)
    reach = float(norm.ppf(0.5 + level / 2)) * error
    return Estimate(value=value, low=value - reach, high=value + reach)


def separated(labels: np.ndarray, x: np.ndarray) -> bool:
    """Whether a threshold on ``x`` (n,) parts the cases from the controls of ``labels`` (n,)."""
    cases, controls = x[labels == 1], x[labels == 0]
    return bool(controls.max() <= cases.min() or cases.max() <= controls.min())
