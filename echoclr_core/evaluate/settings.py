"""How a cohort is evaluated."""

from dataclasses import dataclass

MIN_PER_CLASS = 5
"""Fewer cases or controls get no interval and no p-value in the study's tables."""


@dataclass(frozen=True, kw_only=True)
class EvaluationSettings:
    """How a cohort is evaluated.

    Parameters
    ----------
    n_resamples
        Bootstrap resamples for intervals and for tests.
    seed
        The study's seed. Resamples depend on it, the task and the cohort alone, so that all models, ratios
        and draws are evaluated on the same ones.
    level
        Coverage of the intervals.
    stratified_intervals
        False (the paper's): studies are drawn whatever their label.
    stratified_test
        True (pROC's default).
    operating_rate
        Specificity (or sensitivity) that the validation threshold keeps.
    """

    n_resamples: int = 10_000
    seed: int = 0
    level: float = 0.95
    stratified_intervals: bool = False
    stratified_test: bool = True
    operating_rate: float = 0.9
