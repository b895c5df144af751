"""From predictions of videos to the rows of the evaluation tables, at study level."""

import logging
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from echoclr_core.common import derive_seed
from echoclr_core.evaluate.bootstrap import bootstrap_models
from echoclr_core.evaluate.comparisons import comparison_rows, default_comparisons
from echoclr_core.evaluate.delong import delong_interval
from echoclr_core.evaluate.metrics import METRIC_NAMES, brier, point_metrics
from echoclr_core.evaluate.schema import COMPARISONS, METRICS
from echoclr_core.evaluate.settings import MIN_PER_CLASS, EvaluationSettings
from echoclr_core.evaluate.thresholds import rates_at, threshold_at

log = logging.getLogger(__name__)

MEAN_TOLERANCE = 1e-4  # predictions may be stored in float32


def study_table(predictions: pd.DataFrame, *, name: str = "predictions") -> pd.DataFrame:
    """One row a study from one row a video.

    Parameters
    ----------
    predictions
        Columns study_id, label (0/1), study_probability, and video_probability if at hand: then the study's
        probability must be the mean over its videos, as the paper defines it.
    name
        What messages call the table.

    Returns
    -------
    study_id, label (int64), score (float64), sorted by study_id.

    Raises
    ------
    ValueError
        Missing columns, no rows, missing or out-of-range values, a study with two labels or two
        probabilities, or a probability that is not the mean of its videos'.
    """
    needed = ["study_id", "label", "study_probability"]
    missing = [column for column in needed if column not in predictions.columns]
    if missing:
        raise ValueError(f"{name}: missing columns {missing}; it has {list(predictions.columns)}")
    if predictions.empty:
        raise ValueError(f"{name}: no rows")
    gaps = predictions[needed].isna().any()
    if gaps.any():
        raise ValueError(f"{name}: missing values in {list(gaps.index[gaps])}")
    score = predictions["study_probability"].astype("float64")
    if not score.between(0, 1).all():
        raise ValueError(
            f"{name}: study_probability must lie in [0, 1]; it spans {score.min()} to {score.max()}"
        )
    if not predictions["label"].isin([0, 1]).all():
        raise ValueError(
            f"{name}: label must be 0 or 1; it holds {sorted(predictions['label'].unique())[:5]}"
        )
    grouped = predictions.groupby("study_id", sort=True)
    for column in needed[1:]:
        several = int((grouped[column].nunique() > 1).sum())
        if several:
            raise ValueError(f"{name}: {several} studies have more than one {column}")
    table = grouped.agg(label=("label", "first"), score=("study_probability", "first")).reset_index()
    if "video_probability" in predictions.columns:
        mean = grouped["video_probability"].mean().to_numpy(dtype=np.float64)
        off = int((~np.isclose(mean, table["score"].astype("float64"), atol=MEAN_TOLERANCE, rtol=0)).sum())
        if off:
            raise ValueError(f"{name}: study_probability is not the mean over videos in {off} studies")
    return table.astype({"label": "int64", "score": "float64"})


