"""The rows of the evaluation tables: all models of one task, ratio, draw and cohort, at study level."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from echoclr_core.evaluate.bootstrap import Resampling, bootstrap_means, bootstrap_models
from echoclr_core.evaluate.checks import as_probabilities
from echoclr_core.evaluate.comparisons import comparison_rows, default_comparisons
from echoclr_core.evaluate.delong import delong_interval
from echoclr_core.evaluate.metrics import METRIC_NAMES, brier, point_metrics
from echoclr_core.evaluate.resampling import resampling_stream
from echoclr_core.evaluate.schema import COMPARISONS, METRICS
from echoclr_core.evaluate.settings import CONFIDENCE_LEVEL, MIN_PER_CLASS, EvaluationSettings
from echoclr_core.evaluate.study_scores import patients_of, place_of, same_studies, study_table
from echoclr_core.evaluate.thresholds import rates_at, threshold_at

log = logging.getLogger(__name__)


def evaluate_cohort(
    predictions_by_model: Mapping[str, pd.DataFrame],
    *,
    task: str,
    ratio: float,
    draw: int,
    cohort: str,
    settings: EvaluationSettings | None = None,
    comparisons: Sequence[tuple[str, str]] | None = None,
    n_labelled_studies: int | None = None,
    validation: Mapping[str, pd.DataFrame] | None = None,
    patients: Mapping[str, str] | None = None,
    failed: Mapping[str, str] | None = None,
    **fields,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """All models of one task, ratio, draw and cohort.

    Parameters
    ----------
    predictions_by_model
        Initialisation to its predictions (see
        :func:`~echoclr_core.evaluate.study_scores.study_table`), all of the same studies.
    task, ratio, draw, cohort
        What the rows are labelled with; ratio in 0..1.
    settings
        How; None for the paper's. Single fields may be given by name instead.
    comparisons
        (a, b) pairs, tested for a above b; None for :func:`default_comparisons`.
    n_labelled_studies
        Training studies at that ratio, carried into the table.
    validation
        Initialisation to predictions of the validation set; adds sensitivity and specificity at thresholds
        fixed there. A model without an entry gets no such rows.
    patients
        study_id to patient: whole patients are drawn instead of studies (then nothing is stratified).
    failed
        Initialisation to the reason why it has no predictions: it gets rows without values, and the reason.

    Returns
    -------
    metrics, comparisons
        Rows of METRICS and COMPARISONS; p_holm is still missing, :func:`echoclr_core.evaluate.adjust` fills
        it. With fewer than 5 cases or controls, values stand without interval and p; with one class only,
        rows stand without values.

    Raises
    ------
    ValueError
        No models, a faulty table, or models that scored different studies or labels.
    """
    settings = replace(settings or EvaluationSettings(), **fields)
    run = {"task": task, "ratio": float(ratio), "draw": int(draw), "cohort": cohort}
    tables = same_studies(predictions_by_model, place=place_of(run))
    first = next(iter(tables.values()))
    labels = first["label"].to_numpy()
    scores = {init: table["score"].to_numpy() for init, table in tables.items()}
    groups = None if patients is None else patients_of(first["study_id"], patients)
    n_positive = int(labels.sum())
    counts = {"n_studies": len(labels), "n_positive": n_positive}
    stream = resampling_stream(settings.seed, task, cohort)
    if min(n_positive, len(labels) - n_positive) < MIN_PER_CLASS:
        log.warning("%s: %d of %d are cases: no intervals, no tests", place_of(run), n_positive, len(labels))
    failed = dict(failed or {})
    rows = metric_rows(labels, scores, settings, stream, groups) + _failed_rows(failed)
    for init, predictions in (validation or {}).items():
        if init in scores:
            rows += _operating_rows(init, labels, scores[init], predictions, settings)
    pairs = default_comparisons([*scores, *failed]) if comparisons is None else list(comparisons)
    tested = _tested_pairs(pairs, labels, scores, failed, settings, stream, groups)
    labelled = {"n_labelled_studies": n_labelled_studies}
    return (
        METRICS.check(
            pd.DataFrame([run | counts | labelled | r for r in rows], columns=list(METRICS.columns))
        ),
        COMPARISONS.check(
            pd.DataFrame([run | counts | r for r in tested], columns=list(COMPARISONS.columns))
        ),
    )


def _tested_pairs(
    pairs: Sequence[tuple[str, str]],
    labels: np.ndarray,
    scores: Mapping[str, np.ndarray],
    failed: Mapping[str, str],
    settings: EvaluationSettings,
    seed: int,
    groups: np.ndarray | None,
) -> list[dict]:
    """Rows of COMPARISONS of each pair; without values where one of the two models has no predictions."""
    possible = [pair for pair in pairs if not failed.keys() & set(pair)]
    rows = comparison_rows(labels, scores, possible, settings, seed, groups)
    return rows + [{"init_a": a, "init_b": b, "estimable": False} for a, b in pairs if failed.keys() & {a, b}]


def _failed_rows(failed: Mapping[str, str]) -> list[dict]:
    """Rows without values of the models that have no predictions, each with its reason."""
    return [
        {"init": init, "metric": metric, "reason": reason}
        for init, reason in failed.items()
        for metric in (*METRIC_NAMES, "brier")
    ]


def metric_rows(
    labels: np.ndarray,
    scores: Mapping[str, np.ndarray],
    settings: EvaluationSettings,
    seed: int,
    groups: np.ndarray | None,
) -> list[dict]:
    """Rows (init, metric, value, ci_low, ci_high, n_resamples, n_redrawn), all models on the same resamples.

    Without intervals below MIN_PER_CLASS cases or controls; with one class only, the Brier score alone has a
    value.
    """
    fewest = min(int(labels.sum()), int((labels == 0).sum()))
    if fewest >= MIN_PER_CLASS:
        rows = _rows_with_intervals(labels, scores, settings, seed, groups)
    else:
        rows = []
        for init, values in scores.items():
            point = point_metrics(labels, values) if fewest else dict.fromkeys(METRIC_NAMES)
            point |= {"brier": brier(labels, values)}
            rows += [{"init": init, "metric": metric, "value": value} for metric, value in point.items()]
    blank = {"value": None, "ci_low": None, "ci_high": None, "n_resamples": None, "n_redrawn": None}
    return [{**blank, **row} for row in rows]


def _rows_with_intervals(labels, scores, settings: EvaluationSettings, seed: int, groups) -> list[dict]:
    resampling = Resampling(
        n_resamples=settings.n_resamples,
        seed=seed,
        stratified=settings.stratified_intervals,
        groups=groups,
    )
    table = bootstrap_models(
        labels,
        scores,
        resampling.n_resamples,
        resampling.seed,
        stratified=resampling.stratified,
        groups=groups,
        level=CONFIDENCE_LEVEL,
    )
    behind = {"n_resamples": settings.n_resamples, "n_redrawn": table.attrs["n_redrawn"]}
    rows = [
        {"init": init, "metric": metric, **_interval(row[["value", "low", "high"]]), **behind}
        for (init, metric), row in table.iterrows()
    ]
    errors = {init: (as_probabilities(s, len(labels)) - labels) ** 2 for init, s in scores.items()}
    means = bootstrap_means(labels, errors, resampling, level=CONFIDENCE_LEVEL)
    for init, values in scores.items():
        # DeLong's interval holds no clusters; it is a cross-check.
        delong = delong_interval(labels, values, level=CONFIDENCE_LEVEL)
        rows.append({"init": init, "metric": "auroc_delong_logit", **_interval(delong)})
        rows.append({"init": init, "metric": "brier", **_interval(means[init]), **behind})
    return rows


def _interval(numbers: Iterable[float]) -> dict[str, float]:
    return dict(zip(("value", "ci_low", "ci_high"), numbers, strict=True))


def _operating_rows(
    init, labels, scores, validation: pd.DataFrame, settings: EvaluationSettings
) -> list[dict]:
    """Sensitivity and specificity at both validation thresholds; none where a class is missing."""
    table = study_table(validation, name=f"validation of {init}")
    if table["label"].nunique() < 2 or len(np.unique(labels)) < 2:
        log.warning("%s: one class only, no operating points", init)
        return []
    rows = []
    blank = {"n_resamples": None, "n_redrawn": None}
    for criterion in ("specificity", "sensitivity"):
        rate = settings.target_rate
        threshold = threshold_at(table["label"], table["score"], criterion=criterion, at_least=rate)
        for name, (value, low, high) in rates_at(labels, scores, threshold, level=CONFIDENCE_LEVEL).items():
            metric = f"{name}_at_{criterion}_{100 * rate:g}"
            rows.append(
                {"init": init, "metric": metric, "value": value, "ci_low": low, "ci_high": high, **blank}
            )
    return rows
