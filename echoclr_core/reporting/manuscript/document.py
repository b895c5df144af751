"""The document for the manuscript: methods and results with citations, as Markdown."""

from echoclr_core.reporting.manuscript.methods import methods_text
from echoclr_core.reporting.manuscript.references import bibtex, cited
from echoclr_core.reporting.manuscript.results import results_text
from echoclr_core.reporting.sections.page import Page

NOTE = (
    "Written from the settings and tables of the run; citations are keys of references.bib (pandoc, Quarto). "
    "Add what a run cannot know: setting, eligibility, ethics, how labels were measured."
)


def manuscript(page: Page) -> str:
    """Markdown with the headings Methods and Results."""
    return f"<!-- {NOTE} -->\n\n# Methods\n\n{methods_text(page)}\n\n# Results\n\n{results_text(page)}\n"


def references(page: Page) -> str:
    """BibTeX of what the run used."""
    return bibtex(cited(page.config, list(page.inits), list(page.methods)))
