"""Options of section `report`."""

from typing import Literal

from echoclr_core.options.base import option, options


@options()
class ReportOptions:
    """The HTML report."""

    published: bool = option(
        True,
        (
            "Show the published numbers beside ours, of tasks whose label rule asks what the paper asked; "
            "texts that the paper does not have are not judged."
        ),
        changes="output",
        source="ours",
    )
    published_source: Literal["paper", "workshop"] = option(
        "paper",
        "Which published numbers: those of the paper (2024) or of its workshop version (2022).",
        changes="output",
        source="ours",
    )
    saliency_scale: Literal["figure", "model"] = option(
        "figure",
        (
            "One colour scale for the whole saliency figure, or one for each model, where one of them "
            "gives far weaker evidence."
        ),
        changes="output",
        source="ours (the published maps are stretched one by one)",
    )
    least_cell: int = option(
        0,
        (
            'Counts below this stand as "<5" (say) in Table 1, Table S1, the flow and the subgroups, '
            "with others that they would follow from; 0 = all counts are shown. Many committees ask "
            "for 5 or 10."
        ),
        changes="output",
        unit="studies",
        source="ours",
        ge=0,
    )
    montage_videos: int = option(
        12,
        "Videos shown before and after masking.",
        changes="output",
        unit="videos",
        ge=1,
        le=60,
    )
