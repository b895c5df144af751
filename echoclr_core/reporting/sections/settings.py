"""Label texts as understood, and the configuration."""

import json
from collections.abc import Iterator

import pandas as pd

from echoclr_core.reporting.report import DataTable, Section
from echoclr_core.reporting.sections.page import Page
from echoclr_core.tasks.checks import text_counts
from echoclr_core.tasks.task import make_task


def section(page: Page) -> Section:
    """Label texts as understood, and the configuration."""
    config = page.config if page.synthetic else {k: v for k, v in page.config.items() if k != "synthetic"}
    rows = [{"Key": key, "Value": value} for key, value in _flat(config)]
    return Section(
        title="Settings",
        blocks=[
            *_texts(page),
            DataTable(frame=pd.DataFrame(rows), title="Configuration"),
        ],
    )


def _texts(page: Page) -> list[DataTable]:
    """For each task with a rule of texts: how each text of the column counts."""
    tables = []
    for name, title in page.titles.items():
        for condition in make_task(name, page.config["tasks"][name]).text_conditions():
            counts = text_counts(page.table("studies"), condition)
            counts = counts.rename(columns={"text": condition.column, "counts_as": "counts as"})
            tables.append(DataTable(frame=counts, title=f"{title}: how each text counts"))
    return tables


def _flat(value: dict, above: str = "") -> Iterator[tuple[str, str]]:
    for key, item in value.items():
        if isinstance(item, dict):
            yield from _flat(item, f"{above}{key}.")
        else:
            yield f"{above}{key}", json.dumps(item, ensure_ascii=False)
