"""Write the one page that holds everything a reader wants."""

import json

from echoclr_core import __version__
from echoclr_core.common.files import atomic_path, write_json
from echoclr_core.common.recorded import flat, joined, nested
from echoclr_core.reporting.checklists.table import (
    LEAD,
    checklist_sections,
    checklist_table,
    write_checklist_files,
)
from echoclr_core.reporting.manuscript.document import manuscript, references
from echoclr_core.reporting.report import build_report
from echoclr_core.reporting.sections.assemble import sections
from echoclr_core.reporting.sections.overview import lead
from echoclr_core.reporting.sections.page import Page
from echoclr_core.reporting.style import own_initialisations
from workflow_scripts.lib.job import job

# The results whose recorded settings the page prints.
MADE = (
    *("files", "audit", "audit_summary", "views_report", "view_decisions", "masked", "labels", "studies"),
    *("runs", "selected", "metrics", "saliency_summary"),
)


def write_text(path: str, text: str) -> None:
    """A text file, whole or not at all."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def listed(paths: str | list[str]) -> list[str]:
    """One path or several, as a list."""
    return [paths] if isinstance(paths, str) else list(paths)


with job(snakemake) as log, own_initialisations(snakemake.params.init_titles):
    files = dict(snakemake.input.items())
    config = nested(
        dict(flat(json.loads(snakemake.params.page)))
        | joined(path for name in MADE for path in listed(files[name]))
    )
    page = Page(
        files=files,
        config=config,
        titles=dict(snakemake.params.titles),
        inits=snakemake.params.inits,
        methods=snakemake.params.methods,
        cells=snakemake.params.cells,
        source=snakemake.params.source,
        kept=snakemake.params.kept,
        units=dict(snakemake.params.units),
    )
    write_json(snakemake.output.settings, config)
    write_text(snakemake.output.manuscript, manuscript(page))
    write_text(snakemake.output.references, references(page))
    items = checklist_table(page)
    write_checklist_files(items, snakemake.output.checklist.removesuffix(".html"))
    build_report(
        snakemake.output.checklist,
        title=f"Reporting checklists: {config['study']['name']}",
        lead=LEAD,
        sections=checklist_sections(items),
        footer="Files for a supplement: checklist.csv, checklist.md, checklist.tex.",
    )
    build_report(
        snakemake.output.page,
        title=f"EchoCLR study: {config['study']['name']}",
        lead=lead(page),
        sections=sections(page),
        footer=f"echoclr-workflow {__version__}, seed {config['study']['seed']}.",
    )
