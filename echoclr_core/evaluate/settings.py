"""How a cohort is evaluated."""

from itertools import pairwise

from echoclr_core.options.base import options
from echoclr_core.options.evaluate import EvaluateOptions
from echoclr_core.options.study import SeedOption

MIN_PER_CLASS = 5
"""Fewer cases or controls get no interval and no p-value in the study's tables."""

CONFIDENCE_LEVEL = 0.95
"""Coverage of the intervals."""


@options()
class EvaluationSettings(EvaluateOptions, SeedOption):
    """How a cohort is evaluated.

    Resamples depend on the seed, the task and the cohort alone, so that all models, ratios and draws are
    evaluated on the same ones.

    Raises
    ------
    ValueError
        Naming the field, what it was and what is allowed.
    """

    def __post_init__(self):
        if any(b <= a for a, b in pairwise(self.age_bands)):
            raise ValueError(f"age_bands: {list(self.age_bands)}; allowed are rising ages in years")
