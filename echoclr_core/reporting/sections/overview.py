"""At a glance: what this run is, and what a reader must know before the numbers."""

from collections.abc import Sequence

import pandas as pd

from echoclr_core.reporting.captions import with_interval
from echoclr_core.reporting.report import KeyNumbers, Section, Text
from echoclr_core.reporting.sections.page import Page
from echoclr_core.reporting.style import TASK_NAMES, init_name


def section(page: Page) -> Section:
    """Counts and notes."""
    return Section(
        title="At a glance",
        blocks=[Text(rst=page.captions("workflow")), _key_numbers(page), *_notes(page)],
    )


def lead(metrics: pd.DataFrame, tasks: Sequence[str]) -> str:
    """One sentence a task: the best initialisation with the fewest labels, internal test set."""
    sentences = []
    for task in tasks:
        rows = metrics[
            (metrics["task"] == task) & (metrics["metric"] == "auroc") & (metrics["cohort"] == "internal")
        ]
        rows = rows[rows["ratio"] == rows["ratio"].min()].dropna(subset="value")
        if rows.empty:
            continue
        means = rows.groupby("init")["value"].mean()
        best = means.idxmax()
        row = rows[rows["init"] == best].iloc[0]
        count = row["n_labelled_studies"]
        sentences.append(
            f"{TASK_NAMES[task]} from {count} labelled studies ({100 * row['ratio']:g} %): highest internal "
            f"AUROC {with_interval(row['value'], row['ci_low'], row['ci_high'])}, {init_name(best)}."
        )
    return " ".join(sentences)


def _key_numbers(page: Page) -> KeyNumbers:
    """Counts of the cohort, and the best and the reference AUROC with the fewest labels."""
    studies, videos = page.table("studies"), page.table("videos")
    sizes = studies["set"].value_counts()
    items = [
        (f"{len(studies):,}", "studies"),
        (f"{len(videos):,}", "PLAX videos"),
        (
            f"{sizes.get('train', 0):,} / {sizes.get('val', 0):,} / {sizes.get('test', 0):,}",
            "train / val / test",
        ),
        (f"{sizes.get('external', 0):,}", "external test studies"),
        (f"{len(page.files['selected']):,}", "selected models"),
    ]
    return KeyNumbers(items=items)


def _notes(page: Page) -> list[Text]:
    """What a reader must know before the numbers."""
    notes = []
    if "kinetics400" not in page.inits:
        encoder = page.config["model"]["encoder"]
        reason = (
            "it was not asked for in this run"
            if encoder == "r3d_18"
            else f"the published weights are those of r3d_18, and the encoder here is a smaller {encoder}"
        )
        notes.append(
            f"**Kinetics-400 was left out**: {reason}. To have it, use ``model.encoder: r3d_18``, put "
            "torchvision's weights in place (README, *Kinetics-400 weights*) and add ``kinetics400`` to "
            "``finetune.initialisations``."
        )
    if page.config["cohort"]["split_unit"] == "study":
        shared = _shared_patients(page)
        notes.append(
            f"The split is by study, as in the paper: {shared:,} patients have studies in more than one "
            "set. ``cohort.split_unit: patient`` keeps them together."
        )
    few = _few_cases(page)
    if few:
        notes.append(
            "Percentile intervals cover less than they say with few cases (90 % instead of 95 % at 31, 85 % "
            f"at 20): {'; '.join(few)}."
        )
    return [Text(rst="\n".join(f"* {note}" for note in notes))] if notes else []


def _few_cases(page: Page) -> list[str]:
    """The test sets with fewer than 32 cases or controls."""
    metrics = page.table("metrics")
    counts = metrics.loc[
        metrics["metric"] == "auroc", ["task", "cohort", "n_studies", "n_positive"]
    ].drop_duplicates()
    return [
        f"{TASK_NAMES[task]}, {cohort}: {cases} cases among {total} studies"
        for task, cohort, total, cases in counts.itertuples(index=False)
        if min(cases, total - cases) < 32
    ]


def _shared_patients(page: Page) -> int:
    """Patients with studies in more than one set."""
    studies = page.table("studies").dropna(subset="patient_id")
    return int((studies.groupby("patient_id")["set"].nunique() > 1).sum())
