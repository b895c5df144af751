"""Bootstrap of AUROC, average precision and trapezoidal AUPR: the scikit-learn loop against this project.

The published cohort: 1,063 studies, 5 models, 10,000 shared resamples. The loop is timed on a few resamples
and scaled; both evaluate the very same rows there, and must agree to 1e-12.

Then memory for very many studies: the peak may not depend on how many resamples are drawn.

    python benchmarks/bootstrap.py [--studies 1063] [--models 5] [--resamples 10000] [--sampled 40]
        [--large 100000]
"""

import argparse
import time
import tracemalloc

import numpy as np
from recording import record
from sklearn.metrics import auc, average_precision_score, precision_recall_curve, roc_auc_score

from echoclr_core.evaluate.bootstrap import Resampling, bootstrap_values, resample_metrics

REQUIRED_RATIO = 200
TOLERANCE = 1e-12
MOST_MIB = 150


def make_cohort(studies: int, models: int) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Labels with 35 % cases, and models of growing quality with scores between 0 and 1."""
    rng = np.random.default_rng(0)
    y = (rng.random(studies) < 0.35).astype(int)
    logits = rng.normal(size=(models, studies)) + np.linspace(0.2, 1.2, models)[:, None] * y
    return y, {f"model {i}": s for i, s in enumerate(1 / (1 + np.exp(-logits)))}


def sklearn_loop(y: np.ndarray, scores: dict[str, np.ndarray], indices: np.ndarray) -> np.ndarray:
    """What one would write with scikit-learn: (models, resamples, 3)."""
    result = np.empty((len(scores), len(indices), 3))
    for r, rows in enumerate(indices):
        for m, s in enumerate(scores.values()):
            precision, recall, _ = precision_recall_curve(y[rows], s[rows])
            result[m, r] = (
                roc_auc_score(y[rows], s[rows]),
                average_precision_score(y[rows], s[rows]),
                auc(recall, precision),
            )
    return result


def peak_memory(studies: int, models: int, resamples: int) -> tuple[float, float]:
    """Peak of the bootstrap's own arrays, MiB, and seconds a resample."""
    y, scores = make_cohort(studies, models)
    tracemalloc.start()
    start = time.perf_counter()
    bootstrap_values(y, scores, Resampling(n_resamples=resamples))
    seconds = (time.perf_counter() - start) / resamples
    peak = tracemalloc.get_traced_memory()[1] / 2**20
    tracemalloc.stop()
    return peak, seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--studies", type=int, default=1063)
    parser.add_argument("--models", type=int, default=5)
    parser.add_argument("--resamples", type=int, default=10_000)
    parser.add_argument("--sampled", type=int, default=40)
    parser.add_argument("--large", type=int, default=100_000)
    options = parser.parse_args()
    y, scores = make_cohort(options.studies, options.models)
    indices = np.random.default_rng(1).integers(0, len(y), (options.sampled, len(y)))

    start = time.perf_counter()
    slow = sklearn_loop(y, scores, indices)
    loop = (time.perf_counter() - start) * options.resamples / options.sampled
    fast = np.stack([resample_metrics(y, s, indices) for s in scores.values()])
    difference = float(np.abs(slow - fast).max())

    bootstrap_values(y, scores, Resampling(n_resamples=64))  # warm up
    start = time.perf_counter()
    bootstrap_values(y, scores, Resampling(n_resamples=options.resamples))
    ours = time.perf_counter() - start

    print(f"{options.resamples} resamples, {options.studies} studies, {options.models} models, 3 metrics")
    print(f"scikit-learn loop  {loop:9.2f} s (scaled from {options.sampled} resamples)")
    print(f"this project       {ours:9.2f} s")
    print(f"ratio              {loop / ours:9.0f} x (asked for: {REQUIRED_RATIO} x)")
    print(f"largest difference on the same resamples {difference:.1e} (allowed: {TOLERANCE:.0e})")
    record(
        "bootstrap",
        ours=ours,
        other=loop,
        unit="s",
        other_is=f"a loop over scikit-learn's metrics, scaled from {options.sampled} resamples",
    )
    for resamples in (40, 160):
        peak, seconds = peak_memory(options.large, options.models, resamples)
        print(
            f"{options.large} studies, {resamples} resamples: peak {peak:.0f} MiB "
            f"(asked for: at most {MOST_MIB}), {10_000 * seconds:.0f} s for 10,000"
        )
        if peak > MOST_MIB:
            raise SystemExit("the memory is not bounded")
    if difference > TOLERANCE or loop / ours < REQUIRED_RATIO:
        raise SystemExit("the benchmark's terms are not met")


if __name__ == "__main__":
    main()
