"""The view classifier's confusion matrix."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from echoclr_core.reporting.style import INK, styled


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
