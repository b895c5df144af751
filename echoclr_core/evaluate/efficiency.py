"""Label efficiency over repeats: mean AUROC of a method, differences between methods, and their intervals.

One AUROC of one model is uncertain in three ways: another test set, another draw of the labels, another
pretraining. The intervals here come from a bootstrap that draws all three anew at once: studies of the test
set, draws of the labels, pretrainings, each with replacement, the same ones for every method, so that
differences are paired. With two or three draws and pretrainings this still understates how much they vary.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
import pandas as pd

from echoclr_core.common.randomness import generator
from echoclr_core.common.tables import Column, Table
from echoclr_core.evaluate.checks import as_scores, as_two_classes
from echoclr_core.evaluate.schema import COHORTS

_CELL = {
    "task": Column(kind="str", description="What is predicted."),
    "cohort": Column(kind="str", description="test set", allowed=COHORTS),
    "ratio": Column(kind="float", description="share of the labelled training studies", low=0, high=1),
    "labels": Column(kind="int", description="labelled training studies at that ratio", low=1),
    "draws": Column(kind="int", description="draws of those labels", low=1),
    "pretrainings": Column(kind="int", description="pretrainings of each method", low=1),
}
EFFICIENCY = Table(
    "label efficiency",
    {
        **_CELL,
        "init": Column(kind="str", description="initialisation"),
        "auroc_mean": Column(kind="float", description="mean AUROC over the repeats", low=0, high=1),
        "auroc_sd": Column(
            kind="float",
            nullable=True,
            description="standard deviation over the repeats",
            low=0,
        ),
        "ci_low": Column(kind="float", description="lower 95 % bound of the mean", low=0, high=1),
        "ci_high": Column(kind="float", description="upper 95 % bound of the mean", low=0, high=1),
    },
    key=("task", "cohort", "ratio", "init"),
)
"""Schema of label_efficiency.csv: one row a method, share of labels, task and test set."""

DIFFERENCES = Table(
    "differences",
    {
        **_CELL,
        "init_a": Column(kind="str", description="initialisation held to be better"),
        "init_b": Column(kind="str", description="initialisation it is compared with"),
        "difference": Column(
            kind="float", description="mean AUROC of init_a less that of init_b", low=-1, high=1
        ),
        "ci_low": Column(kind="float", description="lower 95 % bound", low=-1, high=1),
        "ci_high": Column(kind="float", description="upper 95 % bound", low=-1, high=1),
    },
    key=("task", "cohort", "ratio", "init_a", "init_b"),
)
"""Schema of the paired differences between methods."""

Repeat = tuple[int, int]  # (draw of the labels, pretraining)


def resampled_aurocs(labels: np.ndarray, scores: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """AUROC of one model on many resamples.

    Parameters
    ----------
    labels, scores
        (n,) classes 0 and 1, and scores.
    counts
        (B, n) how often each study stands in each resample.

    Returns
    -------
    ndarray
        (B,) share of case-control pairs ranked right, a tie counting one half; NaN where a resample has one
        class only.
    """
    case = labels == 1
    higher = scores[case][:, None] - scores[~case][None]  # (m, n − m)
    kernel = (higher > 0) + 0.5 * (higher == 0)
    cases, controls = counts[:, case].astype(float), counts[:, ~case].astype(float)
    pairs = cases.sum(1) * controls.sum(1)
    with np.errstate(invalid="ignore"):
        return np.einsum("bm,bm->b", cases @ kernel, controls) / pairs


def efficiency(
    labels: np.ndarray,
    scores: Mapping[str, Mapping[Repeat, np.ndarray]],
    *,
    n_resamples: int = 2000,
    seed: int = 0,
    level: float = 0.95,
    pairs: Sequence[tuple[str, str]] | None = None,
    groups: np.ndarray | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Means and paired differences of one task, test set and share of labels.

    Parameters
    ----------
    labels
        (n,) classes 0 and 1 of the test set's studies.
    scores
        Initialisation to {(draw, pretraining): (n,) scores}; the same full grid of repeats for all.
    n_resamples, seed, level
        Of the bootstrap, and of its percentile intervals.
    pairs
        (a, b): differences of a less b. None for every pair, a being the later one of ``scores``.
    groups
        (n,) codes 0, 1, ... of the patient of each study: whole patients are drawn. None draws studies.

    Returns
    -------
    means, differences
        Columns init, auroc_mean, auroc_sd, ci_low, ci_high; and init_a, init_b, difference, ci_low, ci_high
        of ``pairs``.

    Raises
    ------
    ValueError
        No models, one class only, or models whose repeats are not the same full grid.
    """
    labels = as_two_classes(labels)
    repeats = _grid_of(scores)
    rng = generator(seed, "label efficiency")
    counts = _two_class_counts(rng, labels, n_resamples, groups)
    weights = _repeat_weights(rng, repeats, n_resamples)
    means, resampled = [], {}
    for init in scores:
        rows = [as_scores(scores[init][repeat], len(labels)) for repeat in repeats]
        plain = np.array([resampled_aurocs(labels, row, np.ones((1, len(labels))))[0] for row in rows])
        drawn = np.stack([resampled_aurocs(labels, row, counts) for row in rows], 1)  # (B, repeats)
        resampled[init] = (plain.mean(), (weights * drawn).sum(1))
        low, high = _bounds(resampled[init][1], level)
        spread = plain.std(ddof=1) if len(plain) > 1 else None
        means.append(
            {"init": init, "auroc_mean": plain.mean(), "auroc_sd": spread, "ci_low": low, "ci_high": high}
        )
    differences = []
    for a, b in pairs or [(later, earlier) for earlier, later in combinations(resampled, 2)]:
        low, high = _bounds(resampled[a][1] - resampled[b][1], level)
        value = resampled[a][0] - resampled[b][0]
        differences.append({"init_a": a, "init_b": b, "difference": value, "ci_low": low, "ci_high": high})
    return pd.DataFrame(means), pd.DataFrame(differences)


