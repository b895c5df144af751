"""How far the AUROC changes when the test videos are perturbed."""

from collections.abc import Mapping

import pandas as pd

from echoclr_core.reporting.report import DataTable, Section, Text
from echoclr_core.reporting.sections.page import Page
from echoclr_core.reporting.style import COHORT_NAMES, init_name, init_styles
from echoclr_core.reporting.tables import ABSENT

NOT_ASKED = (
    "The test videos were not perturbed in this run. ``robustness.in_report: true`` adds it; the target "
    "``perturb`` writes ``evaluation/robustness.parquet`` alone."
)
INTRODUCTION = (
    "The models fine-tuned on the most labels scored the test videos again after changes that a scanner, a "
    "setting or a hand could make; nothing was trained on them."
)
CAPTION = (
    "AUROC of the perturbed less that of the unperturbed videos, with paired 95 % intervals on shared "
    "resamples. An interval below 0: the model ranks worse. With few cases there is no interval."
)


def section(page: Page) -> Section:
    """One table, or how to ask for it."""
    if not page.files["robustness"]:
        return Section(title="Robustness", blocks=[Text(rst=NOT_ASKED)])
    table = robustness_table(pd.read_parquet(page.files["robustness"]), page.titles)
    blocks = [
        Text(rst=INTRODUCTION),
        DataTable(frame=table, title="Change of AUROC by perturbation", caption=CAPTION, group=True),
    ]
    return Section(title="Robustness", blocks=blocks)


def robustness_table(rows: pd.DataFrame, titles: Mapping[str, str]) -> pd.DataFrame:
    """One row a task, set and perturbation; one column an initialisation."""
    found: dict[tuple, dict[str, str]] = {}
    tasks, cohorts = list(titles), list(COHORT_NAMES)
    inits = [init for init in init_styles() if init in set(rows["init"])]
    for row in sorted(
        rows.to_dict("records"), key=lambda one: (tasks.index(one["task"]), cohorts.index(one["cohort"]))
    ):
        place = f"{titles[row['task']]}, {COHORT_NAMES[row['cohort']]}"
        what = row["perturbation"].replace("_", " ").capitalize()
        line = found.setdefault((place, what), {"Task and set": place, "Perturbation": what})
        line[init_name(row["init"])] = _change(row)
    columns = ["Task and set", "Perturbation", *map(init_name, inits)]
    return pd.DataFrame(list(found.values()), columns=columns).fillna(ABSENT)


def _change(row: dict) -> str:
    text = f"{row['difference']:+.3f}"
    if pd.isna(row["ci_low"]):
        return text
    return f"{text} ({row['ci_low']:+.3f} to {row['ci_high']:+.3f})"
