"""Options of section `augmentation`."""

from echoclr_core.options.base import option, options


@options()
class AugmentationOptions:
    """One draw a clip, the same for all its frames; in pretraining and fine-tuning."""

    pad: int = option(
        8,
        "Zero padding and crop back by up to this many pixels in each direction.",
        changes="numbers",
        unit="pixels",
        source="paper (8)",
        ge=0,
    )
    flip_prob: float = option(
        0.5,
        "Probability of a horizontal flip.",
        changes="numbers",
        unit="probability",
        source="paper (0.5)",
        ge=0,
        le=1,
    )
    max_rotation: float = option(
        10,
        "Rotation angles are uniform between minus and plus this angle.",
        changes="numbers",
        unit="degrees",
        source="paper (10)",
        ge=0,
        le=180,
    )
    rotation_prob: float = option(
        0.5,
        "Probability of a rotation.",
        changes="numbers",
        unit="probability",
        source="paper (0.5)",
        ge=0,
        le=1,
    )
