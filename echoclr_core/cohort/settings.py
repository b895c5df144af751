"""What makes the cohort, and the tables it is written as."""

from collections.abc import Collection
from dataclasses import dataclass

from echoclr_core.cohort.one_patient import CHOICES
from echoclr_core.tasks.task import Task

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
    split_unit
        "study" (paper); "patient": the studies of a patient stand in one set, and external studies of
        development patients leave; "table": the sets that the labels' column given_set names.
    several_patients
        What becomes of a study whose files name several patients: "exclude", it leaves; "split", each
        patient's files are a study of their own; "majority", the files of the patient whom the label row
        names stay, or else of the one whom most files name.
    fractions, seed
        As :func:`~echoclr_core.cohort.split_studies`.
    """

    development_years: Collection[int]
    external_years: Collection[int] = ()
    tasks: Collection[Task] = ()
    split_unit: str = "study"
    several_patients: str = "exclude"
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
        if self.several_patients not in CHOICES:
            raise ValueError(f"several_patients: {self.several_patients!r}; allowed are {list(CHOICES)}")
