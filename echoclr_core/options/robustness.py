"""Options of section `robustness`."""

from typing import Literal

from echoclr_core.options.base import Unique, option, options

Perturbation = Literal[
    "depth_attenuation",
    "shadow",
    "gain",
    "time_gain_compensation",
    "speckle",
    "half_frame_rate",
    "rotation",
]


@options()
class RobustnessOptions:
    """Target perturb: the test videos scored again after changes that a scanner or a hand could make."""

    perturbations: Unique[Perturbation] = option(
        (
            *("depth_attenuation", "shadow", "gain", "time_gain_compensation", "speckle"),
            *("half_frame_rate", "rotation"),
        ),
        "Changes of the test videos (docs/evaluation.md).",
        changes="output",
        source="ours",
        min_length=1,
    )
    in_report: bool = option(
        False,
        "Make them part of the study and its report; false = with the target perturb alone.",
        changes="output",
        source="ours",
    )
