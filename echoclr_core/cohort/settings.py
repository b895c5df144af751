"""What makes the cohort."""

from pydantic import InstanceOf

from echoclr_core.options.base import options
from echoclr_core.options.cohort import CohortOptions
from echoclr_core.options.study import SeedOption
from echoclr_core.tasks.task import Task


@options()
class CohortSettings(CohortOptions, SeedOption):
    """What makes the cohort.

    Parameters
    ----------
    tasks
        A study stays if it has a label of any of these; the others are missing for their task only. None:
        every study stays (pretraining alone).
    known_frame_rate
        Whether videos whose file states no frame rate leave (clip.missing_frame_rate: exclude).
    """

    tasks: tuple[InstanceOf[Task], ...] = ()
    known_frame_rate: bool = False

    def __post_init__(self):
        both = sorted(set(self.development_years) & set(self.external_years))
        if both:
            raise ValueError(f"development_years: {both} are external too; allowed are other years")
