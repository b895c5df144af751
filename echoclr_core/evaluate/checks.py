"""What every metric asks of its input; the messages name rows, never identifiers."""

import numpy as np
import pandas as pd

SHOWN_ROWS = 10


def as_labels(y) -> np.ndarray:
    """Labels as an int64 array (n,) of 0 and 1.

    Raises
    ------
    ValueError
        If it is empty or not one-dimensional, a label is missing or another number than 0 or 1.
    """
    values = _as_floats(y, "labels")
    wrong = np.flatnonzero(~np.isin(values, (0.0, 1.0)))
    if len(wrong):
        raise ValueError(
            f"labels must be 0 or 1; rows {_rows(wrong)} hold {values[wrong[:SHOWN_ROWS]].tolist()}"
        )
    return values.astype(np.int64)


def as_two_classes(y) -> np.ndarray:
    """:func:`as_labels`, with at least one case (1) and one control (0)."""
    labels = as_labels(y)
    positive = int(labels.sum())
    if positive in (0, len(labels)):
        raise ValueError(
            f"only one class: all {len(labels)} labels are {int(positive > 0)}; "
            "ranking metrics need at least one case (1) and one control (0)"
        )
    return labels


def as_scores(scores, n: int, name: str = "scores") -> np.ndarray:
    """Scores as a float64 array (n,), all finite.

    Raises
    ------
    ValueError
        If the length is not ``n`` or a score is NaN or infinite; the rows are named. Nothing is dropped.
    """
    values = _as_floats(scores, name)
    if len(values) != n:
        raise ValueError(f"{name}: {len(values)} values for {n} labels; there must be one score a label")
    wrong = np.flatnonzero(~np.isfinite(values))
    if len(wrong):
        kind = "NaN" if np.isnan(values[wrong]).any() else "infinite"
        raise ValueError(
            f"{name}: {kind} score in {len(wrong)} rows: {_rows(wrong)}; every score must be finite"
        )
    return values


def as_probabilities(values, n: int) -> np.ndarray:
    """:func:`as_scores`, all in [0, 1]."""
    probabilities = as_scores(values, n, "probabilities")
    if probabilities.min() < 0 or probabilities.max() > 1:
        raise ValueError(
            f"probabilities must lie in [0, 1]; received {probabilities.min()} to {probabilities.max()}"
        )
    return probabilities


def _as_floats(values, name: str) -> np.ndarray:
    if np.ndim(values) != 1 or not len(values):
        raise ValueError(
            f"{name}: expected a non-empty one-dimensional array, received shape {np.shape(values)}"
        )
    try:
        array = pd.array(values, dtype="Float64")
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name}: expected numbers: {error}") from error
    return array.to_numpy(dtype=np.float64, na_value=np.nan)


def _rows(index: np.ndarray) -> str:
    shown = ", ".join(str(i) for i in index[:SHOWN_ROWS])
    return f"{shown}, … ({len(index)} in all)" if len(index) > SHOWN_ROWS else shown
