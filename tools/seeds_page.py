"""The page of many pretrainings: each seed, means, worst seeds, intervals, how many seeds a claim needs.

    python -m tools.seeds_page results/pretraining_seeds docs/pretraining_seeds.md

Its runs come from ``benchmarks/evidence/pretraining_seeds.py``. Methods are compared seed by seed:
pretrainings of one seed start from the same weights. Intervals draw test studies, draws of the labels and
pretrainings anew (``evaluate/efficiency.py``).
"""

import json
import math
import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import spearmanr
from sklearn.metrics import roc_auc_score

from echoclr_core.common.files import atomic_path
from echoclr_core.evaluate.efficiency import efficiency
from echoclr_core.reporting.style import init_name
from tools.study_config import ROOT
from tools.study_page import commit_of, markdown, verdict

TITLES = {"severe_as": "Severe AS", "lvh": "LVH"}
SIGNS = {
    "contrastive_accuracy": "pair found",
    "order_accuracy": "frame order",
    "alignment": "alignment",
    "uniformity": "uniformity",
    "effective_rank": "effective rank",
}
"""What is known of a pretraining without labels: on held-out pairs, in the last batches, of the features."""
GAINS = (0.05, 0.10)  # differences of AUROC that a claim may be about
MIN_SEEDS = 3


@dataclass(frozen=True, kw_only=True)
class ProbeTest:
    """One task and number of labels: classes (n,), and scores (n,) by method and (draw, seed)."""

    task: str
    labels: int
    classes: np.ndarray
    scores: dict[str, dict[tuple[int, int], np.ndarray]]

    @property
    def name(self) -> str:
        return f"{TITLES[self.task]}, {self.labels} labels"

    def by_seed(self) -> pd.DataFrame:
        """(seeds, methods) AUROC, mean over the draws of the labels."""
        found = defaultdict(dict)
        for method, rows in self.scores.items():
            for seed in sorted({seed for _, seed in rows}):
                own = [row for (_, number), row in rows.items() if number == seed]
                found[method][seed] = np.mean([roc_auc_score(self.classes, row) for row in own])
        return pd.DataFrame(found)


def read_runs(folder: Path) -> list[dict]:
    """The records of finished runs whose seed was run with every method that is there."""
    runs = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))]
    methods = {run["method"] for run in runs}
    seeds = defaultdict(set)
    for run in runs:
        seeds[run["seed"]].add(run["method"])
    whole = {seed for seed, found in seeds.items() if found == methods}
    kept = [run for run in runs if run["seed"] in whole]
    if len(whole) < MIN_SEEDS:
        raise ValueError(
            f"{folder}: {len(whole)} seeds are finished for every method; at least {MIN_SEEDS} needed"
        )
    order = ("random", "mi_simclr", "echoclr")
    return sorted(kept, key=lambda run: (order.index(run["method"]), run["seed"]))


def probe_tests(runs: Sequence[dict]) -> list[ProbeTest]:
    """The runs' scores, by task and number of labels."""
    found = []
    for place, first in enumerate(runs[0]["tests"]):
        scores: dict[str, dict[tuple[int, int], np.ndarray]] = defaultdict(dict)
        for run in runs:
            method, seed, test = run["method"], run["seed"], run["tests"][place]
            if any(test[name] != first[name] for name in ("task", "labels", "classes")):
                raise ValueError(f"{method}, seed {seed}: another test set than the first run's")
            for draw, row in test["scores"].items():
                scores[method][int(draw), seed] = np.array(row)
        test = {name: first[name] for name in ("task", "labels")}
        found.append(ProbeTest(**test, classes=np.array(first["classes"]), scores=dict(scores)))
    return found


def seeds_needed(spread: float, gain: float) -> int:
    """Pairs of pretrainings for two standard errors of the mean difference to be ``gain`` AUROC.

    ``spread``: standard deviation of the difference over seeds.
    """
    return max(2, math.ceil((2 * spread / gain) ** 2))


