"""What lies beside the page: provenance and, for the manuscript, checklists and texts."""

from echoclr_core.reporting.report import Section, Text
from echoclr_core.reporting.sections.page import Page

FILES = {
    "evaluation/metrics.parquet": "the numbers behind Figures 2, 3, S1, S2 and the result tables",
    "evaluation/comparisons.parquet": "every paired test, raw and adjusted",
    "provenance.html": "versions, commit, machine, times, hours and memory by stage, digests of the inputs",
    "checklist.html": "TRIPOD+AI, CLAIM, STARD-AI and PRIME item by item (also as CSV, Markdown and LaTeX)",
    "manuscript.md": "methods and results of this run as text, ready to paste",
    "references.bib": "BibTeX of what this run used",
    "settings.json": "every setting of this page, for programs",
}


def section(page: Page) -> Section:
    """Links to the files in the folder of the page; they do not travel with it."""
    lines = [f"* `{name} <{name}>`__: {what}." for name, what in FILES.items()]
    introduction = (
        "These files lie in the folder of this page and are not part of it; every table of "
        "the run is below it."
    )
    return Section(title="Further files", blocks=[Text(rst="\n".join([introduction, "", *lines]))])
