"""DeLong's test and interval (Biometrics 1988): closed forms that the bootstrap is held against.

Each case i has a placement V_i, the share of controls that it outranks, each control j the share of cases
that outrank it (ties one half). Var(AUROC) = var(V_cases)/m + var(V_controls)/n with ddof 1; for two models
the covariance likewise. Placements come from mid-ranks, O(n log n).
"""

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm, rankdata

from echoclr_core.evaluate.checks import as_scores, as_two_classes


@dataclass(frozen=True, kw_only=True)
class DelongTest:
    """Two AUROCs, the standard error of their difference, z, and the three p-values."""

    auroc_a: float
    auroc_b: float
    se: float
    z: float
    p_greater: float
    p_less: float
    p_two_sided: float


def delong_test(y, scores_a, scores_b) -> DelongTest:
    """Paired DeLong test of (n,) ``scores_a`` against ``scores_b`` on (n,) labels ``y``.

    Where the difference has no variance, z is 0 for equal areas and ±inf otherwise. Needs two cases and two
    controls (ValueError), as well as finite scores and both classes.
    """
    labels = _two_of_each(y)
    a = _placements(labels, as_scores(scores_a, len(labels), "scores_a"))
    b = _placements(labels, as_scores(scores_b, len(labels), "scores_b"))
    auroc_a, auroc_b = float(a[0].mean()), float(b[0].mean())
    variance = sum(float(np.var(va - vb, ddof=1)) / len(va) for va, vb in zip(a, b, strict=True))
    difference = auroc_a - auroc_b
    se = float(np.sqrt(variance)) if variance > 1e-30 else 0.0  # below: rounding of equal placements
    z = _ratio(difference, se)
    return DelongTest(
        auroc_a=auroc_a,
        auroc_b=auroc_b,
        se=se,
        z=z,
        p_greater=float(norm.sf(z)),
        p_less=float(norm.cdf(z)),
        p_two_sided=float(2 * norm.sf(abs(z))),
    )


def delong_interval(y, scores, *, level: float = 0.95, scale: str = "logit") -> tuple[float, float, float]:
    """AUROC with DeLong's interval: (value, low, high).

    Parameters
    ----------
    y, scores
        (n,) labels and scores.
    level
        Coverage aimed at.
    scale
        "logit" builds the interval on log(A/(1−A)), which stays inside (0, 1) and covers better with few
        cases; "plain" on A itself, cut at 0 and 1 as pROC does. On the logit scale an AUROC of 0 or 1 has no
        interval: low and high are NaN.
    """
    if scale not in ("logit", "plain"):
        raise ValueError(f"scale: received {scale!r}; allowed is 'logit' or 'plain'")
    labels = _two_of_each(y)
    cases, controls = _placements(labels, as_scores(scores, len(labels)))
    value = float(cases.mean())
    se = float(np.sqrt(np.var(cases, ddof=1) / len(cases) + np.var(controls, ddof=1) / len(controls)))
    reach = float(norm.ppf(0.5 + level / 2)) * se
    if scale == "plain":
        return value, max(0.0, value - reach), min(1.0, value + reach)
    if value in (0.0, 1.0):
        return value, float("nan"), float("nan")
    centre, half = np.log(value / (1 - value)), reach / (value * (1 - value))
    return value, float(1 / (1 + np.exp(half - centre))), float(1 / (1 + np.exp(-half - centre)))


def _placements(labels: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Placements of the cases (m,) and of the controls (n,), both with mean AUROC."""
    cases, controls = scores[labels == 1], scores[labels == 0]
    m, n = len(cases), len(controls)
    ranks = rankdata(np.concatenate([cases, controls]))
    of_cases = (ranks[:m] - rankdata(cases)) / n
    of_controls = 1 - (ranks[m:] - rankdata(controls)) / m
    return of_cases, of_controls


def _ratio(difference: float, se: float) -> float:
    if se:
        return difference / se
    return 0.0 if abs(difference) < 1e-15 else float(np.copysign(np.inf, difference))


def _two_of_each(y) -> np.ndarray:
    labels = as_two_classes(y)
    positive = int(labels.sum())
    if min(positive, len(labels) - positive) < 2:
        raise ValueError(
            f"DeLong's variance needs two cases and two controls; received {positive} of {len(labels)}"
        )
    return labels
