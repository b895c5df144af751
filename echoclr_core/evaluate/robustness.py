"""Change of AUROC when the test videos are perturbed, with paired bootstrap intervals."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from echoclr_core.evaluate.bootstrap import Resamples
from echoclr_core.evaluate.metrics import Ranking, auroc, weighted_metrics
from echoclr_core.evaluate.resampling import resampling_of
from echoclr_core.evaluate.robustness_tables import ROBUSTNESS
from echoclr_core.evaluate.settings import CONFIDENCE_LEVEL, EvaluationSettings
from echoclr_core.evaluate.study_scores import place_of, scores_by_model


def robustness_rows(
    before: Mapping[str, pd.DataFrame],
    after: Mapping[str, Mapping[str, pd.DataFrame]],
    *,
    task: str,
    ratio: float,
    cohort: str,
    settings: EvaluationSettings,
    patients: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """ROBUSTNESS of every model and perturbation on one test set.

    Parameters
    ----------
    before
        Initialisation to predictions of the videos as they are (study_id, label, study_probability).
    after
        Perturbation to the same of the perturbed videos.
    task, ratio, cohort
        Written into the rows; with the seed, task and cohort give the resamples of all other intervals.
    settings, patients
        See :func:`echoclr_core.evaluate.studies.evaluate_cohort`.

    Returns
    -------
    No rows for a test set with one class; no interval below 5 cases or controls.

    Raises
    ------
    ValueError
        Perturbed and unperturbed predictions are of different studies or labels.
    """
    run = {"task": task, "ratio": float(ratio), "draw": 0, "cohort": cohort}
    named = {("", init): table for init, table in before.items()}
    named |= {(name, init): table for name, tables in after.items() for init, table in tables.items()}
    first, scores = scores_by_model(named, place=place_of(run))
    labels = first["label"].to_numpy()
    if len(np.unique(labels)) < 2:
        return ROBUSTNESS.empty()
    drawn = _resampled(labels, scores, resampling_of(first, run, settings, patients))
    counts = {"n_studies": len(labels), "n_positive": int(labels.sum())}
    rows = []
    for (name, init), values in scores.items():
        if not name:
            continue
        plain = scores["", init]
        pair = {"auroc": auroc(labels, plain), "auroc_perturbed": auroc(labels, values)}
        low = high = None
        if drawn:
            tails = [(1 - CONFIDENCE_LEVEL) / 2, (1 + CONFIDENCE_LEVEL) / 2]
            low, high = np.quantile(drawn[name, init] - drawn["", init], tails)
        rows.append(
            {"task": task, "ratio": float(ratio), "cohort": cohort, "init": init, "perturbation": name}
            | pair
            | {"difference": pair["auroc_perturbed"] - pair["auroc"], "ci_low": low, "ci_high": high}
            | {"mean_shift": float(np.mean(values - plain)), **counts}
        )
    return ROBUSTNESS.check(pd.DataFrame(rows))


def _resampled(labels: np.ndarray, scores: Mapping[tuple, np.ndarray], resampling) -> dict:
    """AUROCs (n_resamples,) of each model on shared resamples; empty without a resampling."""
    if resampling is None:
        return {}
    rankings = {key: Ranking.of(labels, values) for key, values in scores.items()}
    found: dict[tuple, list[np.ndarray]] = {key: [] for key in scores}
    for counts in Resamples(labels, resampling):
        for key, ranking in rankings.items():
            found[key].append(weighted_metrics(ranking, counts, auroc_only=True)[0])
    return {key: np.concatenate(lanes) for key, lanes in found.items()}
