"""ROC, precision–recall and decision curves of the models with the most labels."""

from collections.abc import Callable, Mapping, Sequence

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
    MUTED,
    PAGE,
    RULE,
    footnote,
    init_label,
    init_look,
    panel_letter,
    styled,
)

BAND = "Band: pointwise 95% bootstrap interval of {}."
AXES = {
    "roc": ("1 − specificity", "Sensitivity"),
    "precision_recall": ("Recall (sensitivity)", "Precision (positive predictive value)"),
    "decision": ("Threshold probability", "Net benefit"),
}


@styled
def ranking_figure(
    curves: pd.DataFrame,
    name: str,
    inits: Sequence[str],
    *,
    titles: Mapping[str, str],
    points: pd.DataFrame | None = None,
) -> Figure:
    """ROC or precision–recall curves; panels as in Figure 2, draw 0.

    Parameters
    ----------
    curves
        CURVES; may have no rows, where no test set has both classes.
    name
        "roc" or "precision_recall".
    inits
        Initialisations to draw, in this order. The last has the band: bands of all would hide the curves.
    titles
        Task to title, in the order of the panels. Tasks without rows get no panel.
    points
        OPERATING_POINTS: drawn on the ROC curves, one mark a threshold fixed on validation.
    """

    def draw(axis: Axes, panel: pd.DataFrame) -> None:
        _lines(axis, panel, "x", "value", inits)
        if name == "roc":
            axis.plot([0, 1], [0, 1], color=RULE, linewidth=1, zorder=1)
            _marks(axis, panel, points, inits)
        else:
            prevalence = panel["n_positive"].iloc[0] / panel["n_studies"].iloc[0]
            axis.axhline(prevalence, color=RULE, linewidth=1, zorder=1)
        axis.set_xlim(-0.02, 1.02)
        axis.set_ylim(-0.02, 1.02)
        axis.set_aspect("equal")

    rows = curves[curves["curve"] == name]
    chance = "Diagonal: no skill." if name == "roc" else "Grey line: prevalence, the precision of no skill."
    if name == "roc" and points is not None:
        chance += " Marks: thresholds fixed on the validation set."
    return _panels(rows, inits, titles, draw, AXES[name], [chance, BAND.format(init_label(inits[-1]))])


@styled
def decision_figure(curves: pd.DataFrame, inits: Sequence[str], *, titles: Mapping[str, str]) -> Figure:
    """Net benefit against the threshold; parameters as :func:`ranking_figure`, of DECISION_CURVES.

    The vertical axis ends a little below 0, where no model is of use.
    """

    def draw(axis: Axes, panel: pd.DataFrame) -> None:
        _lines(axis, panel, "threshold", "net_benefit", inits)
        everybody = panel.drop_duplicates("threshold").sort_values("threshold")
        axis.plot(
            everybody["threshold"],
            everybody["treat_all"],
            color=MUTED,
            linewidth=0.9,
            linestyle=(0, (1, 1)),
            label="Treat all",
            zorder=2,
        )
        axis.axhline(0, color=MUTED, linewidth=0.9, label="Treat none", zorder=1)
        prevalence = panel["n_positive"].iloc[0] / panel["n_studies"].iloc[0]
        axis.set_xlim(0, 1)
        axis.set_ylim(-0.25 * prevalence, 1.1 * prevalence)

    return _panels(curves, inits, titles, draw, AXES["decision"], [BAND.format(init_label(inits[-1]))])


def _panels(
    table: pd.DataFrame,
    inits: Sequence[str],
    titles: Mapping[str, str],
    draw: Callable[[Axes, pd.DataFrame], None],
    labels: tuple[str, str],
    notes: Sequence[str],
) -> Figure:
    table = table[table["task"].isin(list(titles)) & table["init"].isin(list(inits))]
    if table.empty:
        figure = Figure(figsize=(PAGE * 0.7, 0.6))
        figure.text(0.5, 0.5, "No test set has both cases and controls.", ha="center", va="center")
        return figure
    rows = at_max_ratio(table)
    panels = panels_of(titles, rows)
    lines = panel_lines(panels)
    figure = Figure(figsize=(PAGE * 0.86, 0.6 + 2.75 * lines), layout="constrained")
    axes = panel_axes(figure, panels)
    legend: dict = {}
    for letter, axis, (task, cohort) in zip(LETTERS, axes, panels, strict=False):
        panel = rows[(rows["task"] == task) & (rows["cohort"] == cohort)]
        if panel.empty:
            axis.text(0.5, 0.5, "one class only", ha="center", va="center", color=MUTED)
            axis.set_axis_off()
        else:
            draw(axis, panel)
            axis.grid()
            handles, names = axis.get_legend_handles_labels()
            legend |= dict(zip(names, handles, strict=True))
        axis.set_title(panel_title(titles[task], cohort))
        panel_letter(axis, letter)
    for axis in axes[::2]:
        axis.set_ylabel(labels[1])
    for axis in axes[-2:]:
        axis.set_xlabel(labels[0])
    figure.legend(
        legend.values(),
        legend.keys(),
        loc="outside upper center",
        ncols=min(4, len(legend)),
        handlelength=3.4,
    )
    footnote(figure, [f"Models fine-tuned on {ratio_words(rows)}.", *notes])
    return figure


def _lines(axis: Axes, panel: pd.DataFrame, x: str, y: str, inits: Sequence[str]) -> None:
    for k, init in enumerate(inits):
        rows = panel[panel["init"] == init].sort_values(x)
        if rows.empty:
            continue
        look = init_look(init) | {"marker": "none"}
        across, value, low, high = (
            rows[name].to_numpy(dtype=np.float64) for name in (x, y, "ci_low", "ci_high")
        )
        if init == inits[-1]:
            axis.fill_between(across, low, high, color=look["color"], alpha=0.15, linewidth=0, zorder=1)
        axis.plot(across, value, linewidth=1.2, label=init_label(init), zorder=3 + k, **look)


def _marks(axis: Axes, panel: pd.DataFrame, points: pd.DataFrame | None, inits: Sequence[str]) -> None:
    if points is None:
        return
    where = ["task", "cohort", "ratio", "draw"]
    same = points.merge(panel[where].drop_duplicates(), on=where)
    for row in same[same["init"].isin(list(inits))].itertuples():
        look = init_look(row.init) | {"linestyle": "none"}
        axis.plot(
            1 - row.specificity, row.sensitivity, markersize=4.5, markeredgecolor="white", zorder=20, **look
        )
