"""Options of section `study`."""

from echoclr_core.options.base import option, options


@options()
class NameOption:
    """The name of the study."""

    name: str = option(
        "echoclr",
        "Name of the study; everything is written under results/<name>/.",
        changes="numbers",
        pattern="^[A-Za-z0-9][A-Za-z0-9_-]*$",
    )


@options()
class SeedOption:
    """The one seed, for settings that need it."""

    seed: int = option(
        0,
        "Seed of the split, the label subsets, every initialisation, augmentation and bootstrap.",
        changes="numbers",
        source="released code (0)",
        ge=0,
    )


@options()
class StudyOptions(SeedOption, NameOption):
    """The run as a whole."""
