"""What makes the cohort, and the tables it is written as."""

from collections.abc import Collection
from dataclasses import dataclass

import pandas as pd

from echoclr_core.cohort.lvh import MEN_ABOVE, WOMEN_ABOVE
from echoclr_core.cohort.severe_as import EXCLUDED_GRADES, SEVERE_GRADES, is_grade

TASKS = ("severe_as", "lvh")
SPLIT_UNITS = ("study", "patient", "table")


@dataclass(frozen=True, kw_only=True)
class CohortSettings:
    """What makes the cohort.

    Parameters
    ----------
    development_years, external_years
        Every year of each part (``range(2016, 2021)`` and ``[2021]`` in the paper), not first and last.
        No external years: no external set.
    tasks
        A study stays if it has a label of any of these; the others are missing for their task only. None:
        every study stays (pretraining alone).
    severe_grades, excluded_grades
        Texts of ``as_severity`` (case does not count).
    lvh_threshold_women, lvh_threshold_men
        Hypertrophy is a mass index strictly above, g/m².
    lvh_wall_above
        Where no mass index or no sex is known, hypertrophy is a wall thicker than this, cm; None: such a
        study has no label.
    split_unit
        "study" (paper); "patient": the studies of a patient stand in one set, and external studies of
        development patients leave; "table": the sets that the labels' column given_set names.
    fractions, seed
        As :func:`~echoclr_core.cohort.split_studies`.
    """

    development_years: Collection[int]
    external_years: Collection[int] = ()
    tasks: Collection[str] = TASKS
    severe_grades: Collection[str] = SEVERE_GRADES
    excluded_grades: Collection[str] = EXCLUDED_GRADES
    lvh_threshold_women: float = WOMEN_ABOVE
    lvh_threshold_men: float = MEN_ABOVE
    lvh_wall_above: float | None = None
    split_unit: str = "study"
    fractions: tuple[float | str, ...] = (0.75, 0.10, 0.15)
    seed: int = 0

    def __post_init__(self):
        both = sorted(set(self.development_years) & set(self.external_years))
        if both or not self.development_years:
            raise ValueError(
                f"development_years: {both} are external too; allowed are other years, at least one"
            )
        if self.split_unit not in SPLIT_UNITS:
            raise ValueError(f"split_unit: {self.split_unit!r}; allowed are {list(SPLIT_UNITS)}")
        if set(self.tasks) - set(TASKS):
            raise ValueError(f"tasks: {list(self.tasks)}; allowed are {list(TASKS)}")
        grades = pd.Series([*self.severe_grades], dtype="string")
        if is_grade(grades, self.excluded_grades).any():
            raise ValueError("severe_grades: one is also an excluded grade; allowed are other texts")
