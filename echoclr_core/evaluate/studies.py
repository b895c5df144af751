"""From predictions of videos to the rows of the evaluation tables, at study level."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from echoclr_core.common.randomness import derive_seed
from echoclr_core.evaluate.bootstrap import Resampling, bootstrap_means, bootstrap_models
from echoclr_core.evaluate.checks import as_probabilities
from echoclr_core.evaluate.comparisons import comparison_rows, default_comparisons
from echoclr_core.evaluate.delong import delong_interval
from echoclr_core.evaluate.metrics import METRIC_NAMES, brier, point_metrics
from echoclr_core.evaluate.schema import COMPARISONS, METRICS
from echoclr_core.evaluate.settings import CONFIDENCE_LEVEL, MIN_PER_CLASS, EvaluationSettings
from echoclr_core.evaluate.thresholds import rates_at, threshold_at

log = logging.getLogger(__name__)

MEAN_TOLERANCE = 1e-4  # predictions may be stored in float32


def study_table(predictions: pd.DataFrame, *, name: str = "predictions") -> pd.DataFrame:
    """One row a study from one row a video.

    Parameters
    ----------
    predictions
        Columns study_id, label (0/1), study_probability, and video_probability if at hand: then the study's
        probability must be the mean over its videos, as the paper defines it; with a column view of several
        views, it may be the mean of their means throughout.
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
        off = min(_off(table["score"], mean) for mean in _means(predictions))
        if off:
            raise ValueError(f"{name}: study_probability is not the mean over videos in {off} studies")
    return table.astype({"label": "int64", "score": "float64"})


def _means(predictions: pd.DataFrame) -> list[np.ndarray]:
    """The mean over videos of each study, sorted by study; of several views, the mean of their means too."""
    means = [predictions.groupby("study_id", sort=True)["video_probability"].mean()]
    if "view" in predictions.columns and predictions["view"].nunique() > 1:
        of_views = predictions.groupby(["study_id", "view"], sort=True)["video_probability"].mean()
        means.append(of_views.groupby("study_id", sort=True).mean())
    return [mean.to_numpy(dtype=np.float64) for mean in means]


def _off(scores: pd.Series, means: np.ndarray) -> int:
    """How many scores are not the means."""
    return int((~np.isclose(means, scores.astype("float64"), atol=MEAN_TOLERANCE, rtol=0)).sum())


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
        Initialisation to its predictions (see :func:`study_table`), all of the same studies.
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
    possible = [pair for pair in pairs if not failed.keys() & set(pair)]
    tested = comparison_rows(labels, scores, possible, settings, stream, groups)
    tested += [{"init_a": a, "init_b": b, "estimable": False} for a, b in pairs if failed.keys() & {a, b}]
    labelled = {"n_labelled_studies": n_labelled_studies}
    return (
        METRICS.check(
            pd.DataFrame([run | counts | labelled | r for r in rows], columns=list(METRICS.columns))
        ),
        COMPARISONS.check(
            pd.DataFrame([run | counts | r for r in tested], columns=list(COMPARISONS.columns))
        ),
    )


def _failed_rows(failed: Mapping[str, str]) -> list[dict]:
    """Rows without values of the models that have no predictions, each with its reason."""
    return [
        {"init": init, "metric": metric, "reason": reason}
        for init, reason in failed.items()
        for metric in (*METRIC_NAMES, "brier")
    ]


def place_of(run: Mapping[str, object]) -> str:
    """What messages call one evaluation: "severe_as, ratio 0.01, draw 0, internal"."""
    return f"{run['task']}, ratio {run['ratio']:g}, draw {run['draw']}, {run['cohort']}"


def resampling_stream(seed: int, task: str, cohort: str) -> int:
    """The seed of a cohort's resamples: the same for all models, ratios and draws of a task."""
    return derive_seed(seed, "evaluate", task, cohort)


def same_studies(predictions_by_model: Mapping[str, pd.DataFrame], *, place: str) -> dict[str, pd.DataFrame]:
    """:func:`study_table` of each model; ValueError naming ``place`` unless all scored the same studies with
    the same labels.
    """
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


def scores_by_model(
    predictions_by_model: Mapping[str, pd.DataFrame], *, place: str
) -> tuple[pd.DataFrame, dict[str, np.ndarray]]:
    """The :func:`study_table` that holds the labels of all models, and each model's scores in its order."""
    tables = same_studies(predictions_by_model, place=place)
    return next(iter(tables.values())), {init: table["score"].to_numpy() for init, table in tables.items()}


def patients_of(study_ids: pd.Series, patients: Mapping[str, str]) -> np.ndarray:
    """The patient of each study; ValueError with a count if one has none."""
    lacking = sum(study not in patients for study in study_ids)
    if lacking:
        raise ValueError(f"patients: {lacking} of {len(study_ids)} studies have no patient")
    return np.array([patients[study] for study in study_ids])


def resampling_of(
    table: pd.DataFrame,
    run: Mapping[str, object],
    settings: EvaluationSettings,
    patients: Mapping[str, str] | None,
) -> Resampling | None:
    """The resampling behind the intervals of one test set; None below MIN_PER_CLASS cases or controls.

    Parameters
    ----------
    table
        As :func:`study_table` gives it.
    run
        task and cohort, on which the resamples depend besides the seed.
    settings, patients
        See :func:`evaluate_cohort`.
    """
    positive = int(table["label"].sum())
    if min(positive, len(table) - positive) < MIN_PER_CLASS:
        return None
    return Resampling(
        n_resamples=settings.n_resamples,
        seed=resampling_stream(settings.seed, run["task"], run["cohort"]),
        stratified=settings.stratified_intervals,
        groups=None if patients is None else patients_of(table["study_id"], patients),
    )


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
