"""Differences of AUROC between subgroups of one test set, with bootstrap intervals.

Both subgroups come from the same resample of the whole test set, the one that all other intervals are made
of. The numbers describe: with many subgroups, some intervals exclude 0 by chance.
"""

import warnings
from collections.abc import Mapping

import numpy as np
import pandas as pd

from echoclr_core.evaluate.bootstrap import Resamples, Resampling
from echoclr_core.evaluate.checks import as_scores, as_two_classes
from echoclr_core.evaluate.metrics import Ranking, auroc, weighted_metrics
from echoclr_core.evaluate.resampling import resampling_of
from echoclr_core.evaluate.schema import SUBGROUP_DIFFERENCES
from echoclr_core.evaluate.settings import CONFIDENCE_LEVEL, MIN_PER_CLASS, EvaluationSettings
from echoclr_core.evaluate.study_scores import place_of, scores_by_model
from echoclr_core.evaluate.subgroups import MISSING, subgroups_of


def subgroup_differences(
    predictions_by_model: Mapping[str, pd.DataFrame],
    studies: pd.DataFrame,
    *,
    task: str,
    ratio: float,
    draw: int,
    cohort: str,
    settings: EvaluationSettings,
    patients: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """SUBGROUP_DIFFERENCES: AUROC of each level less that of the largest level of its characteristic.

    Parameters are those of :func:`echoclr_core.evaluate.details.subgroup_metrics`. Levels without both
    classes, and studies whose value is not known, have no row; below 5 cases or controls there is no
    interval.
    """
    run = {"task": task, "ratio": float(ratio), "draw": int(draw), "cohort": cohort}
    first, scores = scores_by_model(predictions_by_model, place=place_of(run))
    if first["label"].nunique() < 2:
        return SUBGROUP_DIFFERENCES.empty()
    labels = first["label"].to_numpy()
    levels: dict[str, dict[str, np.ndarray]] = {}
    known = studies[studies["study_id"].isin(first["study_id"])]
    for characteristic, level, _, members in subgroups_of(
        known, age_column=settings.age_column, age_bands=settings.age_bands
    ):
        inside = first["study_id"].isin(members).to_numpy()
        if level != MISSING and len(np.unique(labels[inside])) == 2:
            levels.setdefault(characteristic, {})[level] = inside
    levels = {name: parts for name, parts in levels.items() if len(parts) > 1}
    drawn = _resampled(labels, scores, levels, resampling_of(first, run, settings, patients))
    rows = [
        {**run, "init": init, **row}
        for init, values in scores.items()
        for characteristic, parts in levels.items()
        for row in _rows(labels, values, characteristic, parts, drawn.get(init, {}))
    ]
    return SUBGROUP_DIFFERENCES.check(pd.DataFrame(rows, columns=list(SUBGROUP_DIFFERENCES.columns)))


def _resampled(
    labels: np.ndarray,
    scores: Mapping[str, np.ndarray],
    levels: Mapping[str, Mapping[str, np.ndarray]],
    resampling: Resampling | None,
) -> dict[str, dict[tuple[str, str], np.ndarray]]:
    """Model to (characteristic, level) to AUROCs (n_resamples,); NaN where a resample has one class there."""
    if resampling is None:
        return {}
    parts = {
        (characteristic, level): inside
        for characteristic, of_one in levels.items()
        for level, inside in of_one.items()
        if min(labels[inside].sum(), (1 - labels[inside]).sum()) >= MIN_PER_CLASS
    }
    rankings = {
        init: {key: Ranking.of(labels[inside], values[inside]) for key, inside in parts.items()}
        for init, values in scores.items()
    }
    found: dict[str, dict[tuple[str, str], list[np.ndarray]]] = {
        init: {key: [] for key in parts} for init in scores
    }
    for counts in Resamples(labels, resampling):
        for key, inside in parts.items():
            within = counts[inside]
            for init in scores:
                found[init][key].append(weighted_metrics(rankings[init][key], within, auroc_only=True)[0])
    return {
        init: {key: np.concatenate(lanes) for key, lanes in of_model.items()}
        for init, of_model in found.items()
    }


def _rows(
    labels: np.ndarray,
    values: np.ndarray,
    characteristic: str,
    parts: Mapping[str, np.ndarray],
    drawn: Mapping[tuple[str, str], np.ndarray],
) -> list[dict]:
    """One row a level other than the largest one."""
    reference = max(parts, key=lambda level: int(parts[level].sum()))
    base = parts[reference]
    tails = [(1 - CONFIDENCE_LEVEL) / 2, (1 + CONFIDENCE_LEVEL) / 2]
    rows = []
    for level, inside in parts.items():
        if level == reference:
            continue
        low = high = usable = None
        both = [(characteristic, level), (characteristic, reference)]
        if all(key in drawn for key in both):
            spread = drawn[both[0]] - drawn[both[1]]
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", RuntimeWarning)  # no resample with both classes in both parts
                low, high = np.nanquantile(spread, tails)
            usable = int(np.isfinite(spread).sum())
        rows.append(
            {
                "characteristic": characteristic,
                "level": level,
                "reference": reference,
                "difference": difference(labels, values, inside, base),
                "ci_low": low,
                "ci_high": high,
                "n_studies": int(inside.sum()),
                "n_positive": int(labels[inside].sum()),
                "n_reference": int(base.sum()),
                "n_reference_positive": int(labels[base].sum()),
                "n_resamples": usable,
            }
        )
    return rows


def difference(y, scores, inside: np.ndarray, reference: np.ndarray) -> float:
    """AUROC of the studies ``inside`` (n,) bool less that of ``reference`` (n,) bool."""
    labels = as_two_classes(y)
    values = as_scores(scores, len(labels))
    return auroc(labels[inside], values[inside]) - auroc(labels[reference], values[reference])
