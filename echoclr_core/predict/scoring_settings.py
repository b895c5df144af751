"""The settings with which a study was predicted, from a bundle's description."""

from collections.abc import Mapping
from typing import Any

from echoclr_core.finetune.settings import FinetuneSettings
from echoclr_core.models.classifier_file import standardisation_of


def scoring_settings(description: Mapping[str, Any]) -> FinetuneSettings:
    """Which clips are scored, and how they are prepared; ``description`` is ``bundle.json``."""
    scoring = description["scoring"]
    return FinetuneSettings(
        clip_length=scoring["clip_length"],
        frame_stride=scoring["frame_stride"],
        eval_clips_per_video=scoring["clips_per_video"],
        batch_size=scoring["batch_size"],
        input_size=scoring["input_size"],
        normalisation=standardisation_of(scoring["normalisation"]),
    )
