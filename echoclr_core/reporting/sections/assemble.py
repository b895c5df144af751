"""The sections of the report in reading order.

A new section is one file with ``section(page)``, a line below, and its files among build_report's inputs.
"""

from echoclr_core.reporting.report import Section
from echoclr_core.reporting.sections import (
    abbreviations,
    cohort,
    evaluation,
    failures,
    further_files,
    overview,
    precision,
    privacy,
    repeats,
    results,
    robustness,
    saliency,
    settings,
    training,
)
from echoclr_core.reporting.sections.page import Page

SECTIONS = (
    overview,
    cohort,
    results,
    evaluation,
    repeats,
    precision,
    robustness,
    failures,
    saliency,
    training,
    privacy,
    abbreviations,
    further_files,
    settings,
)
"""In reading order: that of the paper, then what backs it."""


def sections(page: Page) -> list[Section]:
    """Everything; a section that the study has nothing for is None and left out."""
    return [made for part in SECTIONS if (made := part.section(page)) is not None]
