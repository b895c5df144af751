"""The page that says what a study of label efficiency found: docs/label_efficiency.md, its table and figure.

    python -m tools.study_page config/synthetic_study.yaml docs

Every number on it is read from the finished study; what the paper's order says and the numbers do not is
written as plainly as what they do say.
"""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from echoclr_core.common.files import atomic_path
from echoclr_core.design.grid import Grid
from echoclr_core.evaluate.schema import METRICS
from echoclr_core.reporting.label_efficiency import label_efficiency_figure
from echoclr_core.reporting.style import COHORT_NAMES, init_name, save_figure
from tools.study_config import ROOT, study_config
from tools.study_results import cohort_sizes, costs, efficiency_tables, pretraining_runs

LOW_LABEL_RATIO = 0.10  # the share of labels up to which the claim is made
MIN_GAIN = 0.10  # AUROC that EchoCLR is to gain over random weights there
COMPARISONS = (
    ("echoclr", "random"),
    ("echoclr", "simclr"),
    ("echoclr", "mi_simclr"),
    ("mi_simclr", "random"),
    ("mi_simclr", "simclr"),
    ("simclr", "random"),
)


def verdict(low: float, high: float) -> str:
    """What an interval of a difference says about "a is better than b"."""
    return "holds" if low > 0 else "the other way round" if high < 0 else "not separated"


def markdown(table: pd.DataFrame) -> str:
    """A table in Markdown, cells as they are."""
    head = [f"| {' | '.join(map(str, table.columns))} |", f"|{'---|' * len(table.columns)}"]
    return "\n".join([*head, *(f"| {' | '.join(map(str, row))} |" for row in table.to_numpy())])


def means_table(means: pd.DataFrame) -> pd.DataFrame:
    """Rows: share of labels; columns: initialisations; mean ± SD over repeats (95 % interval)."""
    rows = []
    for (ratio, labels), part in means.groupby(["ratio", "labels"]):
        cells = {}
        for row in part.itertuples():
            spread = "" if pd.isna(row.auroc_sd) else f" ± {row.auroc_sd:.3f}"
            cells[init_name(row.init)] = (
                f"{row.auroc_mean:.3f}{spread} ({row.ci_low:.3f} to {row.ci_high:.3f})"
            )
        rows.append({"Labels": f"{100 * ratio:g} % ({labels})", **cells})
    return pd.DataFrame(rows)


def claims_table(differences: pd.DataFrame, titles: Mapping[str, str]) -> pd.DataFrame:
    """One row a claim, task, test set and share of labels: difference, interval, verdict."""
    rows = []
    for a, b in COMPARISONS:
        part = differences[(differences["init_a"] == a) & (differences["init_b"] == b)]
        for row in part.sort_values(["task", "cohort", "ratio"]).itertuples():
            rows.append(
                {
                    "Claim": f"{init_name(a)} over {init_name(b)}",
                    "Task": titles[row.task],
                    "Test set": row.cohort,
                    "Labels": f"{100 * row.ratio:g} %",
                    "Difference": f"{row.difference:+.3f} ({row.ci_low:+.3f} to {row.ci_high:+.3f})",
                    "Verdict": verdict(row.ci_low, row.ci_high),
                }
            )
    return pd.DataFrame(rows)


def summary(differences: pd.DataFrame, titles: Mapping[str, str]) -> list[str]:
    """The claims in sentences: how many comparisons with few labels hold, and whether the aim was met."""
    few = differences[differences["ratio"] <= LOW_LABEL_RATIO + 1e-9]
    lines = []
    for a, b in COMPARISONS:
        part = few[(few["init_a"] == a) & (few["init_b"] == b)]
        if part.empty:
            continue
        said = [verdict(row.ci_low, row.ci_high) for row in part.itertuples()]
        counts = {word: said.count(word) for word in ("holds", "not separated", "the other way round")}
        told = ", ".join(f"{word} in {count}" for word, count in counts.items() if count)
        average = part["difference"].mean()
        lines.append(
            f"- **{init_name(a)} over {init_name(b)}**: {told} of {len(part)} comparisons; "
            f"on average {average:+.3f} AUROC."
        )
    gained = few[(few["init_a"] == "echoclr") & (few["init_b"] == "random")]
    for task, part in gained.groupby("task"):
        met = int((part["difference"] >= MIN_GAIN).sum())
        lines.append(
            f"- Aim, {titles[task]}: EchoCLR at least {MIN_GAIN:.2f} above random weights in {met} of "
            f"{len(part)} comparisons with at most {100 * LOW_LABEL_RATIO:g} % of the labels "
            f"({part['difference'].min():+.3f} to {part['difference'].max():+.3f})."
        )
    return lines


