"""Courses of training and the pretraining runs in numbers."""

from collections.abc import Sequence

import pandas as pd

from echoclr_core.reporting.report import DataTable, Section
from echoclr_core.reporting.sections.page import Page, read_json
from echoclr_core.reporting.style import init_name
from echoclr_core.reporting.tables import ABSENT

COLUMNS = {
    "studies": "Studies",
    "videos": "Videos",
    "items": "Clips or pairs an epoch",
    "steps": "Steps",
    "epochs": "Epochs",
    "validation_pairs": "Validation pairs",
    "validation_contrastive_accuracy": "Partner recognised",
    "validation_contrastive_chance": "Partner, by chance",
    "validation_order_accuracy": "Order recognised",
    "validation_order_chance": "Order, by chance",
    "seconds": "Time, s",
    "clips_per_second": "Clips a second",
    "memory_gib": "Most memory, GiB",
    "processes": "Processes",
}
"""Key of run.json to the column."""


def section(page: Page) -> Section:
    """Courses of training and the pretraining runs in numbers."""
    pretraining, finetuning = page.files["training"]
    runs = [read_json(path) for path in page.files["runs"]]
    return Section(
        title="Training",
        blocks=[
            page.picture("pretraining", pretraining),
            DataTable(
                frame=pretraining_table(page.methods, runs),
                title="Pretraining runs",
                caption="Pairs: two clips that pretraining pulls together. On validation studies: how "
                "often the "
                "partner of a clip, or the order of its frames, is recognised, beside what chance gives.",
            ),
            page.picture("finetuning", finetuning),
        ],
    )


def pretraining_table(methods: Sequence[str], runs: Sequence[dict]) -> pd.DataFrame:
    """Steps, pairs, held-out accuracies, time and memory of each pretraining run, as run.json has them.

    What no run has, as the frame order without EchoCLR, is no column.
    """
    rows = [
        {"Method": init_name(method)} | {name: _number(run.get(key)) for key, name in COLUMNS.items()}
        for method, run in zip(methods, runs, strict=True)
    ]
    table = pd.DataFrame(rows)
    return table.loc[:, (table != ABSENT).any()]


def _number(value: float | None) -> str:
    if value is None:
        return ABSENT
    return f"{value:,}" if isinstance(value, int) else f"{value:.3g}" if value < 1000 else f"{value:,.0f}"
