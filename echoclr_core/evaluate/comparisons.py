"""Which initialisations are compared, and the rows of COMPARISONS."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from echoclr_core.evaluate.delong import delong_test
from echoclr_core.evaluate.holm import holm
from echoclr_core.evaluate.metrics import point_metrics
from echoclr_core.evaluate.roc_test import roc_tests
from echoclr_core.evaluate.schema import COMPARISONS
from echoclr_core.evaluate.settings import MIN_PER_CLASS, EvaluationSettings


def default_comparisons(inits: Sequence[str]) -> list[tuple[str, str]]:
    """The paper's one-sided questions among ``inits``: EchoCLR above each other, MI-SimCLR above SimCLR."""
    pairs = [("echoclr", other) for other in inits if other != "echoclr"] if "echoclr" in inits else []
    if {"mi_simclr", "simclr"} <= set(inits):
        pairs.append(("mi_simclr", "simclr"))
    return pairs


def adjust(comparisons: pd.DataFrame) -> pd.DataFrame:
    """``comparisons`` with p_holm filled: Holm within each task and cohort, over all ratios and draws.

    Rows that are not estimable hold a conventional or missing p; they are no tests and stay unadjusted.
    """
    adjusted = COMPARISONS.check(comparisons)
    p = adjusted["p"].where(adjusted["estimable"]).to_numpy(dtype=np.float64, na_value=np.nan)
    result = np.full(len(adjusted), np.nan)
    for index in adjusted.groupby(["task", "cohort"]).indices.values():
        result[index] = holm(p[index])
    adjusted["p_holm"] = pd.array(result, dtype="Float64")
    return COMPARISONS.check(adjusted)


def comparison_rows(
    labels: np.ndarray,
    scores: Mapping[str, np.ndarray],
    pairs: Sequence[tuple[str, str]],
    settings: EvaluationSettings,
    seed: int,
    groups: np.ndarray | None = None,
) -> list[dict]:
    """One row (init_a, init_b, areas, statistic, p, p_delong, estimable) a pair, all on the same resamples.

    With fewer than MIN_PER_CLASS cases or controls there are areas at most, and no p.
    """
    absent = sorted({name for pair in pairs for name in pair} - set(scores))
    if absent:
        raise ValueError(f"comparisons name {absent}, which are not among the models {list(scores)}")
    positive = int(labels.sum())
    smaller = min(positive, len(labels) - positive)
    if not pairs or smaller < MIN_PER_CLASS:
        areas = {init: point_metrics(labels, s)["auroc"] if smaller else None for init, s in scores.items()}
        return [
            {"init_a": a, "init_b": b, "auroc_a": areas[a], "auroc_b": areas[b], "estimable": False}
            for a, b in pairs
        ]
    stratified = settings.stratified_test and groups is None
    tests = roc_tests(
        labels, scores, pairs, "greater", settings.n_resamples, seed, stratified=stratified, groups=groups
    )
    rows = []
    for (a, b), test in zip(pairs, tests, strict=True):
        rows.append(
            {
                "init_a": a,
                "init_b": b,
                "auroc_a": test.auroc_a,
                "auroc_b": test.auroc_b,
                "statistic": test.statistic,
                "p": test.p,
                "p_delong": delong_test(labels, scores[a], scores[b]).p_greater,
                "estimable": test.estimable,
            }
        )
    return rows
