"""How good the view classifier is, and how sure: confusion matrix, calibration, margins."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from echoclr_core.reporting.style import COLUMN, INK, MUTED, styled


@styled
def confusion_figure(counts: np.ndarray, classes: Sequence[str], *, title: str = "") -> Figure:
    """Counts of videos by true view (rows) and predicted view (columns), shaded by share of the row.

    Parameters
    ----------
    counts
        (C, C) whole numbers.
    classes
        C names.
    title
        Above the figure; "" for none.

    Raises
    ------
    ValueError
        If ``counts`` is no square of C classes, or has negative entries.
    """
    counts = np.asarray(counts)
    n = len(classes)
    if counts.shape != (n, n) or counts.min() < 0:
        raise ValueError(
            f"confusion matrix: received shape {counts.shape} for {n} classes, or negative counts"
        )
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    size = 1.5 + 0.62 * n if n <= 8 else 1.5 + 0.36 * n
    figure = Figure(figsize=(size + 0.5, size), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.08, h_pad=0.05)
    axis = figure.subplots()
    image = axis.imshow(share, cmap="Blues", vmin=0, vmax=1)
    for i in range(n):
        for j in range(n):
            if counts[i, j]:
                colour = "white" if share[i, j] > 0.55 else INK
                axis.text(j, i, f"{counts[i, j]:,}", ha="center", va="center", color=colour, fontsize=7.5)
    axis.set_xticks(range(n), classes, rotation=0 if n <= 4 else 45, ha="center" if n <= 4 else "right")
    axis.set_yticks(range(n), classes)
    axis.tick_params(length=0)
    axis.set_xlabel("Predicted view")
    axis.set_ylabel("True view")
    axis.set_title(title)
    for spine in axis.spines.values():
        spine.set_visible(False)
    bar = figure.colorbar(image, ax=axis, fraction=0.046, pad=0.03)
    bar.set_label("Share of the true view")
    bar.outline.set_linewidth(0.5)
    return figure


@styled
def calibration_figure(bins: Sequence[Mapping], error: float) -> Figure:
    """Share of right decisions by the probability of the decided view, and how many videos each bin holds.

    Parameters
    ----------
    bins
        low, high, n, confidence, accuracy (None where n is 0): the calibration of the classifier's report.
    error
        Expected calibration error, 0 to 1.

    Raises
    ------
    ValueError
        If no bin holds a video.
    """
    filled = [row for row in bins if row["n"]]
    if not filled:
        raise ValueError("calibration: no bin holds a video")
    figure = Figure(figsize=(COLUMN, 1.25 * COLUMN), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    above.plot([0, 1], [0, 1], color=MUTED, linewidth=0.8, linestyle="--", label="calibrated")
    confidence, accuracy = ([row[name] for row in filled] for name in ("confidence", "accuracy"))
    above.plot(confidence, accuracy, color="#0b2f66", marker="o", label="held-out videos")
    above.set_xlim(0, 1)
    above.set_ylim(-0.03, 1.03)
    above.set_ylabel("Share decided rightly")
    above.set_title(f"Expected calibration error {error:.3f}")
    above.legend(loc="best")
    width = bins[0]["high"] - bins[0]["low"]
    below.bar([row["low"] for row in bins], [row["n"] for row in bins], width, align="edge", color="#6fb1e0")
    for row in filled:
        below.annotate(
            f"{row['n']:,}",
            ((row["low"] + row["high"]) / 2, row["n"]),
            ha="center",
            va="bottom",
            fontsize=6.5,
        )
    below.set_ylabel("Videos")
    below.margins(y=0.2)
    below.set_xlabel("Probability of the decided view, mean over frames")
    return figure


def decisions_by_view(decisions: pd.DataFrame, *, doubtful: float = 0.2) -> pd.DataFrame:
    """How sure the decisions are, view by view: what a person should look at first.

    Parameters
    ----------
    decisions
        view, margin and runner_up of each video (the views' table of decisions).
    doubtful
        Margins below this are counted.

    Returns
    -------
    DataFrame
        view, videos, median_margin, doubtful (videos with a smaller margin), runner_up (the commonest one of
        the doubtful; missing if there is none); most videos first.
    """
    rows = []
    for view, group in decisions.dropna(subset="view").groupby("view"):
        close = group[group["margin"] < doubtful]
        most = close["runner_up"].mode()
        rows.append(
            {
                "view": view,
                "videos": len(group),
                "median_margin": float(group["margin"].median()),
                "doubtful": len(close),
                "runner_up": most.iloc[0] if len(most) else None,
            }
        )
    columns = ["view", "videos", "median_margin", "doubtful", "runner_up"]
    frame = pd.DataFrame(rows, columns=columns)
    return frame.sort_values(["videos", "view"], ascending=[False, True], ignore_index=True)
