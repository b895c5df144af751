"""What stands beside the metrics of a cohort: operating points, calibration, subgroups."""

import logging
import math
from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from echoclr_core.common.tables import Table
from echoclr_core.evaluate.calibration import NOT_ESTIMABLE, calibration_curve, calibration_line
from echoclr_core.evaluate.metrics import brier
from echoclr_core.evaluate.recalibration import RATIOS, calibration_ratios, recalibration_line
from echoclr_core.evaluate.resampling import resampling_of, resampling_stream
from echoclr_core.evaluate.schema import CALIBRATION, CALIBRATION_CURVE, OPERATING_POINTS, SUBGROUPS
from echoclr_core.evaluate.settings import CONFIDENCE_LEVEL, MIN_PER_CLASS, EvaluationSettings
from echoclr_core.evaluate.studies import metric_rows
from echoclr_core.evaluate.study_scores import patients_of, place_of, same_studies, study_table
from echoclr_core.evaluate.subgroups import subgroups_of
from echoclr_core.evaluate.thresholds import CRITERIA, classify, threshold_at

log = logging.getLogger(__name__)


def operating_points(
    predictions_by_model: Mapping[str, pd.DataFrame],
    validation: Mapping[str, pd.DataFrame],
    *,
    task: str,
    ratio: float,
    draw: int,
    cohort: str,
    settings: EvaluationSettings,
) -> pd.DataFrame:
    """OPERATING_POINTS: each model at the thresholds that its validation set fixes.

    Parameters
    ----------
    predictions_by_model, task, ratio, draw, cohort, settings
        See :func:`echoclr_core.evaluate.evaluate_cohort`.
    validation
        Initialisation to predictions of the validation set.

    Returns
    -------
    Two rows a model; none for one whose validation set, or whose test set, has one class only.

    Raises
    ------
    ValueError
        A model without validation predictions; and as ``evaluate_cohort``.
    """
    run = {"task": task, "ratio": float(ratio), "draw": int(draw), "cohort": cohort}
    rows = []
    for init, table in same_studies(predictions_by_model, place=place_of(run)).items():
        if init not in validation:
            raise ValueError(f"{place_of(run)}: no validation predictions of {init} to fix thresholds on")
        fixed_on = study_table(validation[init], name=f"validation of {init} ({place_of(run)})")
        if fixed_on["label"].nunique() < 2 or table["label"].nunique() < 2:
            log.warning("%s, %s: one class only, no operating points", init, place_of(run))
            continue
        for criterion in CRITERIA:
            threshold = threshold_at(
                fixed_on["label"], fixed_on["score"], criterion=criterion, at_least=settings.target_rate
            )
            rows.append(
                {
                    **run,
                    "init": init,
                    "criterion": criterion,
                    "rate": settings.target_rate,
                    "threshold": threshold,
                    **classify(table["label"], table["score"], threshold, level=CONFIDENCE_LEVEL),
                    "n_studies": len(table),
                    "n_positive": int(table["label"].sum()),
                    "n_validation": len(fixed_on),
                    "n_validation_positive": int(fixed_on["label"].sum()),
                }
            )
    return _table(OPERATING_POINTS, rows)


