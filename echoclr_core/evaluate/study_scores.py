"""Study-level labels and probabilities from predictions of videos, the same studies for all models."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

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


def place_of(run: Mapping[str, object]) -> str:
    """What messages call one evaluation: "severe_as, ratio 0.01, draw 0, internal"."""
    return f"{run['task']}, ratio {run['ratio']:g}, draw {run['draw']}, {run['cohort']}"
