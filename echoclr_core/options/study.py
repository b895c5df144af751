"""Options of section `study`."""

from echoclr_core.options.base import option, options


@options()
class StudyOptions:
    """The run as a whole."""

    name: str = option(
        "echoclr",
        "Name of the study; everything is written under results/<name>/.",
        changes="numbers",
        pattern="^[A-Za-z0-9][A-Za-z0-9_-]*$",
    )
    seed: int = option(
        0,
        "Seed of the split, the label subsets, every initialisation, augmentation and bootstrap.",
        changes="numbers",
        source="released code (0)",
        ge=0,
    )