def calibration_tables(
    predictions_by_model: Mapping[str, pd.DataFrame],
    *,
    task: str,
    ratio: float,
    draw: int,
    cohort: str,
    settings: EvaluationSettings,
    validation: Mapping[str, pd.DataFrame] | None = None,
    patients: Mapping[str, str] | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """CALIBRATION and CALIBRATION_CURVE of every model; parameters as :func:`operating_points`.

    Intercept and slope are missing with fewer than 5 cases or controls, and where they are not estimable;
    ``reason`` says why. The recalibration is missing for models without an entry in ``validation``; with
    ``patients``, whole patients are drawn for the intervals of O:E and scaled Brier.
    """
    run = {"task": task, "ratio": float(ratio), "draw": int(draw), "cohort": cohort}
    lines, curves = [], []
    tables = same_studies(predictions_by_model, place=place_of(run))
    ratios = _ratios(tables, run, settings, patients)
    for init, table in tables.items():
        labels, scores = table["label"].to_numpy(), table["score"].to_numpy()
        positive = int(labels.sum())
        enough = min(positive, len(labels) - positive) >= MIN_PER_CLASS
        line = (replace(NOT_ESTIMABLE, reason=f"fewer than {MIN_PER_CLASS} cases or controls"),) * 2
        if enough:
            line = calibration_line(labels, scores, level=CONFIDENCE_LEVEL)
        prevalence = positive / len(labels)
        numbers = {
            "n_studies": len(labels),
            "n_positive": positive,
            "prevalence": prevalence,
            "mean_probability": float(scores.mean()),
            "brier": brier(labels, scores),
            "brier_constant": prevalence * (1 - prevalence),
        }
        for name, estimate in zip(("intercept", "slope"), line, strict=True):
            numbers |= {
                name: estimate.value,
                f"{name}_low": estimate.low,
                f"{name}_high": estimate.high,
            }
        reasons = dict.fromkeys(estimate.reason for estimate in line if estimate.reason)
        numbers["reason"] = "; ".join(reasons) or None
        numbers |= ratios[init] | _recalibration((validation or {}).get(init), place_of(run))
        lines.append({**run, "init": init, **numbers})
        curve = calibration_curve(labels, scores, bins=settings.calibration_bins, level=CONFIDENCE_LEVEL)
        curves += [{**run, "init": init, **row} for row in curve.to_dict("records")]
    return _table(CALIBRATION, lines), _table(CALIBRATION_CURVE, curves)


def _ratios(
    tables: Mapping[str, pd.DataFrame],
    run: dict,
    settings: EvaluationSettings,
    patients: Mapping[str, str] | None,
) -> dict[str, dict[str, float | None]]:
    """O:E and scaled Brier score of each model as columns of CALIBRATION; missing with one class only."""
    first = next(iter(tables.values()))
    if first["label"].nunique() < 2:
        missing = {f"{name}{side}": None for name in RATIOS for side in ("", "_low", "_high")}
        return dict.fromkeys(tables, missing)
    scores = {init: table["score"].to_numpy() for init, table in tables.items()}
    found = calibration_ratios(
        first["label"], scores, resampling_of(first, run, settings, patients), level=CONFIDENCE_LEVEL
    )
    return {
        init: {
            f"{name}{side}": value if math.isfinite(value) else None
            for name, estimate in ratios.items()
            for side, value in zip(("", "_low", "_high"), estimate, strict=True)
        }
        for init, ratios in found.items()
    }


def _recalibration(validation: pd.DataFrame | None, place: str) -> dict[str, float | None]:
    """Intercept and slope that the validation set gives; missing where it gives none."""
    fitted = None
    if validation is not None:
        table = study_table(validation, name=f"validation ({place})")
        if min(table["label"].sum(), (1 - table["label"]).sum()) >= MIN_PER_CLASS:
            fitted = recalibration_line(table["label"], table["score"])
    return dict(zip(("recalibration_intercept", "recalibration_slope"), fitted or (None, None), strict=True))


def subgroup_metrics(
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
    """SUBGROUPS: the metrics within each sex, age band and year, all models on the same resamples.

    Parameters
    ----------
    predictions_by_model, task, ratio, draw, cohort, settings, patients
        See :func:`echoclr_core.evaluate.evaluate_cohort`.
    studies
        Columns study_id and, as far as they exist, sex, study_year and the age column.

    Returns
    -------
    Without intervals where a subgroup has fewer than 5 cases or controls; without ranking metrics where it
    has one class only.

    Raises
    ------
    ValueError
        As ``evaluate_cohort``; and where a scored study is not among ``studies``.
    """
    run = {"task": task, "ratio": float(ratio), "draw": int(draw), "cohort": cohort}
    tables = same_studies(predictions_by_model, place=place_of(run))
    ids = next(iter(tables.values()))["study_id"]
    known = studies[studies["study_id"].isin(ids)]
    if len(known) < len(ids):
        raise ValueError(
            f"{place_of(run)}: {len(ids) - len(known)} of {len(ids)} scored studies are not in the table of "
            "studies"
        )
    groups = None if patients is None else patients_of(ids, patients)
    stream = resampling_stream(settings.seed, task, cohort)
    rows = []
    for characteristic, level, place, members in subgroups_of(
        known, age_column=settings.age_column, age_bands=settings.age_bands
    ):
        inside = ids.isin(members).to_numpy()
        labels = next(iter(tables.values()))["label"].to_numpy()[inside]
        scores = {init: table["score"].to_numpy()[inside] for init, table in tables.items()}
        shared = {
            **run,
            "characteristic": characteristic,
            "level": level,
            "place": place,
            "n_studies": len(labels),
            "n_positive": int(labels.sum()),
        }
        within = None if groups is None else groups[inside]
        rows += [{**shared, **row} for row in metric_rows(labels, scores, settings, stream, within)]
    return _table(SUBGROUPS, rows)


def view_metrics(
    predictions_by_model: Mapping[str, pd.DataFrame],
    *,
    task: str,
    ratio: float,
    draw: int,
    cohort: str,
    settings: EvaluationSettings,
    patients: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """SUBGROUPS with the characteristic "view": the metrics from the videos of one kept view alone.

    A study's score is the mean over its videos of that view; studies without one are left out. Parameters as
    :func:`subgroup_metrics`, the predictions with a column view. No rows where there is one view.
    """
    run = {"task": task, "ratio": float(ratio), "draw": int(draw), "cohort": cohort}
    first = next(iter(predictions_by_model.values()))
    views = sorted(first["view"].dropna().unique())
    rows = []
    for place, view in enumerate(views if len(views) > 1 else []):
        parts = {init: _of_view(table, view) for init, table in predictions_by_model.items()}
        tables = same_studies(parts, place=f"{place_of(run)}, view {view}")
        one = next(iter(tables.values()))
        labels = one["label"].to_numpy()
        counts = {"n_studies": len(labels), "n_positive": int(labels.sum())}
        shared = {**run, "characteristic": "view", "level": view, "place": place, **counts}
        groups = None if patients is None else patients_of(one["study_id"], patients)
        stream = resampling_stream(settings.seed, task, cohort)
        scores = {init: table["score"].to_numpy() for init, table in tables.items()}
        rows += [{**shared, **row} for row in metric_rows(labels, scores, settings, stream, groups)]
    return _table(SUBGROUPS, rows)


def _of_view(predictions: pd.DataFrame, view: str) -> pd.DataFrame:
    """The predictions of one view's videos, with the study's probability from those alone."""
    part = predictions[predictions["view"] == view]
    mean = part.groupby("study_id")["video_probability"].transform("mean")
    return part.assign(study_probability=mean)


def _table(schema: Table, rows: list[dict]) -> pd.DataFrame:
    return schema.check(pd.DataFrame(rows, columns=list(schema.columns)))
