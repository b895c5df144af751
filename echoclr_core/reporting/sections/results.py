"""Figures 2, 3, S1, S2, Tables S2, S3, and which learning rates won."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from echoclr_core.reporting.captions import figure_caption
from echoclr_core.reporting.exhibits import figure_name, task_table
from echoclr_core.reporting.label_efficiency import number_of
from echoclr_core.reporting.pages import page_of
from echoclr_core.reporting.performance import performance_caption, reference_of
from echoclr_core.reporting.report import DataTable, Section
from echoclr_core.reporting.sections.page import Page, read_json
from echoclr_core.reporting.style import init_name
from echoclr_core.reporting.tables import ABSENT


def section(page: Page) -> Section:
    """Figures 2, 3, S1, S2 and Tables S2, S3."""
    metrics = page.table("metrics")
    blocks = [
        page.picture(Path(path).stem, path, more=_panels(Path(path).stem, metrics, page.titles))
        for path in page.files["figures"]
    ]
    for place, (task, path) in enumerate(zip(page.titles, page.files["tables"], strict=True)):
        frame = pd.read_csv(path, dtype=str, keep_default_na=False)
        blocks.append(
            DataTable(
                frame=frame[[name for name in frame.columns if "exact" not in name.lower()]],
                title=task_table(place, page.titles[task])[1].heading,
                caption=performance_caption(
                    metrics,
                    task,
                    title=page.titles[task],
                    reference=reference_of(page.table("comparisons"), task),
                ),
                group=True,
                spans=("Internal", "External"),
            )
        )
    return Section(title="Results", blocks=blocks, sections=[_selection(page)])


def _panels(stem: str, metrics: pd.DataFrame, titles: Mapping[str, str]) -> str:
    """What the panels of one page show."""
    name, number = figure_name(stem)
    return figure_caption(number_of(name), metrics, page_of(titles, number))


def _selection(page: Page) -> Section:
    """Which learning rate won, cell by cell."""
    rows = []
    for (task, init, ratio, draw), path in zip(page.cells, page.files["selected"], strict=True):
        best = read_json(path)
        winner, failed = best["winner"], best["failed"]
        rows.append(
            {
                "Task": page.titles[task],
                "Initialisation": init_name(init),
                "Labels": f"{100 * float(ratio):g}%",
                "Draw": draw,
                "Learning rate": best["learning_rate"] if winner else "none: all candidates diverged",
                "Validation loss": f"{best['validation_loss']:.3f}" if winner else ABSENT,
                "Epoch": str(winner["best_epoch"]) if winner else ABSENT,
                "Candidates": ", ".join(
                    f"{one['learning_rate']}{' (diverged)' if one['learning_rate'] in failed else ''}"
                    for one in best["candidates"]
                ),
            }
        )
    table = DataTable(
        frame=pd.DataFrame(rows),
        title="Selected learning rates",
        caption="Of the candidates the learning rate with the lowest validation loss (binary "
        "cross-entropy) is "
        "kept, with the weights of its best epoch; test studies have no part in it. Draw: which of the label "
        "subsets of this size.",
    )
    return Section(title="Selection by validation loss", blocks=[table])