def evaluate_cohort(
    predictions_by_model: Mapping[str, pd.DataFrame],
    *,
    task: str,
    ratio: float,
    draw: int,
    cohort: str,
    n_resamples: int = 10_000,
    seed: int = 0,
    level: float = 0.95,
    stratified_intervals: bool = False,
    stratified_test: bool = True,
    operating_rate: float = 0.9,
    comparisons: Sequence[tuple[str, str]] | None = None,
    n_labelled_studies: int | None = None,
    validation: Mapping[str, pd.DataFrame] | None = None,
    patients: Mapping[str, str] | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """All models of one task, ratio, draw and cohort.

    Parameters
    ----------
    predictions_by_model
        Initialisation to its predictions (see :func:`study_table`), all of the same studies.
    task, ratio, draw, cohort
        What the rows are labelled with; ratio in 0..1.
    n_resamples, seed, level, stratified_intervals, stratified_test, operating_rate
        See :class:`EvaluationSettings`.
    comparisons
        (a, b) pairs, tested for a above b; None for :func:`default_comparisons`.
    n_labelled_studies
        Training studies at that ratio, carried into the table.
    validation
        Initialisation to predictions of the validation set; adds sensitivity and specificity at thresholds
        fixed there. A model without an entry gets no such rows.
    patients
        study_id to patient: whole patients are drawn instead of studies (then nothing is stratified).

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
    settings = EvaluationSettings(
        n_resamples=n_resamples,
        seed=seed,
        level=level,
        stratified_intervals=stratified_intervals,
        stratified_test=stratified_test,
        operating_rate=operating_rate,
    )
    tables = _same_studies(predictions_by_model, place=f"{task}, ratio {ratio:g}, draw {draw}, {cohort}")
    first = next(iter(tables.values()))
    labels = first["label"].to_numpy()
    scores = {init: table["score"].to_numpy() for init, table in tables.items()}
    groups = None if patients is None else _patients_of(first["study_id"], patients)
    n_positive = int(labels.sum())
    run = {"task": task, "ratio": float(ratio), "draw": int(draw), "cohort": cohort}
    counts = {"n_studies": len(labels), "n_positive": n_positive}
    stream = derive_seed(settings.seed, "evaluate", task, cohort)
    rows = _metric_rows(labels, scores, settings, stream, groups)
    for init, predictions in (validation or {}).items():
        if init in scores:
            rows += _operating_rows(init, labels, scores[init], predictions, settings)
    metrics = pd.DataFrame(
        [{**run, **counts, "n_labelled_studies": n_labelled_studies, **row} for row in rows]
    )
    pairs = default_comparisons(list(scores)) if comparisons is None else list(comparisons)
    tested = comparison_rows(labels, scores, pairs, settings, stream, groups)
    compared = pd.DataFrame([{**run, **counts, **row} for row in tested], columns=list(COMPARISONS.columns))
    return METRICS.check(metrics), COMPARISONS.check(compared)


def _same_studies(predictions_by_model: Mapping[str, pd.DataFrame], *, place: str) -> dict[str, pd.DataFrame]:
    if not predictions_by_model:
        raise ValueError(f"{place}: no model to evaluate")
    tables = {
        init: study_table(frame, name=f"{init} ({place})") for init, frame in predictions_by_model.items()
    }
    reference, first = next(iter(tables.items()))
    for init, table in tables.items():
        apart = set(table["study_id"]) ^ set(first["study_id"])
        if apart:
            raise ValueError(
                f"{place}: {init} scored {len(table)} studies, {reference} {len(first)}; "
                f"{len(apart)} studies stand in one of them only, and all models must score the same"
            )
        other = int((table["label"] != first["label"]).sum())
        if other:
            raise ValueError(f"{place}: {init} and {reference} have different labels for {other} studies")
    return tables


def _patients_of(study_ids: pd.Series, patients: Mapping[str, str]) -> np.ndarray:
    lacking = sum(study not in patients for study in study_ids)
    if lacking:
        raise ValueError(f"patients: {lacking} of {len(study_ids)} studies have no patient")
    return np.array([patients[study] for study in study_ids])


def _metric_rows(labels, scores, settings: EvaluationSettings, seed: int, groups) -> list[dict]:
    fewest = min(int(labels.sum()), int((labels == 0).sum()))
    rows = []
    if fewest >= MIN_PER_CLASS:
        table = bootstrap_models(
            labels,
            scores,
            settings.n_resamples,
            seed,
            stratified=settings.stratified_intervals,
            groups=groups,
            level=settings.level,
        )
        behind = {"n_resamples": settings.n_resamples, "redrawn": table.attrs["redrawn"]}
        for (init, metric), row in table.iterrows():
            rows.append({"init": init, "metric": metric, **row.to_dict(), **behind})
        for init, values in scores.items():
            value, low, high = delong_interval(labels, values, level=settings.level)
            rows.append(
                {"init": init, "metric": "auroc_delong_logit", "value": value, "low": low, "high": high}
            )
    else:
        log.warning("%d studies in the smaller class: no intervals, no tests", fewest)
        for init, values in scores.items():
            point = point_metrics(labels, values) if fewest else dict.fromkeys(METRIC_NAMES)
            rows += [{"init": init, "metric": metric, "value": value} for metric, value in point.items()]
    rows += [{"init": init, "metric": "brier", "value": brier(labels, s)} for init, s in scores.items()]
    blank = {"value": None, "low": None, "high": None, "n_resamples": None, "redrawn": None}
    return [{**blank, **row} for row in rows]


def _operating_rows(
    init, labels, scores, validation: pd.DataFrame, settings: EvaluationSettings
) -> list[dict]:
    """Sensitivity and specificity at both validation thresholds; none where a class is missing."""
    table = study_table(validation, name=f"validation of {init}")
    if table["label"].nunique() < 2 or len(np.unique(labels)) < 2:
        log.warning("%s: one class only, no operating points", init)
        return []
    rows = []
    blank = {"n_resamples": None, "redrawn": None}
    for criterion in ("specificity", "sensitivity"):
        rate = settings.operating_rate
        threshold = threshold_at(table["label"], table["score"], criterion=criterion, at_least=rate)
        for name, (value, low, high) in rates_at(labels, scores, threshold, level=settings.level).items():
            metric = f"{name}_at_{criterion}_{100 * rate:g}"
            rows.append({"init": init, "metric": metric, "value": value, "low": low, "high": high, **blank})
    return rows
