"""What the validation set fixes: thresholds and the calibration curve, of the mean of the models."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from echoclr_core.evaluate.calibration import calibration_curve
from echoclr_core.evaluate.study_scores import study_table
from echoclr_core.evaluate.thresholds import CRITERIA, threshold_at


def ensemble_validation(predictions: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """study_id, label and the mean score of the models, of the validation studies."""
    tables = [study_table(table) for table in predictions.values() if len(table)]
    if not tables:
        return pd.DataFrame({"study_id": [], "label": [], "score": []})
    scores = np.mean([table["score"] for table in tables], axis=0)
    return tables[0].assign(score=scores)


def thresholds(validation: pd.DataFrame, rate: float) -> list[dict[str, Any]]:
    """The thresholds that keep a specificity and a sensitivity on validation; none with one class only."""
    if validation["label"].nunique() < 2:
        return []
    found = []
    for criterion in CRITERIA:
        value = threshold_at(validation["label"], validation["score"], criterion=criterion, at_least=rate)
        value = None if math.isinf(value) else value  # inf: nobody is called positive
        found.append({"criterion": criterion, "rate": float(rate), "threshold": value})
    return found


def validation_curve(validation: pd.DataFrame, bins: int) -> list[dict[str, float]]:
    """The calibration curve of the validation set, without its counts."""
    if validation.empty:
        return []
    curve = calibration_curve(validation["label"], validation["score"], bins=bins)
    return curve[["mean_probability", "observed", "ci_low", "ci_high"]].to_dict("records")
