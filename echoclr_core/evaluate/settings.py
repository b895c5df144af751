"""How a cohort is evaluated."""

from dataclasses import dataclass
from itertools import pairwise

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
    target_rate
        Specificity (or sensitivity) that the validation threshold keeps.
    calibration_bins
        Bins of the calibration curve, at most.
    age_column
        Column of the studies that holds the age, years; where there is none, no subgroups by age.
    age_bands
        Where a new age band begins, years: (50, 65) gives <50, 50–64 and ≥65.

    Raises
    ------
    ValueError
        Naming the field, what it was and what is allowed.
    """

    n_resamples: int = 10_000
    seed: int = 0
    level: float = 0.95
    stratified_intervals: bool = False
    stratified_test: bool = True
    target_rate: float = 0.9
    calibration_bins: int = 10
    age_column: str = "age"
    age_bands: tuple[float, ...] = (50, 65, 80)

    def __post_init__(self):
        object.__setattr__(self, "age_bands", tuple(self.age_bands))
        if not 0 < self.target_rate < 1:
            raise ValueError(f"target_rate: {self.target_rate!r}; allowed is a rate between 0 and 1")
        if self.calibration_bins < 1:
            raise ValueError(f"calibration_bins: {self.calibration_bins!r}; allowed is 1 or more")
        if any(b <= a for a, b in pairwise(self.age_bands)):
            raise ValueError(f"age_bands: {list(self.age_bands)}; allowed are rising ages in years")
