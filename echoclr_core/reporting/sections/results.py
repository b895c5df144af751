"""Figures 2, 3, S1, S2, Tables S2, S3, and which learning rates won."""

from pathlib import Path

import pandas as pd

from echoclr_core.reporting.captions import figure_caption
from echoclr_core.reporting.exhibits import TABLES
from echoclr_core.reporting.performance import performance_caption
from echoclr_core.reporting.report import DataTable, Section
from echoclr_core.reporting.sections.page import Page, read_json
from echoclr_core.reporting.style import TASK_NAMES, init_name

FIGURE_NUMBERS = ("2", "3", "s1", "s2")
TABLE_OF_TASK = {"lvh": "table_s2", "severe_as": "table_s3"}


def section(page: Page) -> Section:
    """Figures 2, 3, S1, S2 and Tables S2, S3."""
    metrics = page.table("metrics")
    blocks = [
        page.picture(Path(path).stem, path, more=figure_caption(number, metrics))
        for path, number in zip(page.files["figures"], FIGURE_NUMBERS, strict=True)
    ]
    for task, path in zip(page.tasks, page.files["tables"], strict=True):
        frame = pd.read_csv(path, dtype=str, keep_default_na=False)
        blocks.append(
            DataTable(
                frame=frame[[name for name in frame.columns if "exact" not in name.lower()]],
                title=TABLES[TABLE_OF_TASK[task]].heading,
                caption=performance_caption(metrics, task),
                group=True,
                spans=("Internal", "External"),
            )
        )
    return Section(title="Results", blocks=blocks, sections=[_selection(page)])


def _selection(page: Page) -> Section:
    """Which learning rate won, cell by cell."""
    rows = []
    for (task, init, ratio, draw), path in zip(page.cells, page.files["selected"], strict=True):
        best = read_json(path)
        rows.append(
            {
                "Task": TASK_NAMES[task],
                "Initialisation": init_name(init),
                "Labels": f"{100 * float(ratio):g}%",
                "Draw": draw,
                "Learning rate": best["learning_rate"],
                "Validation loss": f"{best['validation_loss']:.3f}",
                "Epoch": str(best["winner"]["best_epoch"]),
                "Candidates": ", ".join(str(one["learning_rate"]) for one in best["candidates"]),
            }
        )
    table = DataTable(frame=pd.DataFrame(rows), title="Selected learning rates")
    return Section(title="Selection by validation loss", blocks=[table])
