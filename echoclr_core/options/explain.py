"""Options of section `explain`."""

from echoclr_core.options.base import Unique, option, options


@options()
class ExplainOptions:
    """Grad-CAM saliency maps."""

    tasks: Unique[str] = option(
        ("severe_as",),
        "Tasks to explain.",
        changes="output",
        source="paper (severe AS)",
    )
    reference: str = option(
        "kinetics400",
        "The initialisation whose most confident studies are shown (upper row).",
        changes="output",
        source="paper (Kinetics-400)",
    )
    model: str = option(
        "echoclr",
        "The initialisation shown beside it (lower row).",
        changes="output",
        source="paper (EchoCLR)",
    )
    n_studies: int = option(
        4,
        "Studies shown.",
        changes="output",
        unit="studies",
        source="paper (4); workshop (5)",
        ge=1,
        le=20,
    )
    frames: int = option(
        32,
        "First frames of the video.",
        changes="output",
        unit="frames",
        source="paper (32)",
        ge=1,
    )
    n_randomisations: int = option(
        3,
        (
            "Networks with randomised weights that each map is compared with, for each part of the "
            "network; 0 leaves this check out."
        ),
        changes="output",
        unit="networks",
        source="ours (Adebayo et al. 2018)",
        ge=0,
    )
