"""What stands in the report: a file a section, each from the study's own tables and figures.

A new section is one file with ``section(page)``, a line below, and its files among build_report's inputs.
"""

from echoclr_core.reporting.report import Section
from workflow_scripts.lib.report import (
    cohort,
    evaluation,
    overview,
    privacy,
    results,
    saliency,
    settings,
    training,
)
from workflow_scripts.lib.report.overview import lead
from workflow_scripts.lib.report.page import Page

__all__ = ["Page", "lead", "sections"]

SECTIONS = (overview, cohort, results, evaluation, saliency, training, privacy, settings)
"""In reading order: that of the paper, then what backs it."""


def sections(page: Page) -> list[Section]:
    """Everything."""
    return [part.section(page) for part in SECTIONS]
