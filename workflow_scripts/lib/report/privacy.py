"""The audit of the written videos."""

import pandas as pd

from echoclr_core.reporting.report import DataTable, Picture, Section, Text
from workflow_scripts.lib.report.page import Page


def section(page: Page) -> Section:
    """The audit of the written videos."""
    audit = pd.concat([pd.read_parquet(path) for path in page.files["audit"]], ignore_index=True)
    found = audit["outcome"].value_counts().rename_axis("outcome").reset_index(name="videos")
    text = (
        "This page holds no name, identifier or date of a patient: studies and videos go by pseudonyms "
        "(keyed hashes), years are the finest dates, and what leads from a pseudonym to a patient stays in "
        "``restricted/`` and is not part of this page. Pixels outside the ultrasound sector are black.\n\n"
        f"{len(audit):,} of the written videos were read back. Pixels outside the sector that were not "
        f"black: {int(audit['outside_pixels'].sum()):,}. Largest share of still, sharp strokes, as text "
        f"has, inside the sector: {float(audit['text_share'].max() or 0):.4f}."
    )
    return Section(
        title="Privacy",
        blocks=[
            Text(rst=text),
            DataTable(frame=found.assign(outcome=found["outcome"].str.replace("_", " ")), title="Audit"),
            Picture(
                source=page.files["cohort"][2],
                title="Contact sheet",
                alt="Frames of the audited videos, for a person to look for text",
                caption="Nothing but ultrasound should be seen here.",
            ),
        ],
    )
