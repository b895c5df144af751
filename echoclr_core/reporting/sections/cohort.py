"""The cohort: flow, Table 1, Table S1, masks, views, what did not match."""

import pandas as pd

from echoclr_core.reporting.exhibits import TABLES
from echoclr_core.reporting.report import DataTable, Picture, Section, Text
from echoclr_core.reporting.sections.page import Page, decimal, read_json, shared_patients
from echoclr_core.reporting.views import decisions_by_view

DOUBTFUL = 0.2  # margin of probability below which a decision deserves a look
SET_WORDS = {"train": "training", "validation": "early stopping", "test": "held out"}


def section(page: Page) -> Section:
    """Flow, Table 1, Table S1, views, what did not match."""
    flow, montage, _ = page.files["cohort"]
    blocks = [
        page.picture("flow", flow),
        *(
            DataTable(
                frame=page.table(name).rename(columns=str.capitalize),
                title=TABLES[name].heading,
                caption=_table_note(page),
                group=True,
            )
            for name in ("table1", "table_s1")
        ),
        page.picture("montage", montage),
    ]
    if page.files["views"]:
        blocks += _views(page)
    blocks.append(_decisions(page))
    return Section(title="Cohort", blocks=[*blocks, _unmatched(page), _split(page)])


def _table_note(page: Page) -> str:
    """How to read n (%), and a footnote on patients whose studies stand in several sets."""
    reading = (
        "Percentages are of the studies with a known value, those of *missing* of all studies of the set."
    )
    shared = shared_patients(page)
    if not shared:
        return reading
    return (
        f"{reading} {shared:,} patients have studies in more than one set; each is counted in every set, "
        "and once in "
        "the column Overall."
    )


def _views(page: Page) -> list[Picture | DataTable]:
    """How good the trained view classifier is on videos of patients that it has not seen."""
    confusion, calibration = page.files["views"]
    report = read_json(page.files["views_report"])
    sizes = ", ".join(
        f"{SET_WORDS[name]} {part['patients']:,} patients with {part['videos']:,} videos"
        for name, part in report["sets"].items()
    )
    return [
        page.picture("views", confusion, more=f"Split by patient: {sizes}."),
        page.picture("views_calibration", calibration),
        DataTable(frame=_per_view(report), title="Precision and recall by view, held-out videos"),
    ]


def _decisions(page: Page) -> DataTable:
    """How many videos show which view, and how many decisions were close."""
    decisions = pd.concat([pd.read_parquet(path) for path in page.files["view_decisions"]])
    table = decisions_by_view(decisions, doubtful=DOUBTFUL).rename(
        columns={
            "view": "View",
            "videos": "Videos",
            "median_margin": "Median margin",
            "doubtful": f"Margin below {DOUBTFUL:g}",
            "runner_up": "Their commonest runner-up",
        }
    )
    return DataTable(
        frame=table,
        title="Views of all videos",
        caption="The margin is the probability of the decided view less that of the runner-up. For review: "
        "the columns ``margin`` and ``runner_up`` of ``views/<shard>.parquet``.",
    )


def _split(page: Page) -> Text:
    """What the split is, with its digest."""
    split = read_json(page.files["split"])
    drawn = (
        "as the table of videos names it"
        if split["unit"] == "table"
        else f"drawn by {split['unit']} with seed {split['seed']}"
    )
    return Text(rst=f"The split, {drawn}, has the digest ``{split['digest']}`` (``cohort/split.json``).")


def _unmatched(page: Page) -> Text | DataTable:
    """What did not match between archive and labels, counted."""
    counts = page.table("unmatched")["kind"].value_counts()
    counts = counts.rename_axis("What").reset_index(name="Studies")
    if counts.empty:
        return Text(rst="Archive and labels match: no study stands in one of them alone.")
    least = page.config["report"]["least_cell"]
    studies = [f"<{least}" if 0 < count < least else f"{count:,}" for count in counts["Studies"]]
    return DataTable(
        frame=counts.assign(What=counts["What"].str.replace("_", " "), Studies=studies),
        title="What did not match between archive and labels",
        caption="The list of studies is in ``cohort/unmatched.parquet``.",
    )


def _per_view(report: dict) -> pd.DataFrame:
    rows = [
        {
            "View": view,
            "Held-out videos": report["support"][view],
            "Precision": decimal(report["precision"].get(view)),
            "Recall": decimal(report["recall"].get(view)),
        }
        for view in report["classes"]
    ]
    return pd.DataFrame(rows)
