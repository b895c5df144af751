"""The settings of one fine-tuning run."""

from typing import Literal

from pydantic import Field

from echoclr_core.options.augmentation import AugmentationOptions
from echoclr_core.options.base import options, section
from echoclr_core.options.compute import NumericsOptions
from echoclr_core.options.finetune import FinetuneRunOptions
from echoclr_core.options.study import SeedOption
from echoclr_core.options.training import TrainingOptions
from echoclr_core.video.augmentation import NORMALISATIONS


@options()
class FinetuneSettings(TrainingOptions, FinetuneRunOptions, NumericsOptions, SeedOption):
    """How a fine-tuning run goes: the options of a run, and what the study adds.

    Parameters
    ----------
    learning_rate
        One of finetune.learning_rates; None where nothing is trained.
    input_size
        Height and width of the network's input, px; None keeps the clip store's.
    normalisation
        One of :data:`~echoclr_core.video.augmentation.NORMALISATIONS`, as the initial weights need.
    augmentation
        Section ``augmentation``.
    """

    learning_rate: float | None = Field(None, gt=0)
    input_size: int | None = Field(None, ge=1)
    normalisation: Literal[NORMALISATIONS] = "min-max"
    augmentation: AugmentationOptions = section(AugmentationOptions)
