"""Sensitivity and specificity at a threshold fixed elsewhere (on the validation set), with exact intervals.

A study is called positive if its score is at least the threshold. The threshold is chosen on validation and
only applied to a test set: chosen on the test set itself it would flatter the model.
"""

import numpy as np
from scipy.stats import beta

from echoclr_core.evaluate.checks import as_scores, as_two_classes

CRITERIA = ("specificity", "sensitivity")


def threshold_at(y, scores, *, criterion: str = "specificity", at_least: float = 0.9) -> float:
    """The threshold of (n,) ``scores`` that keeps a wanted rate and gives most of the other one.

    Parameters
    ----------
    y, scores
        Labels and scores of the validation studies.
    criterion
        "specificity": the lowest threshold at which at least ``at_least`` of the controls score below it.
        "sensitivity": the highest threshold at which at least ``at_least`` of the cases reach it.
    at_least
        The wanted rate, in (0, 1].

    Returns
    -------
    A score that occurs, or +inf where only calling nobody positive keeps the specificity.
    """
    if criterion not in CRITERIA:
        raise ValueError(f"criterion: received {criterion!r}; allowed is one of {CRITERIA}")
    if not 0 < at_least <= 1:
        raise ValueError(f"at_least: received {at_least!r}; allowed is a rate in (0, 1]")
    labels = as_two_classes(y)
    values = as_scores(scores, len(labels))
    candidates = np.append(np.unique(values), np.inf)
    if criterion == "specificity":
        controls = np.sort(values[labels == 0])
        kept = np.searchsorted(controls, candidates, side="left") / len(controls)
        return float(candidates[np.argmax(kept >= at_least - 1e-12)])
    cases = np.sort(values[labels == 1])
    reached = 1 - np.searchsorted(cases, candidates, side="left") / len(cases)
    return float(candidates[np.flatnonzero(reached >= at_least - 1e-12)[-1]])


def classify(y, scores, threshold: float, *, level: float = 0.95) -> dict[str, float | int | None]:
    """Everything about (n,) ``scores`` at ``threshold``: counts, and four rates with exact intervals.

    Returns
    -------
    true_positive, false_positive, true_negative, false_negative, and sensitivity, specificity, ppv, npv, each
    with _low and _high; None where a rate has nobody in its denominator.
    """
    labels = as_two_classes(y)
    called = as_scores(scores, len(labels)) >= threshold
    counts = {
        "true_positive": int((called & (labels == 1)).sum()),
        "false_positive": int((called & (labels == 0)).sum()),
        "true_negative": int((~called & (labels == 0)).sum()),
        "false_negative": int((~called & (labels == 1)).sum()),
    }
    rates: dict[str, float | int | None] = dict(counts)
    for name, hit, missed in (
        ("sensitivity", "true_positive", "false_negative"),
        ("specificity", "true_negative", "false_positive"),
        ("ppv", "true_positive", "false_positive"),
        ("npv", "true_negative", "false_negative"),
    ):
        trials = counts[hit] + counts[missed]
        found = clopper_pearson(counts[hit], trials, level=level) if trials else (None, None, None)
        rates |= dict(zip((name, f"{name}_low", f"{name}_high"), found, strict=True))
    return rates


def rates_at(y, scores, threshold: float, *, level: float = 0.95) -> dict[str, tuple[float, float, float]]:
    """Sensitivity and specificity of (n,) ``scores`` at ``threshold``, each as (value, low, high).

    The intervals are Clopper–Pearson's: exact, wide, honest with few cases. They do not hold the uncertainty
    of the threshold itself.
    """
    rates = classify(y, scores, threshold, level=level)
    return {
        name: (rates[name], rates[f"{name}_low"], rates[f"{name}_high"])
        for name in ("sensitivity", "specificity")
    }


def clopper_pearson(successes: int, trials: int, *, level: float = 0.95) -> tuple[float, float, float]:
    """Proportion with Clopper and Pearson's exact interval (Biometrika 1934): (value, low, high)."""
    if not 0 <= successes <= trials or trials < 1:
        raise ValueError(f"received {successes} successes in {trials} trials")
    tail = (1 - level) / 2
    low = float(beta.ppf(tail, successes, trials - successes + 1)) if successes else 0.0
    high = float(beta.ppf(1 - tail, successes + 1, trials - successes)) if successes < trials else 1.0
    return successes / trials, low, high
