"""Courses of training and the pretraining runs in numbers."""

from collections.abc import Sequence

import pandas as pd

from echoclr_core.reporting.report import DataTable, Section
from echoclr_core.reporting.sections.page import Page, read_json
from echoclr_core.reporting.style import init_name


def section(page: Page) -> Section:
    """Courses of training and the pretraining runs in numbers."""
    pretraining, finetuning = page.files["training"]
    runs = [read_json(path) for path in page.files["runs"]]
    return Section(
        title="Training",
        blocks=[
            page.picture("pretraining", pretraining),
            DataTable(frame=pretraining_table(page.methods, runs), title="Pretraining runs"),
            page.picture("finetuning", finetuning),
        ],
    )


def pretraining_table(methods: Sequence[str], runs: Sequence[dict]) -> pd.DataFrame:
    """Steps, items and held-out accuracies of each pretraining run."""
    return pd.DataFrame(
        [{"Method": init_name(method), **_plain(run)} for method, run in zip(methods, runs, strict=True)]
    )


def _plain(run: dict) -> dict[str, str]:
    return {
        key.replace("_", " ").capitalize(): f"{value:.4g}"
        for key, value in run.items()
        if isinstance(value, int | float)
    }