def _grid_of(scores: Mapping[str, Mapping[Repeat, np.ndarray]]) -> list[Repeat]:
    """The repeats, the same full grid of draws and pretrainings for every initialisation."""
    if not scores:
        raise ValueError("scores: no initialisation")
    grids = {init: sorted(rows) for init, rows in scores.items()}
    first = next(iter(grids.values()))
    full = [(d, p) for d in sorted({d for d, _ in first}) for p in sorted({p for _, p in first})]
    for init, grid in grids.items():
        if grid != full or not grid:
            raise ValueError(f"scores[{init!r}]: repeats {grid}; allowed is the full grid {full}")
    return full


def _two_class_counts(
    rng: np.random.Generator, labels: np.ndarray, n_resamples: int, groups: np.ndarray | None
) -> np.ndarray:
    """(B, n) counts of studies drawn with replacement; resamples of one class are drawn again."""
    codes = np.arange(len(labels)) if groups is None else groups
    n = int(codes.max()) + 1

    def drawn(size: int) -> np.ndarray:
        return rng.multinomial(n, np.full(n, 1 / n), size)[:, codes]

    counts = drawn(n_resamples)
    while (bad := _one_class(counts, labels)).any():
        counts[bad] = drawn(int(bad.sum()))
    return counts


def _one_class(counts: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """(B,) whether a resample has no case or no control."""
    cases = counts @ labels
    return (cases == 0) | (cases == counts.sum(1))


def _repeat_weights(rng: np.random.Generator, repeats: Sequence[Repeat], n_resamples: int) -> np.ndarray:
    """(B, repeats) weights that sum to 1: draws and pretrainings, each drawn with replacement."""
    sides = []
    for side in (0, 1):
        names = sorted({repeat[side] for repeat in repeats})
        share = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), n_resamples) / len(names)
        sides.append(share[:, [names.index(repeat[side]) for repeat in repeats]])
    return sides[0] * sides[1]


def _bounds(values: np.ndarray, level: float) -> tuple[float, float]:
    low, high = np.percentile(values, [50 * (1 - level), 50 * (1 + level)])
    return float(low), float(high)
