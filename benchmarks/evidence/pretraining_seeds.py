"""Many pretrainings of each method, judged on frozen features: is the difference larger than that of seeds?

    python benchmarks/evidence/pretraining_seeds.py results/pretraining_seeds --seeds 16 --workers 2

The cohort, network and probe of ``screens.py`` (one vendor). Every seed pretrains MI-SimCLR for ``--steps``
steps and EchoCLR, its frame order read from movement, for two thirds as many: its steps show three batches of
clips where MI-SimCLR's show two, so that both see equally many. Random weights stand beside them. Each run
ends in one file below ``runs/``, and an interrupted run goes on from its checkpoint: the same command
continues, more ``--seeds`` add runs. ``python -m tools.seeds_page FOLDER PAGE.md`` writes the page
of the runs that are finished; ``make study-seeds`` does both.
"""

import argparse
import json
import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from linear_probe import TASKS, probe_scores, representations
from screens import COHORT, INPUT, make_store

from echoclr_core.common.files import write_json
from echoclr_core.models.encoder import EncoderSettings
from echoclr_core.pretrain.run import pretrain
from echoclr_core.pretrain.settings import PretrainSettings
from echoclr_core.pretrain.step import initial_encoder
from echoclr_core.video.store import ClipStore

METHODS = ("random", "mi_simclr", "echoclr")
LABELS = (16, 32)
NETWORK = EncoderSettings(name="r3d", width=16, blocks=(1, 1, 1, 1))
BATCHES_SEEN = {"random": 0, "mi_simclr": 2, "echoclr": 3}  # of clips, in one step
SIGNS = ("validation_contrastive_accuracy", "validation_order_accuracy")


@dataclass(frozen=True, kw_only=True)
class Run:
    """One pretraining: ``steps`` are those of MI-SimCLR."""

    folder: Path
    method: str
    seed: int
    steps: int

    @property
    def result(self) -> Path:
        """The file that a finished run leaves."""
        return self.folder / "runs" / f"{self.method}_{self.seed}.json"

    @property
    def own_steps(self) -> int:
        """Steps in which this method sees as many clips as MI-SimCLR in ``steps``."""
        seen = BATCHES_SEEN[self.method]
        return round(self.steps * BATCHES_SEEN["mi_simclr"] / seen) if seen else 0

    def settings(self) -> PretrainSettings:
        """Those of ``make study``, but for the steps and the source of the frame order."""
        return PretrainSettings(
            method="mi_simclr" if self.method == "random" else self.method,
            input_size=INPUT,
            batch_size=32,
            max_steps=max(self.own_steps, 1),
            learning_rate=1e-3,
            schedule="cosine",
            temperature=0.1,
            seed=self.seed,
            order_input="movement" if self.method == "echoclr" else "clip",
        )


def cohort(folder: Path, workers: int) -> tuple[ClipStore, pd.DataFrame]:
    """The clips and the studies with their labels and sets, drawn at the first call."""
    table = folder / "studies.parquet"
    if not table.exists():
        folder.mkdir(parents=True, exist_ok=True)
        _, studies = make_store(folder, ("tablet",), 0, workers)
        studies.to_parquet(table)
    store = ClipStore.open([folder / "clips.parquet"], [folder / "clips.npy"])
    return store, pd.read_parquet(table)


def judge(run: Run) -> None:
    """Pretrain, score the test studies from frozen features, and write the run's file."""
    torch.set_num_threads(1)
    started = time.process_time()
    store, studies = cohort(run.folder, 1)
    videos = store.index[["video_id", "study_id"]]
    training = videos["study_id"].isin(studies.loc[studies["set"] == "train", "study_id"])
    record = {"method": run.method, "seed": run.seed, "steps": run.own_steps}
    if run.own_steps:
        state = run.folder / "state" / run.result.stem
        result = pretrain(
            store, videos[training], NETWORK, run.settings(), state_dir=state, validation=videos[~training]
        )
        encoder = result.encoder
        record |= {name.removeprefix("validation_"): result.run[name] for name in SIGNS}
        record |= {name: result.run["final"][name] for name in ("alignment", "uniformity")}
    else:
        encoder = initial_encoder(NETWORK, run.settings())
    features = representations(encoder, store, videos, INPUT)
    held_out = features.loc[studies.loc[studies["set"] == "test", "study_id"]]
    record |= {"effective_rank": effective_rank(held_out.to_numpy()), "tests": []}
    for task, count in product(TASKS, LABELS):
        labels, scores = probe_scores(features, studies, task, count)
        rows = {str(draw): np.round(row, 5).tolist() for draw, row in scores.items()}
        test = {"task": task, "labels": count, "classes": labels.tolist(), "scores": rows}
        record["tests"].append(test)
    write_json(run.result, record | {"cpu_seconds": round(time.process_time() - started, 1)})


def effective_rank(features: np.ndarray) -> float:
    """exp of the entropy of the singular values of centred features (n, F): from 1 to min(n, F)."""
    values = np.linalg.svd(features - features.mean(0), compute_uv=False)
    shares = values[values > 0] / values.sum()
    return float(np.exp(-(shares * np.log(shares)).sum()))


def check_settings(folder: Path, steps: int) -> None:
    """Refuse to mix runs of different lengths or cohorts in one folder."""
    path = folder / "settings.json"
    now = {"steps": steps, "cohort_seed": COHORT.seed, "studies": COHORT.development_studies}
    now["difficulty"] = COHORT.difficulty
    if path.exists() and (before := json.loads(path.read_text(encoding="utf-8"))) != now:
        raise SystemExit(f"{path}: {before}; asked for are {now}. Name another folder.")
    write_json(path, now)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path, help="for clips, checkpoints and runs")
    parser.add_argument("--seeds", type=int, default=16, help="pretrainings of each method")
    parser.add_argument("--steps", type=int, default=500, help="steps of MI-SimCLR")
    parser.add_argument("--workers", type=int, default=2, help="runs at a time")
    chosen = parser.parse_args()
    cohort(chosen.folder, chosen.workers)
    check_settings(chosen.folder, chosen.steps)
    (chosen.folder / "runs").mkdir(exist_ok=True)
    runs = [
        Run(folder=chosen.folder, method=method, seed=seed, steps=chosen.steps)
        for seed, method in product(range(chosen.seeds), METHODS)
    ]
    missing = [run for run in runs if not run.result.exists()]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(chosen.workers, mp_context=context) as pool:
        for run, _ in zip(missing, pool.map(judge, missing), strict=True):
            print(f"{run.method}, seed {run.seed}: done", flush=True)


if __name__ == "__main__":
    main()
