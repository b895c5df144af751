"""Several draws of the labels and pretrainings: what holds over them, and how many a claim would need."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from echoclr_core.evaluate.repeats import VERDICTS
from echoclr_core.reporting.report import DataTable, Section, Text
from echoclr_core.reporting.sections.page import Page, decimal
from echoclr_core.reporting.style import COHORT_NAMES, init_name

INTRODUCTION = (
    "A repeat is one draw of the labels with one pretraining ({draws} draws, {pretrainings} pretrainings of "
    "each method; every draw is fine-tuned from each). Intervals resample studies, draws and pretrainings "
    "together; with fewer than about ten of the last two they are too narrow rather than too wide. Nothing "
    "is adjusted for the number of comparisons."
)
MEANS = (
    "AUROC over the repeats: mean ± standard deviation, 95 % interval of the mean, and the worst repeat with "
    "its draw of the labels and its pretraining, from 0."
)
CLAIMS = (
    "A claim holds where the 95 % interval of the paired difference lies above 0, and is reversed where it "
    "lies below. Needed: pretrainings (draws, where there is one pretraining) with which a true difference "
    "as large as the observed one would be separated from 0 with probability 0.8, by the standard deviation "
    "between them; the test set stays as it is. A dash: the difference is not above 0, there is one of them "
    "only, or more than 1,000 would be needed."
)


def section(page: Page) -> Section | None:
    """None for a study of one draw and one pretraining."""
    if not page.files["repeats"]:
        return None
    means, claims, repeats = (page.table(name) for name in ("repeat_means", "repeat_claims", "repeats"))
    blocks = [Text(rst=found(means, claims))]
    blocks += [page.picture(Path(path).stem, path) for path in page.files["repeat_figures"]]
    blocks += [
        DataTable(
            frame=claims_table(claims, page.titles), title="Claims over repeats", caption=CLAIMS, group=True
        ),
        DataTable(
            frame=means_table(means, page.titles), title="Means over repeats", caption=MEANS, group=True
        ),
        DataTable(frame=every_repeat(repeats, page.titles), title="AUROC of every repeat", group=True),
    ]
    return Section(title="Repeats", blocks=blocks)


def found(means: pd.DataFrame, claims: pd.DataFrame) -> str:
    """How many comparisons hold, claim by claim, before what a repeat is."""
    counts = {name: int(means[f"n_{name}"].max()) if len(means) else 0 for name in ("draws", "pretrainings")}
    lines = []
    for (a, b), part in claims.dropna(subset="verdict").groupby(["init_a", "init_b"], sort=False):
        said = list(part["verdict"])
        words = ", ".join(f"{word} in {said.count(word)}" for word in VERDICTS if word in said)
        average = float(part["difference"].astype("float64").mean())
        lines.append(
            f"- **{init_name(a)} over {init_name(b)}**: {words} of {len(said)} comparisons; on average "
            f"{average:+.3f} AUROC."
        )
    return "\n".join([*lines, "", INTRODUCTION.format(**counts)])


def claims_table(claims: pd.DataFrame, titles: Mapping[str, str]) -> pd.DataFrame:
    """One row a claim, task, test set and share of labels."""
    rows = []
    for row in _of_tasks(claims, titles):
        known = row["difference"] is not None
        spread = "–" if row["difference_sd"] is None else f"{row['difference_sd']:.3f}"
        rows.append(
            {
                **_place(row, titles),
                "Claim": f"{init_name(row['init_a'])} over {init_name(row['init_b'])}",
                "Difference of AUROC": _interval(row, "difference", "+.3f") if known else row["reason"],
                "SD between them": f"{spread} ({row['n_units']} {row['unit']})",
                "Verdict": row["verdict"] or "–",
                "Needed": "–" if row["n_needed"] is None else f"{row['n_needed']:,} {row['unit']}",
            }
        )
    return pd.DataFrame(
        rows, columns=[*_PLACE, "Claim", "Difference of AUROC", "SD between them", "Verdict", "Needed"]
    )


def means_table(means: pd.DataFrame, titles: Mapping[str, str]) -> pd.DataFrame:
    """One row an initialisation, task, test set and share of labels."""
    rows = []
    for row in _of_tasks(means, titles):
        known = row["auroc_mean"] is not None
        worst = f"draw {row['worst_draw']}, pretraining {row['worst_pretraining']}"
        rows.append(
            {
                **_place(row, titles),
                "Initialisation": init_name(row["init"]),
                "Mean ± SD": f"{row['auroc_mean']:.3f} ± {row['auroc_sd']:.3f}" if known else row["reason"],
                "95 % interval": f"{row['ci_low']:.3f} to {row['ci_high']:.3f}" if known else "–",
                "Worst repeat": f"{decimal(row['auroc_worst'])} ({worst})" if known else "–",
            }
        )
    return pd.DataFrame(
        rows, columns=[*_PLACE, "Initialisation", "Mean ± SD", "95 % interval", "Worst repeat"]
    )


def every_repeat(repeats: pd.DataFrame, titles: Mapping[str, str]) -> pd.DataFrame:
    """One row an initialisation, draw and pretraining, task and set; a column each share of labels."""
    rows: dict[tuple, dict] = {}
    for row in _of_tasks(repeats, titles):
        place = {name: value for name, value in _place(row, titles).items() if name != "Labels"}
        key = (row["task"], row["cohort"], row["init"], row["label_draw"], row["pretraining"])
        line = rows.setdefault(
            key,
            {
                **place,
                "Initialisation": init_name(row["init"]),
                "Draw": str(row["label_draw"]),
                "Pretraining": str(row["pretraining"]),
            },
        )
        line[f"{100 * row['ratio']:g} %"] = decimal(row["auroc"])
    return pd.DataFrame(list(rows.values())).fillna("–")


_PLACE = ["Task and set", "Labels"]


def _of_tasks(table: pd.DataFrame, titles: Mapping[str, str]) -> list[dict]:
    """Rows of the tasks shown, in their order; None for what is missing."""
    order = {task: place for place, task in enumerate(titles)}
    shown = table[table["task"].isin(list(titles))]
    shown = shown.assign(_place=shown["task"].map(order), _set=shown["cohort"] != "internal")
    shown = shown.sort_values(["_place", "_set"], kind="stable").astype("object")
    return shown.where(shown.notna(), None).to_dict("records")


def _place(row: dict, titles: Mapping[str, str]) -> dict[str, str]:
    return {
        "Task and set": f"{titles[row['task']]}, {COHORT_NAMES[row['cohort']]}",
        "Labels": f"{100 * row['ratio']:g} %",
    }


def _interval(row: dict, name: str, form: str) -> str:
    return f"{row[name]:{form}} ({row['ci_low']:{form}} to {row['ci_high']:{form}})"