def pretraining_table(runs: pd.DataFrame) -> pd.DataFrame:
    """What each pretraining learned on the validation set, beside what chance gives."""

    def share(value: float, chance: float) -> str:
        return "–" if pd.isna(value) else f"{100 * value:.1f} % (chance {100 * chance:.1f} %)"

    return pd.DataFrame(
        [
            {
                "Encoder": row.encoder,
                "Steps": row.steps,
                "Minutes": f"{row.seconds / 60:.1f}",
                "Pair found": share(row.contrastive_accuracy, row.contrastive_chance),
                "Frame order": share(row.order_accuracy, row.order_chance),
            }
            for row in runs.astype({"order_accuracy": float, "order_chance": float}).itertuples()
        ]
    )


def commit_of(root: Path) -> str:
    """The commit of the code, and whether anything but the pages' own files differs from it."""

    def git(*arguments: str) -> str:
        return subprocess.run(
            ["git", "-C", str(root), *arguments], capture_output=True, text=True, check=True
        ).stdout.strip()

    try:
        own = (":!docs/label_efficiency*", ":!docs/images/label_efficiency*", ":!docs/pretraining_seeds.md")
        changed = git("status", "--porcelain", "--untracked-files=no", "--", ".", *own)
        return git("rev-parse", "HEAD") + (" (and uncommitted changes)" if changed else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown (no git repository)"


def page(
    folder: Path, overlay: Path, grid: Grid, means: pd.DataFrame, differences: pd.DataFrame, command: str
) -> str:
    """The whole page."""
    draws, pretrainings = int(means["draws"].max()), int(means["pretrainings"].max())
    sizes = cohort_sizes(folder, grid).reset_index(names="set")
    spent, titles = costs(folder), dict(grid.titles)
    parts = [
        "# Label efficiency on the synthetic cohort",
        f"Written by `{command}` from commit {commit_of(ROOT)}, with the settings at the end of this page. "
        f"Draws of the labels: {draws}; pretrainings of each method: {pretrainings}; every draw is "
        "fine-tuned from each. Learning rates and stopping are chosen on the validation set. The hearts are "
        "drawn, not scanned: this says what the code does, nothing about patients.",
        "## What holds of the paper's order",
        f"With at most {100 * LOW_LABEL_RATIO:g} % of the labels, over both tasks and both test sets:",
        "\n".join(summary(differences, titles)),
        "A claim *holds* where the 95 % interval of the paired difference lies above 0. The intervals draw "
        "studies, draws of the labels and pretrainings anew; with so few of the last two they are still too "
        "narrow rather than too wide, and nothing is adjusted for the number of rows.",
        "![AUROC against the share of labels](images/label_efficiency.png)",
    ]
    for (task, cohort), part in means.groupby(["task", "cohort"]):
        parts += [f"## AUROC: {titles[task]}, {COHORT_NAMES[cohort]}"]
        parts += ["Mean ± SD over the repeats (95 % interval).", markdown(means_table(part))]
    parts += ["## Every comparison", markdown(claims_table(differences, titles))]
    parts += [
        "## What pretraining learned",
        "On validation studies, with the last weights.",
        markdown(pretraining_table(pretraining_runs(folder, grid))),
        "## Cohort",
        markdown(sizes),
        "## Cost",
        f"{spent['core-hours'].sum():.2f} core-hours in measured jobs, start of each process included.",
        markdown(spent.round({"hours": 3, "core-hours": 3})),
        "## Settings",
        f"`{overlay.name}`, over `config.yaml`:",
        f"```yaml\n{overlay.read_text(encoding='utf-8').strip()}\n```",
    ]
    return "\n\n".join(parts) + "\n"


def write_page(overlay: Path, docs: Path, *, results: Path = Path("results"), command: str) -> None:
    """Write label_efficiency.csv, .md and images/label_efficiency.png below ``docs``."""
    config = study_config(overlay)
    grid, folder = Grid(config), results / config["study"]["name"]
    means, differences = efficiency_tables(
        folder, grid, n_resamples=config["evaluate"]["n_resamples"], seed=config["study"]["seed"]
    )
    (docs / "images").mkdir(parents=True, exist_ok=True)
    text = page(folder, overlay, grid, means, differences, command)
    with atomic_path(docs / "label_efficiency.csv") as temporary:
        numbers = ["auroc_mean", "auroc_sd", "ci_low", "ci_high"]
        order = ["task", "cohort", "init", "ratio", "labels", "draws", "pretrainings", *numbers]
        means[order].astype(dict.fromkeys(numbers, float)).round(4).to_csv(temporary, index=False)
    metrics = METRICS.read(folder / "evaluation" / "metrics.parquet")
    figure = label_efficiency_figure(metrics, grid.inits, titles=dict(grid.titles))
    pdf, _ = save_figure(figure, docs / "images" / "label_efficiency")
    pdf.unlink()  # the page shows the picture; the study's own figures have both
    with atomic_path(docs / "label_efficiency.md") as temporary:
        temporary.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write_page(Path(sys.argv[1]), Path(sys.argv[2]), command="make study")
    print(f"Written: {sys.argv[2]}/label_efficiency.md, .csv and images/label_efficiency.png")
