"""Differences between initialisations over repeats: every pretraining, the mean and its interval."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from echoclr_core.reporting.panels import LETTERS, panel_axes, panel_lines, panel_title, panels_of
from echoclr_core.reporting.style import INK, MUTED, PAGE, RULE, footnote, init_name, panel_letter, styled

VERDICT_COLOURS = {"holds": "#1f8f7a", "reversed": "#b3202c", "not separated": MUTED}
LINE = 0.24  # inches a claim
DOTS_BELOW = 0.27  # lines


@styled
def repeats_figure(repeats: pd.DataFrame, claims: pd.DataFrame, *, titles: Mapping[str, str]) -> Figure:
    """Two panels a task, internal and external test set; one line a claim and share of labels.

    Parameters
    ----------
    repeats, claims
        REPEATS and REPEAT_CLAIMS of :mod:`echoclr_core.evaluate.repeats`.
    titles
        Task to title, in the order of the panels. Tasks without claims get no panel.
    """
    shown = claims[claims["task"].isin(list(titles)) & claims["difference"].notna()]
    panels = panels_of(titles, shown)
    if not panels:
        figure = Figure(figsize=(PAGE, 1.0), layout="constrained")
        figure.text(0.5, 0.5, "No comparison has an estimate in every repeat.", ha="center", color=MUTED)
        return figure
    most = max(len(shown[(shown["task"] == task) & (shown["cohort"] == cohort)]) for task, cohort in panels)
    lines = panel_lines(panels)
    figure = Figure(figsize=(PAGE, 0.6 + lines * (0.75 + LINE * most)), layout="constrained")
    axes = panel_axes(figure, panels)
    for letter, axis, (task, cohort) in zip(LETTERS, axes, panels, strict=False):
        place = (shown["task"] == task) & (shown["cohort"] == cohort)
        own = (repeats["task"] == task) & (repeats["cohort"] == cohort)
        _draw_panel(axis, repeats[own], shown[place].sort_values(["init_a", "init_b", "ratio"]))
        axis.set_title(panel_title(titles[task], cohort))
        panel_letter(axis, letter)
        axis.set_xlabel("Difference of AUROC")
    footnote(figure, ["Dots: single repeats. Bars: 95 % interval of the mean; green above 0, red below."])
    return figure


def _draw_panel(axis: Axes, repeats: pd.DataFrame, claims: pd.DataFrame) -> None:
    axis.axvline(0, color=RULE, linewidth=1, zorder=1)
    names = []
    for line, row in enumerate(claims.to_dict("records")):
        values = paired_differences(repeats, row)
        axis.plot(values, np.full(len(values), line + DOTS_BELOW), ".", ms=3, color=INK, alpha=0.6, zorder=2)
        colour = VERDICT_COLOURS[row["verdict"]]
        axis.plot([row["ci_low"], row["ci_high"]], [line, line], color=colour, linewidth=1.4, zorder=3)
        axis.plot(row["difference"], line, "o", ms=4.5, color=colour, zorder=4)
        names.append(f"{init_name(row['init_a'])} − {init_name(row['init_b'])}, {100 * row['ratio']:g}%")
    axis.set_yticks(range(len(names)), names, fontsize=6.5)
    axis.set_ylim(len(names) - 0.4, -0.6)
    axis.grid(axis="x")


def paired_differences(repeats: pd.DataFrame, claim: Mapping) -> np.ndarray:
    """AUROC of init_a less that of init_b of each repeat, at the claim's share of labels."""
    rows = repeats[(repeats["ratio"] - claim["ratio"]).abs() < 1e-9]
    by = rows.pivot(index=["label_draw", "pretraining"], columns="init", values="auroc").astype("float64")
    return (by[claim["init_a"]] - by[claim["init_b"]]).to_numpy()
