"""What the shown model gets wrong, and whether the videos of those studies differ from the others."""

from pathlib import Path

import pandas as pd

from echoclr_core.reporting.failures import KIND_NAMES
from echoclr_core.reporting.report import Block, DataTable, Section, Text
from echoclr_core.reporting.sections.page import Page
from echoclr_core.reporting.style import COHORT_NAMES, init_label
from echoclr_core.reporting.tables import ABSENT

CAUSE_NAMES = {
    "few_videos": "Few videos",
    "low_frame_rate": "Low frame rate",
    "narrow_view_margin": "View decided by a narrow margin",
    "quarantined_videos": "Videos left out for text or no sector",
    "near_threshold": "Probability near the threshold",
}
CAPTION = (
    "Compare the two shares: what is more frequent among the studies called wrongly than among those of the "
    "same class called rightly may explain the errors. The limit of the first three is the lowest third of "
    "each test set; near the threshold is the tenth of the test set closest to it. Nothing is tested. The "
    "studies behind the counts are in ``evaluation/failures.parquet``."
)


def section(page: Page) -> Section:
    """One figure and one table a task."""
    model = init_label(page.inits[-1])
    causes, least = page.table("failure_causes"), page.config["report"]["least_cell"]
    blocks: list[Block] = [
        Text(
            rst=f"Errors of {model}, fine-tuned on all labels of this run, first repeat, at the threshold "
            "fixed on the validation set for the target specificity. The surest errors teach most: look for "
            "a poor window, another view, an artefact, or a label that is wrong."
        )
    ]
    for path in page.files["failure_figures"]:
        task = Path(path).stem.removeprefix("failures_")
        title = page.titles[task]
        rows = causes[causes["task"] == task]
        if rows.empty:
            blocks.append(Text(rst=f"{title}: no threshold could be fixed, so no study is called wrongly."))
            continue
        blocks.append(page.picture("failures", path, of=title))
        blocks.append(
            DataTable(
                frame=cause_table(rows, least),
                title=f"What the errors for {title} have in common",
                caption=CAPTION,
                group=True,
            )
        )
    return Section(title="Failures", blocks=blocks)


def cause_table(causes: pd.DataFrame, least: int) -> pd.DataFrame:
    """FAILURE_CAUSES as the page prints it; counts from 1 to ``least`` - 1 are hidden with their share."""
    return pd.DataFrame(
        [
            {
                "Errors": f"{KIND_NAMES[row['kind']]}, {COHORT_NAMES[row['cohort']]}",
                "Cause": CAUSE_NAMES[row["cause"]],
                "Limit": row["definition"],
                "Called wrongly": _share(row["n_wrong_with"], row["n_wrong"], least),
                "Called rightly": _share(row["n_right_with"], row["n_right"], least),
            }
            for row in causes.to_dict("records")
        ]
    )


def _share(part: int, whole: int, least: int) -> str:
    """ "3 of 8 (38 %)"; the complement of a small count is small as well, and hidden."""
    if not whole:
        return ABSENT
    if any(0 < count < least for count in (part, whole - part, whole)):
        return f"<{least} or all but <{least}" if whole >= least else f"<{least} in all"
    return f"{part:,} of {whole:,} ({100 * part / whole:.0f} %)"
