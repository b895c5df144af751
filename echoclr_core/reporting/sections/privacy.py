"""The audit of the written videos."""

import json
from pathlib import Path

import pandas as pd

from echoclr_core.common.published_text import MAX_LEVELS
from echoclr_core.reporting.report import DataTable, Section, Text
from echoclr_core.reporting.sections.page import Page


def texts_checked(columns: dict) -> str:
    """What was looked for in the texts that are published as they were typed, and what was not."""
    published = ", ".join(["grades", "views", *map(_literal, columns["extra_columns"])])
    text = (
        f"Texts that are published as they were typed ({published}) were searched for study and patient "
        "keys of the labels table, exact dates, numbers of six or more digits, e-mail and web addresses, "
        "telephone numbers, and names with a title or of the form Family^Given; a column of more than "
        f"{MAX_LEVELS} different texts, or of nearly one a study, would have ended the run. A name that "
        "several studies share as if it were a category is not recognised by this."
    )
    if columns["released_columns"]:
        text += (
            f" Released by the authors and searched for the key and dates of the same row alone: "
            f"{', '.join(map(_literal, columns['released_columns']))}. Released columns of numbers were not "
            "searched."
        )
    if columns["max_age"] is None:
        return text + " Ages are published as they stand."
    return text + f" Ages above {columns['max_age']:g} are one category."


def _literal(name: str) -> str:
    """The name of a column in reStructuredText, whatever its characters."""
    return "``" + name.strip().replace("`", "'").replace("\\", "/") + "``"


def section(page: Page) -> Section:
    """The audit of the written videos."""
    audit = pd.concat([pd.read_parquet(path) for path in page.files["audit"]], ignore_index=True)
    summary = json.loads(Path(page.files["audit_summary"]).read_text(encoding="utf-8"))
    chosen = page.config["deidentify"]
    found = audit["outcome"].value_counts().rename_axis("outcome").reset_index(name="videos")
    text = (
        "Studies, patients and videos go by pseudonyms (keyed hashes), and of dates the year is kept. What "
        "leads from a pseudonym to a patient stays in ``restricted/`` and is not part of this page. Pixels "
        f"outside the ultrasound sector are black.\n\n{texts_checked(page.config['input'])}\n\n"
        f"{summary['audited']:,} of the {summary['written']:,} written videos were read back. Pixels outside "
        f"the sector that were not black: {summary['outside_pixels']:,}. Identifiers of the source files in "
        f"bytes, names or rows: {int(audit['leaks'].sum()):,}. Videos with legible text: {summary['text']:,} "
        f"(a rate of {summary['text_rate']:.4f}; ``deidentify.max_text_rate`` allows "
        f"{chosen['max_text_rate']:g}). Largest share of still, sharp strokes, as text has, inside the "
        f"sector: {float(audit['text_share'].max() or 0):.4f}.\n\n"
        f"Left out before: {summary['quarantined']:,} videos with text inside the sector, and "
        f"{summary['without_sector']:,} without a convincing sector. Out of {summary['cut']:,} written "
        f"videos lines of text were cut (``deidentify.text_inside``: {chosen['text_inside']}). "
        f"{_decided(summary)}"
        f"{summary['several_windows']:,} written videos come from screens with several ultrasound windows, "
        "of which one was kept (columns ``windows`` and ``window_kept`` of ``deidentified/<shard>.parquet``)."
    )
    return Section(
        title="Privacy",
        blocks=[
            Text(rst=text),
            DataTable(frame=found.assign(outcome=found["outcome"].str.replace("_", " ")), title="Audit"),
            page.picture("contact_sheet", page.files["cohort"][2]),
        ],
    )


def _decided(summary: dict) -> str:
    """What a person decided, where anything was."""
    if not any(summary.get(word) for word in ("accepted", "corrected", "rejected", "stale")):
        return ""
    return (
        f"A person accepted {summary['accepted']:,} quarantined or doubtful videos, masked "
        f"{summary['corrected']:,} by hand and rejected {summary['rejected']:,}; {summary['stale']:,} "
        f"decisions were about other content and not followed. In {summary['text_decided']:,} of the videos "
        "that a person decided on the audit found text; they do not count in the rate. "
    )
