"""Figures of anybody's predictions: one panel a task and set, one line a model."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from echoclr_core.reporting.style import MUTED, PAGE, RULE, init_look, styled

MAX_PANELS = 12
AXES = {
    "roc": ("1 − specificity", "Sensitivity"),
    "precision_recall": ("Recall", "Precision"),
    "calibration": ("Predicted probability, mean of the bin", "Observed share of cases"),
    "decision_curve": ("Threshold probability", "Net benefit"),
    "subgroups": ("AUROC", ""),
}


def prediction_figures(tables: Mapping[str, pd.DataFrame], models: Sequence[str]) -> dict[str, Figure]:
    """Name to figure: roc, precision_recall, calibration, decision_curve, subgroups.

    Parameters
    ----------
    tables
        Of :func:`echoclr_core.evaluate.any_models.evaluate_predictions`.
    models
        In this order; run inside :func:`~echoclr_core.reporting.style.own_initialisations` for a look each.

    Returns
    -------
    Figures; one without rows (one class only, no subgroups) is left out.
    """
    curves, subgroups = tables["curves"], tables["subgroups"]
    parts = {
        "roc": curves[curves["curve"] == "roc"] if len(curves) else curves,
        "precision_recall": curves[curves["curve"] == "precision_recall"] if len(curves) else curves,
        "calibration": tables["calibration_curve"],
        "decision_curve": tables["decision_curves"],
        "subgroups": subgroups[subgroups["metric"] == "auroc"].dropna(subset="value")
        if len(subgroups)
        else subgroups,
    }
    draw = {"calibration": _calibration, "decision_curve": _decision, "subgroups": _forest}
    return {
        name: _panels(rows, models, name, draw.get(name, _ranking))
        for name, rows in parts.items()
        if len(rows)
    }


@styled
def _panels(rows: pd.DataFrame, models: Sequence[str], name: str, draw: Callable) -> Figure:
    keys = list(dict.fromkeys(rows[["task", "set"]].itertuples(index=False, name=None)))[:MAX_PANELS]
    panels = [rows[(rows["task"] == task) & (rows["set"] == part)] for task, part in keys]
    columns = min(2, len(keys))
    lines = -(-len(keys) // columns)
    heights = [
        0.9 + 0.34 * max(_levels(panel) for panel in panels[k : k + columns]) if name == "subgroups" else 3.0
        for k in range(0, len(keys), columns)
    ]
    figure = Figure(figsize=(PAGE * columns / 2 + 0.6, 0.5 + sum(heights)), layout="constrained")
    axes = figure.subplots(lines, columns, squeeze=False, height_ratios=heights).ravel()
    for axis, panel, (task, part) in zip(axes, panels, keys, strict=False):
        draw(axis, panel, models)
        axis.set_title(f"{task}, {part}")
        axis.set_xlabel(AXES[name][0])
        axis.set_ylabel(AXES[name][1])
        axis.grid(axis="x" if name == "subgroups" else "both")
    for axis in axes[len(keys) :]:
        axis.set_visible(False)
    handles, names = axes[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper center", ncols=min(4, len(names)))
    return figure


def _levels(panel: pd.DataFrame) -> int:
    return len(panel[["characteristic", "level"]].drop_duplicates())


def _lines(axis: Axes, panel: pd.DataFrame, models: Sequence[str], x: str, y: str) -> None:
    """One line a model with its bootstrap band."""
    for model in models:
        one = panel[panel["model"] == model].sort_values(x, kind="stable").astype({x: float, y: float})
        if one.empty:
            continue
        look = init_look(model)
        axis.plot(one[x], one[y], label=model, **(look | {"marker": ""}))
        low, high = (one[side].astype("float64") for side in ("ci_low", "ci_high"))
        if low.notna().any():
            axis.fill_between(one[x], low, high, color=look["color"], alpha=0.12, linewidth=0)


def _ranking(axis: Axes, panel: pd.DataFrame, models: Sequence[str]) -> None:
    _lines(axis, panel, models, "x", "value")
    if panel["curve"].iloc[0] == "roc":
        axis.plot([0, 1], [0, 1], color=RULE, linewidth=1, zorder=1)
    else:
        axis.axhline(panel["n_positive"].iloc[0] / panel["n_studies"].iloc[0], color=RULE, zorder=1)
    axis.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), aspect="equal")


def _calibration(axis: Axes, panel: pd.DataFrame, models: Sequence[str]) -> None:
    axis.plot([0, 1], [0, 1], color=RULE, linewidth=1, zorder=1)
    for model in models:
        bins = panel[panel["model"] == model].sort_values("bin")
        axis.plot(bins["mean_probability"], bins["observed"], markersize=4, label=model, **init_look(model))
        axis.vlines(
            bins["mean_probability"],
            bins["ci_low"],
            bins["ci_high"],
            color=init_look(model)["color"],
            linewidth=0.7,
            alpha=0.5,
        )
    axis.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), aspect="equal")


def _decision(axis: Axes, panel: pd.DataFrame, models: Sequence[str]) -> None:
    _lines(axis, panel, models, "threshold", "net_benefit")
    everybody = panel.drop_duplicates("threshold").sort_values("threshold")
    axis.plot(everybody["threshold"], everybody["treat_all"], color=MUTED, linestyle=":", label="Treat all")
    axis.axhline(0, color=MUTED, linewidth=0.9, label="Treat none")
    prevalence = panel["n_positive"].iloc[0] / panel["n_studies"].iloc[0]
    axis.set(xlim=(0, 1), ylim=(-0.25 * prevalence, 1.1 * prevalence))


def _forest(axis: Axes, panel: pd.DataFrame, models: Sequence[str]) -> None:
    levels = list(dict.fromkeys(panel[["characteristic", "level"]].itertuples(index=False, name=None)))
    for k, model in enumerate(models):
        one = panel[panel["model"] == model].set_index(["characteristic", "level"])
        for place, level in enumerate(levels):
            if level not in one.index:
                continue
            row = one.loc[[level]].iloc[0]
            y = place + 0.6 * ((k + 0.5) / len(models) - 0.5)
            look = init_look(model) | {"linestyle": "none"}
            axis.plot(float(row["value"]), y, label=model if place == 0 else None, markersize=4, **look)
            bounds = [np.nan if pd.isna(row[side]) else float(row[side]) for side in ("ci_low", "ci_high")]
            axis.plot(bounds, [y, y], color=look["color"], linewidth=1)
    first = panel.drop_duplicates(["characteristic", "level"])
    counts = [
        f"{c}: {v} ({p} of {n})"
        for c, v, p, n in zip(
            first["characteristic"], first["level"], first["n_positive"], first["n_studies"], strict=True
        )
    ]
    axis.set_yticks(range(len(levels)), counts, fontsize=6.8)
    axis.set(xlim=(-0.02, 1.02), ylim=(len(levels) - 0.5, -0.5))
    axis.axvline(0.5, color=RULE, linewidth=1, zorder=1)
