"""Reliability of the predicted probabilities: what was observed against what was said."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from echoclr_core.reporting.panels import (
    LETTERS,
    at_max_ratio,
    panel_axes,
    panel_lines,
    panel_title,
    panels_of,
    ratio_words,
)
from echoclr_core.reporting.style import (
    PAGE,
    RULE,
    footnote,
    init_label,
    init_look,
    panel_letter,
    styled,
)


@styled
def reliability_figure(
    curve: pd.DataFrame, inits: Sequence[str], *, titles: Mapping[str, str], note: str = ""
) -> Figure:
    """Share of cases against mean probability, bin by bin; panels as in Figure 2, the most labels, draw 0.

    Parameters
    ----------
    curve
        CALIBRATION_CURVE.
    inits
        Initialisations to draw, in this order. The last has intervals: those of all would hide the curves.
    titles
        Task to title, in the order of the panels. Tasks without rows get no panel.
    note
        A further line below the figure.

    Raises
    ------
    ValueError
        If the table has no rows.
    """
    curve = curve[curve["task"].isin(list(titles))]
    if curve.empty:
        raise ValueError("reliability figure: no rows")
    rows = at_max_ratio(curve)
    panels = panels_of(titles, rows)
    lines = panel_lines(panels)
    figure = Figure(figsize=(PAGE * 0.86, 0.6 + 2.75 * lines), layout="constrained")
    axes = panel_axes(figure, panels)
    for letter, axis, (task, cohort) in zip(LETTERS, axes, panels, strict=False):
        panel = rows[(rows["task"] == task) & (rows["cohort"] == cohort)]
        _draw(axis, panel, inits)
        axis.set_title(panel_title(titles[task], cohort))
        panel_letter(axis, letter)
    for axis in axes[::2]:
        axis.set_ylabel("Observed share of cases")
    for axis in axes[-2:]:
        axis.set_xlabel("Predicted probability, mean of the bin")
    handles, names = axes[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper center", ncols=len(names), handlelength=3.4)
    footnote(
        figure,
        [
            f"Models fine-tuned on {ratio_words(rows)}. Diagonal: observed equals predicted.",
            f"Bars: exact 95% intervals (Clopper–Pearson) of {init_label(inits[-1])}.",
            note,
        ],
    )
    return figure


def _draw(axis: Axes, panel: pd.DataFrame, inits: Sequence[str]) -> None:
    axis.plot([0, 1], [0, 1], color=RULE, linewidth=1, zorder=1)
    for k, init in enumerate(inits):
        bins = panel[panel["init"] == init].sort_values("bin")
        if bins.empty:
            continue
        x, observed, low, high = (
            bins[name].to_numpy(dtype=np.float64)
            for name in ("mean_probability", "observed", "ci_low", "ci_high")
        )
        look = init_look(init)
        if init == inits[-1]:
            axis.vlines(x, low, high, color=look["color"], linewidth=0.8, alpha=0.7, zorder=2)
        axis.plot(
            x,
            observed,
            markersize=4,
            linewidth=1.1,
            markeredgecolor="white",
            markeredgewidth=0.4,
            label=init_label(init),
            zorder=3 + k,
            **look,
        )
    axis.set_xlim(-0.02, 1.02)
    axis.set_ylim(-0.02, 1.02)
    axis.set_aspect("equal")
    axis.grid()


@styled
def recalibration_figure(curve: pd.DataFrame, inits: Sequence[str], *, titles: Mapping[str, str]) -> Figure:
    """:func:`reliability_figure` of RECALIBRATED_CURVE; a sentence where no model could be recalibrated."""
    if not curve["task"].isin(list(titles)).any():
        figure = Figure(figsize=(PAGE * 0.7, 0.6))
        text = "No validation set has enough cases and controls to recalibrate on."
        figure.text(0.5, 0.5, text, ha="center", va="center")
        return figure
    note = "Intercept and slope were fitted on the validation set."
    return reliability_figure(curve, inits, titles=titles, note=note)
