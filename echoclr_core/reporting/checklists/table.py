"""The page of checklists and its files."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from echoclr_core.reporting.checklists import claim, prime, stard_ai, tripod_ai
from echoclr_core.reporting.checklists.answers import AUTHOR, answer_of
from echoclr_core.reporting.checklists.item import Item
from echoclr_core.reporting.report import DataTable, Section, Text
from echoclr_core.reporting.sections.page import Page
from echoclr_core.reporting.tables import write_table

CHECKLISTS: Mapping[str, tuple[Item, ...]] = {
    "TRIPOD+AI": tripod_ai.ITEMS,
    "CLAIM 2024": claim.ITEMS,
    "STARD-AI": stard_ai.ITEMS,
    "PRIME": prime.ITEMS,
}
COLUMNS = ("Checklist", "Item", "What is asked", "Answer", "Where")
LEAD = (
    "What reporting checklists ask and what this run answers. The items are paraphrased: read the originals "
    "before you submit. Answers are values of the run; what a run cannot know is left to the author."
)


def checklist_table(page: Page) -> pd.DataFrame:
    """COLUMNS of every item of every checklist; ``Where`` is a relative link, empty for none."""
    rows = [
        (name, item.number, item.asks, *answer_of(page, item.answer))
        for name, listed in CHECKLISTS.items()
        for item in listed
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def checklist_sections(table: pd.DataFrame) -> list[Section]:
    """A section a checklist, with links."""
    sections = []
    for name, rows in table.groupby("Checklist", sort=False):
        open_items = int((rows["Answer"] == AUTHOR).sum())
        words = f"{len(rows)} items; {open_items} are left to the author altogether.{_starred(rows)}"
        linked = rows.drop(columns="Checklist")
        sections.append(
            Section(
                title=str(name),
                blocks=[
                    Text(rst=words),
                    DataTable(frame=linked, title=f"{name}, item by item", links=("Where",)),
                ],
            )
        )
    return sections


def _starred(rows: pd.DataFrame) -> str:
    if not rows["Item"].str.endswith("*").any():
        return ""
    return r" A star (\*) marks items that were not compared with the published list."


def write_checklist_files(table: pd.DataFrame, stem: str | Path) -> None:
    """``stem``.csv, .md and .tex, for a supplement."""
    caption = "Reporting checklists, paraphrased, with the answers of this run."
    write_table(table, stem, caption=caption, long=True)
