"""Tables of curves of one task, ratio, draw and test set: ROC, precision–recall, net benefit, recalibration.

Parameters are those of :func:`echoclr_core.evaluate.studies.evaluate_cohort`; a test set of one class has no
curve.
"""

import logging
from collections.abc import Mapping

import numpy as np
import pandas as pd

from echoclr_core.evaluate.calibration import calibration_curve
from echoclr_core.evaluate.curves import curve_bands
from echoclr_core.evaluate.decision import decision_curves
from echoclr_core.evaluate.recalibration import recalibrated, recalibration_line
from echoclr_core.evaluate.resampling import resampling_of
from echoclr_core.evaluate.schema import CURVES, DECISION_CURVES, RECALIBRATED_CURVE
from echoclr_core.evaluate.settings import CONFIDENCE_LEVEL, MIN_PER_CLASS, EvaluationSettings
from echoclr_core.evaluate.study_scores import place_of, same_studies, scores_by_model, study_table

log = logging.getLogger(__name__)

THRESHOLDS = np.arange(1, 100) / 100  # of the decision curves
_BOUNDS = {"low": "ci_low", "high": "ci_high"}


def ranking_curves(
    predictions_by_model: Mapping[str, pd.DataFrame],
    *,
    task: str,
    ratio: float,
    draw: int,
    cohort: str,
    settings: EvaluationSettings,
    patients: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """CURVES: both curves of every model, bands on shared resamples, missing below 5 cases or controls."""
    run = {"task": task, "ratio": float(ratio), "draw": int(draw), "cohort": cohort}
    first, scores = scores_by_model(predictions_by_model, place=place_of(run))
    if first["label"].nunique() < 2:
        log.warning("%s: one class only, no curves", place_of(run))
        return CURVES.empty()
    bands = curve_bands(
        first["label"],
        scores,
        resampling_of(first, run, settings, patients),
        level=CONFIDENCE_LEVEL,
    )
    return CURVES.check(bands.rename(columns={"model": "init", **_BOUNDS}).assign(**run, **_counts(first)))


def benefit_curves(
    predictions_by_model: Mapping[str, pd.DataFrame],
    *,
    task: str,
    ratio: float,
    draw: int,
    cohort: str,
    settings: EvaluationSettings,
    patients: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """DECISION_CURVES at thresholds 0.01 to 0.99, intervals as :func:`ranking_curves`."""
    run = {"task": task, "ratio": float(ratio), "draw": int(draw), "cohort": cohort}
    first, scores = scores_by_model(predictions_by_model, place=place_of(run))
    if first["label"].nunique() < 2:
        return DECISION_CURVES.empty()
    curves = decision_curves(
        first["label"],
        scores,
        THRESHOLDS,
        resampling_of(first, run, settings, patients),
        level=CONFIDENCE_LEVEL,
    )
    rows = pd.concat([table.assign(init=init) for init, table in curves.items()], ignore_index=True)
    return DECISION_CURVES.check(
        rows.drop(columns="treat_none").rename(columns=_BOUNDS).assign(**run, **_counts(first))
    )


def recalibrated_curves(
    predictions_by_model: Mapping[str, pd.DataFrame],
    validation: Mapping[str, pd.DataFrame],
    *,
    task: str,
    ratio: float,
    draw: int,
    cohort: str,
    settings: EvaluationSettings,
) -> pd.DataFrame:
    """RECALIBRATED_CURVE: the calibration curve after recalibration on the validation set.

    No rows for a model whose validation set has fewer than 5 cases or controls, or gives no coefficients.
    """
    run = {"task": task, "ratio": float(ratio), "draw": int(draw), "cohort": cohort}
    rows = []
    for init, table in same_studies(predictions_by_model, place=place_of(run)).items():
        fixed_on = study_table(validation[init], name=f"validation of {init} ({place_of(run)})")
        positive = int(fixed_on["label"].sum())
        if min(positive, len(fixed_on) - positive) < MIN_PER_CLASS:
            continue
        line = recalibration_line(fixed_on["label"], fixed_on["score"])
        if line is None:
            log.warning("%s, %s: no recalibration can be estimated", init, place_of(run))
            continue
        curve = calibration_curve(
            table["label"],
            recalibrated(table["score"], *line),
            bins=settings.calibration_bins,
            level=CONFIDENCE_LEVEL,
        )
        rows += [{**run, "init": init, **row} for row in curve.to_dict("records")]
    return RECALIBRATED_CURVE.check(pd.DataFrame(rows, columns=list(RECALIBRATED_CURVE.columns)))


def _counts(table: pd.DataFrame) -> dict[str, int]:
    return {"n_studies": len(table), "n_positive": int(table["label"].sum())}
