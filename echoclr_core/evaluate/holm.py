"""Holm's step-down adjustment (Scandinavian Journal of Statistics 1979)."""

import numpy as np


def holm(p_values) -> np.ndarray:
    """Adjusted p-values (n,): the k-th smallest times (n − k + 1), made monotone, at most 1.

    A missing p-value (NaN) stays missing and does not count as a test.

    Raises
    ------
    ValueError
        If a p-value lies outside [0, 1].
    """
    p = np.asarray(p_values, dtype=np.float64)
    present = np.flatnonzero(~np.isnan(p))
    if len(present) and (p[present].min() < 0 or p[present].max() > 1):
        raise ValueError(f"p-values must lie in [0, 1]; received {p[present].min()} to {p[present].max()}")
    order = present[np.argsort(p[present], kind="stable")]
    steps = p[order] * np.arange(len(order), 0, -1)
    adjusted = np.full(len(p), np.nan)
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1) if len(order) else steps
    return adjusted
