"""Read what the label-efficiency page needs from a finished study, through the tables' schemas."""

import json
from collections import defaultdict
from pathlib import Path

import numpy as np
import pandas as pd

from echoclr_core.cohort.tables import COHORT_STUDIES, SUBSETS
from echoclr_core.design.grid import Grid
from echoclr_core.design.sets import COHORTS
from echoclr_core.evaluate.efficiency import DIFFERENCES, EFFICIENCY, efficiency
from echoclr_core.evaluate.study_scores import study_table
from echoclr_core.finetune.tables import PREDICTIONS


def efficiency_tables(folder: Path, grid: Grid, *, n_resamples: int, seed: int) -> tuple[pd.DataFrame, ...]:
    """EFFICIENCY and DIFFERENCES of every task, test set and share of labels below ``folder``."""
    subsets = SUBSETS.read(folder / "cohort" / "subsets.parquet")
    means, differences = [], []
    for task in grid.tasks:
        for cohort in COHORTS:
            for ratio in grid.ratios:
                labels, scores = read_scores(folder, grid, task, cohort, ratio)
                cell = {"task": task, "cohort": cohort, "ratio": float(ratio)}
                cell |= {"labels": _labelled(subsets, task, float(ratio)), "pretrainings": grid.seeds}
                cell |= {"draws": len(grid.draws) // grid.seeds}
                # One stream for all shares of labels: the same resamples, so that a curve is smooth.
                found = efficiency(labels, scores, n_resamples=n_resamples, seed=seed)
                for rows, table in zip((means, differences), found, strict=True):
                    rows.append(table.assign(**cell))
    return (
        EFFICIENCY.check(pd.concat(means, ignore_index=True)),
        DIFFERENCES.check(pd.concat(differences, ignore_index=True)),
    )


def read_scores(folder: Path, grid: Grid, task: str, cohort: str, ratio: str) -> tuple[np.ndarray, dict]:
    """Labels of the test set's studies, and scores of every initialisation and repeat."""
    labels, scores = None, defaultdict(dict)
    for init in grid.inits:
        for draw in grid.draws:
            path = folder / "predictions" / task / init / ratio / draw / f"{cohort}.parquet"
            table = study_table(PREDICTIONS.read(path), name=f"{task}/{init}/{ratio}/{draw}/{cohort}")
            repeat = (grid.label_draw_of(draw), grid.pretraining_of(draw))
            scores[init][repeat] = table["score"].to_numpy()
            if labels is None:
                labels, studies = table["label"].to_numpy(), list(table["study_id"])
            elif list(table["study_id"]) != studies:
                raise ValueError(f"{path}: other studies than those of the first model; run the study again")
    return labels, scores


def _labelled(subsets: pd.DataFrame, task: str, ratio: float) -> int:
    chosen = subsets[(subsets["task"] == task) & ((subsets["ratio"] - ratio).abs() < 1e-9)]
    return int(chosen.value_counts("draw").max())


def cohort_sizes(folder: Path, grid: Grid) -> pd.DataFrame:
    """Studies of each set, and cases of each task among those that have a label."""
    studies = COHORT_STUDIES.read(folder / "cohort" / "studies.parquet")
    order = [name for name in ("train", "val", "test", "external") if name in set(studies["set"])]
    grouped = studies.groupby("set")
    table = pd.DataFrame({"studies": grouped.size()})
    for task in grid.tasks:
        table[f"{task} labelled"] = grouped[task].count()
        table[f"{task} cases"] = grouped[task].sum().astype(int)
    return table.loc[order]


def pretraining_runs(folder: Path, grid: Grid) -> pd.DataFrame:
    """Steps, seconds and accuracies of every pretraining; NaN where a method has no such task."""
    rows = []
    for name in grid.pretrained():
        run = json.loads((folder / "pretrain" / name / "run.json").read_text(encoding="utf-8"))
        keys = ("contrastive_accuracy", "contrastive_chance", "order_accuracy", "order_chance")
        validation = {key: run.get(f"validation_{key}") for key in keys}
        rows.append({"encoder": name, "steps": run["steps"], "seconds": run["seconds"], **validation})
    return pd.DataFrame(rows)


def costs(folder: Path) -> pd.DataFrame:
    """Jobs, hours and core-hours of every measured rule (Snakemake's benchmarks), the dearest first."""
    rows = defaultdict(list)
    for path in sorted((folder / "benchmarks").rglob("*.jsonl")):
        rule = path.relative_to(folder / "benchmarks").parts[0].removesuffix(".jsonl")
        for line in path.read_text(encoding="utf-8").splitlines():
            job = json.loads(line)
            rows[rule].append((float(job["s"]), float(job.get("cpu_time") or 0)))
    table = pd.DataFrame(
        [(rule, len(jobs), *np.sum(jobs, 0) / 3600) for rule, jobs in rows.items()],
        columns=["rule", "jobs", "hours", "core-hours"],
    )
    return table.sort_values("core-hours", ascending=False, ignore_index=True)
