"""Figures 2, 3, S1, S2, Tables S2, S3, and which learning rates won."""

from pathlib import Path

import pandas as pd

from echoclr_core.reporting.captions import figure_caption
from echoclr_core.reporting.performance import performance_caption
from echoclr_core.reporting.report import DataTable, Picture, Section
from echoclr_core.reporting.sections.page import Page, read_json
from echoclr_core.reporting.style import TASK_NAMES, init_name

FIGURE_NUMBERS = ("2", "3", "s1", "s2")
TABLE_NUMBERS = {"lvh": "S2", "severe_as": "S3"}
FIGURE_TITLES = {
    "figure2": "Figure 2. AUROC by share of labels",
    "figure3": "Figure 3. Contrastive methods by share of labels",
    "figure_s1": "Figure S1. AUPR by share of labels",
    "figure_s2": "Figure S2. AUPR of the contrastive methods by share of labels",
}


def section(page: Page) -> Section:
    """Figures 2, 3, S1, S2 and Tables S2, S3."""
    metrics = page.table("metrics")
    blocks = [
        Picture(
            source=path,
            title=FIGURE_TITLES[Path(path).stem],
            alt="Four panels: both tasks, internal and external test set, one line an initialisation",
            caption=page.captions("label_efficiency") + "\n" + figure_caption(number, metrics),
        )
        for path, number in zip(page.files["figures"], FIGURE_NUMBERS, strict=True)
    ]
    for task, path in zip(page.tasks, page.files["tables"], strict=True):
        frame = pd.read_csv(path, dtype=str, keep_default_na=False)
        blocks.append(
            DataTable(
                frame=frame[[name for name in frame.columns if "exact" not in name.lower()]],
                title=f"Table {TABLE_NUMBERS[task]}. {TASK_NAMES[task]} by share of labels",
                caption=performance_caption(metrics, task),
                group=True,
                spans=("Internal", "External"),
            )
        )
    return Section(title="Results", blocks=blocks, sections=[_selection(page)])


def _selection(page: Page) -> Section:
    """Which learning rate won, cell by cell."""
    rows = []
    for path in page.files["selected"]:
        task, init, ratio, draw = Path(path).parts[-5:-1]
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
