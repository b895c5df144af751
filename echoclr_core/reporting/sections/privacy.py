"""The audit of the written videos."""

import json
from pathlib import Path

import pandas as pd

from echoclr_core.reporting.report import DataTable, Section, Text
from echoclr_core.reporting.sections.page import Page


def section(page: Page) -> Section:
    """The audit of the written videos."""
    audit = pd.concat([pd.read_parquet(path) for path in page.files["audit"]], ignore_index=True)
    summary = json.loads(Path(page.files["audit_summary"]).read_text(encoding="utf-8"))
    chosen = page.config["deidentify"]
    found = audit["outcome"].value_counts().rename_axis("outcome").reset_index(name="videos")
    text = (
        "This page holds no name, identifier or date of a patient: studies and videos go by pseudonyms "
        "(keyed hashes), years are the finest dates, and what leads from a pseudonym to a patient stays in "
        "``restricted/`` and is not part of this page. Pixels outside the ultrasound sector are black.\n\n"
        f"{summary['audited']:,} of the {summary['written']:,} written videos were read back. Pixels outside "
        f"the sector that were not black: {summary['outside_pixels']:,}. Identifiers of the source files in "
        f"bytes, names or rows: {int(audit['leaks'].sum()):,}. Videos with legible text: {summary['text']:,} "
        f"(a rate of {summary['text_rate']:.4f}; ``deidentify.max_text_rate`` allows "
        f"{chosen['max_text_rate']:g}). Largest share of still, sharp strokes, as text has, inside the "
        f"sector: {float(audit['text_share'].max() or 0):.4f}.\n\n"
        f"Left out before: {summary['quarantined']:,} videos with text inside the sector, and "
        f"{summary['without_sector']:,} without a convincing sector. Out of {summary['cut']:,} written "
        f"videos lines of text were cut (``deidentify.text_inside``: {chosen['text_inside']})."
    )
    return Section(
        title="Privacy",
        blocks=[
            Text(rst=text),
            DataTable(frame=found.assign(outcome=found["outcome"].str.replace("_", " ")), title="Audit"),
            page.picture("contact_sheet", page.files["cohort"][2]),
        ],
    )