def every_seed(runs: Sequence[dict], tests: Sequence[ProbeTest]) -> pd.DataFrame:
    """One row a pretraining: what it learned, and its AUROCs."""
    aurocs = {test.name: test.by_seed() for test in tests}
    rows = []
    for run in runs:
        method, seed = run["method"], run["seed"]
        signs = {title: run.get(name) for name, title in SIGNS.items()}
        rows.append(
            {"encoder": init_name(method), "seed": seed, "steps": run["steps"]}
            | {title: "–" if value is None else f"{value:.3f}" for title, value in signs.items()}
            | {name: f"{table.loc[seed, method]:.3f}" for name, table in aurocs.items()}
        )
    return pd.DataFrame(rows)


def means_and_worst(tests: Sequence[ProbeTest]) -> pd.DataFrame:
    """One row a test, one column a method: mean ± SD over seeds, and the worst seed."""
    rows = []
    for test in tests:
        cells = {
            init_name(method): f"{aurocs.mean():.3f} ± {aurocs.std():.3f}, worst {aurocs.min():.3f}"
            for method, aurocs in test.by_seed().items()
        }
        rows.append({"test": test.name, **cells})
    return pd.DataFrame(rows)


def comparisons(tests: Sequence[ProbeTest], n_resamples: int) -> pd.DataFrame:
    """One row a test and pair of methods: difference, interval, verdict, spread over seeds, seeds needed."""
    rows = []
    for test in tests:
        _, differences = efficiency(test.classes, test.scores, n_resamples=n_resamples)
        table = test.by_seed()
        bounds = differences.set_index(["init_a", "init_b"])
        for b, a in combinations(table, 2):
            value, low, high = bounds.loc[(a, b), ["difference", "ci_low", "ci_high"]]
            spread = float((table[a] - table[b]).std())
            row = {
                "test": test.name,
                "claim": f"{init_name(a)} over {init_name(b)}",
                "difference": f"{value:+.3f} ({low:+.3f} to {high:+.3f})",
                "verdict": verdict(low, high),
                "spread over seeds": f"{spread:.3f}",
            }
            rows.append(row | {f"seeds for ±{gain:.2f}": seeds_needed(spread, gain) for gain in GAINS})
    return pd.DataFrame(rows)


def warning_signs(runs: Sequence[dict], tests: Sequence[ProbeTest]) -> pd.DataFrame:
    """One row a method and sign: its rank correlation over seeds with each test's AUROC (p-value)."""
    rows = []
    for method in [name for name in tests[0].scores if name != "random"]:
        own = [run for run in runs if run["method"] == method]
        for name, title in SIGNS.items():
            values = [run.get(name) for run in own]
            if None in values or len(set(values)) < 2:
                continue
            row = {"encoder": init_name(method), "sign": title}
            for test in tests:
                found = spearmanr(values, test.by_seed()[method].loc[[run["seed"] for run in own]])
                row[test.name] = f"{found.statistic:+.2f} (p {found.pvalue:.2f})"
            rows.append(row)
    return pd.DataFrame(rows)


def write_page(runs: Sequence[dict], target: Path, *, n_resamples: int = 2000) -> None:
    """Write the page in Markdown."""
    tests = probe_tests(runs)
    seeds, studies = len({run["seed"] for run in runs}), len(tests[0].classes)
    hours = sum(run["cpu_seconds"] for run in runs) / 3600
    parts = [
        "# Many pretrainings of each method",
        f"Written by `make study-seeds` from commit {commit_of(ROOT)}: {seeds} pretrainings of each method, "
        f"linear probe on frozen features, {studies} test studies, {hours:.2f} hours of CPU time, one "
        "core a run. The hearts are drawn, not scanned. "
        "Intervals (95 %) draw studies, draws of the labels and pretrainings "
        "anew; nothing is adjusted for the number of rows.",
        "## Means and worst seeds",
        markdown(means_and_worst(tests)),
        "## Comparisons",
        "Seeds for ±x: pretrainings of each method for two standard errors of the difference to be x.",
        markdown(comparisons(tests, n_resamples)),
        "## Does anything without labels predict the probe?",
        "Spearman's rank correlation over the seeds of a method.",
        markdown(warning_signs(runs, tests)),
        "## Every seed",
        markdown(every_seed(runs, tests)),
    ]
    with atomic_path(target) as temporary:
        temporary.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write_page(read_runs(Path(sys.argv[1]) / "runs"), Path(sys.argv[2]))
    print(f"Written: {sys.argv[2]}")
