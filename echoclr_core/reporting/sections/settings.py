"""Label texts as understood, and the configuration."""

import json
from collections.abc import Iterator

import pandas as pd

from echoclr_core.cohort.severe_as import grade_counts
from echoclr_core.reporting.report import DataTable, Section
from echoclr_core.reporting.sections.page import Page


def section(page: Page) -> Section:
    """Label texts as understood, and the configuration."""
    studies = page.table("studies")
    cohort = page.config["cohort"]
    grades = grade_counts(studies["as_severity"], cohort["severe_grades"], cohort["excluded_grades"])
    rows = [{"Key": key, "Value": value} for key, value in _flat(page.config)]
    return Section(
        title="Settings",
        blocks=[
            DataTable(frame=grades.reset_index(drop=True), title="Grades of aortic stenosis as understood"),
            DataTable(frame=pd.DataFrame(rows), title="Configuration"),
        ],
    )


def _flat(value: dict, above: str = "") -> Iterator[tuple[str, str]]:
    for key, item in value.items():
        if isinstance(item, dict):
            yield from _flat(item, f"{above}{key}.")
        else:
            yield f"{above}{key}", json.dumps(item, ensure_ascii=False)
