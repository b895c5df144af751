"""Figures 2, 3, S1 and S2: performance against the number of labelled training studies."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from echoclr_core.reporting.panels import LETTERS, panel_axes, panel_lines, panel_title, panels_of
from echoclr_core.reporting.style import (
    ELSEWHERE,
    METRIC_LABELS,
    MUTED,
    PAGE,
    RULE,
    footnote,
    init_name,
    init_style,
    init_styles,
    own_names,
    panel_letter,
    styled,
)

FIGURES = {
    "2": ("auroc", "transfer"),
    "3": ("auroc", "methods"),
    "s1": ("aupr_trapezoid", "transfer"),
    "s2": ("aupr_trapezoid", "methods"),
}
"""Figure of the paper to (metric, group of initialisations)."""

MIN_GAP = 0.3  # decades between two ticks, so that their labels stay apart
DODGE = 0.022  # decades between the error bars of two initialisations


def figure_content(number: str) -> tuple[str, list[str]]:
    """Metric and initialisations of Figure "2", "3", "s1" or "s2".

    Figures 2 and S1 ask whether pretraining on echocardiograms is worth it: EchoCLR beside weights from
    elsewhere, those of the user's own among them. Figures 3 and S2 ask what each part of the method adds.
    """
    if number not in FIGURES:
        raise ValueError(f"figure: received {number!r}; allowed is one of {list(FIGURES)}")
    metric, group = FIGURES[number]
    elsewhere = [*ELSEWHERE, *own_names()]
    if group == "transfer":
        return metric, [*elsewhere, "echoclr"]
    return metric, [init for init in init_styles() if init not in elsewhere]


@styled
def label_efficiency_figure(
    metrics: pd.DataFrame,
    inits: Sequence[str],
    *,
    titles: Mapping[str, str],
    metric: str = "auroc",
    published: pd.DataFrame | None = None,
) -> Figure:
    """Two panels a task: internal and external test set.

    Parameters
    ----------
    metrics
        METRICS. Initialisations without rows are named in a note.
    inits
        Initialisations to draw.
    titles
        Task to title, in the order of the panels. Tasks without rows get no panel.
    metric
        A metric of the table.
    published
        Rows of :func:`echoclr_core.reporting.published.published_metrics`, drawn as hollow markers where
        the ratio is one of ours. None for none.

    Notes
    -----
    With several draws (repeats of the subset or of the pretraining) the line is their mean, small dots are
    the draws, and a bar runs from the mean of the lower to the mean of the upper bounds: the uncertainty of
    the test set, not that between draws.

    Raises
    ------
    ValueError
        If none of the rows is of this metric and these initialisations.
    """
    rows = metrics[(metrics["metric"] == metric) & metrics["init"].isin(list(inits))]
    rows = rows[rows["task"].isin(list(titles))]
    if rows.empty:
        raise ValueError(f"label efficiency: no rows of {metric!r} for {list(inits)}")
    panels = panels_of(titles, rows)
    beside = _published_beside(published, rows)
    lines = panel_lines(panels)
    figure = Figure(figsize=(PAGE, 0.75 + 2.45 * lines), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.06, h_pad=0.06, hspace=0.03, wspace=0.03)
    axes = panel_axes(figure, panels)
    for letter, axis, (task, cohort) in zip(LETTERS, axes, panels, strict=False):
        panel = rows[(rows["task"] == task) & (rows["cohort"] == cohort)]
        _draw_panel(axis, panel, inits, beside[(beside["task"] == task) & (beside["cohort"] == cohort)])
        axis.set_title(panel_title(titles[task], cohort), pad=13)
        _subtitle(axis, panel)
        panel_letter(axis, letter)
        axis.set_ylabel(METRIC_LABELS.get(metric, metric))
    for axis in axes[-2:]:
        axis.set_xlabel("Share of labelled training studies, and their number")
    _limits(axes, pd.concat([rows, beside]) if len(beside) else rows, metric)
    _legend(figure, rows, inits, len(beside) > 0)
    footnote(figure, _notes(rows, inits, published.attrs.get("source", "elsewhere") if len(beside) else ""))
    return figure


def figure_of_paper(
    number: str,
    metrics: pd.DataFrame,
    *,
    titles: Mapping[str, str],
    published: pd.DataFrame | None = None,
) -> Figure:
    """Figure "2", "3", "s1" or "s2" of the paper: :func:`label_efficiency_figure` as it sets it."""
    metric, inits = figure_content(number)
    return label_efficiency_figure(metrics, inits, titles=titles, metric=metric, published=published)


def number_of(name: str) -> str:
    """Number of a figure of the paper by its name in the registry: "figure_s1" is "s1"."""
    return name.removeprefix("figure").removeprefix("_")


def tick_positions(ratios: Sequence[float]) -> np.ndarray:
    """Positions of rising ``ratios`` on a log-like axis: log10, but neighbours at least LEAST_GAP apart."""
    logs = np.log10(np.asarray(ratios, dtype=np.float64))
    gaps = np.maximum(np.diff(logs), MIN_GAP)
    return np.concatenate([[0.0], np.cumsum(gaps)])


def summarise_draws(rows: pd.DataFrame) -> pd.DataFrame:
    """Means over the draws: (ratio, value, ci_low, ci_high, n_draws), rising ratio.

    A bound is missing where it is missing in any draw.
    """
    numbers = rows.astype({"value": "float64", "ci_low": "float64", "ci_high": "float64"})
    grouped = numbers.groupby("ratio")[["value", "ci_low", "ci_high"]]
    table = grouped.agg(lambda part: part.mean(skipna=False))
    table["n_draws"] = numbers.groupby("ratio").size()
    return table.reset_index()


def _draw_panel(axis: Axes, panel: pd.DataFrame, inits: Sequence[str], published: pd.DataFrame) -> None:
    ratios = sorted(panel["ratio"].unique())
    place = dict(zip(ratios, tick_positions(ratios), strict=True)) if ratios else {}
    several = panel["draw"].nunique() > 1
    present = [init for init in inits if init in set(panel["init"])]
    _reference_line(axis, panel)
    for k, init in enumerate(present):
        style, rows = init_style(init), panel[panel["init"] == init]
        table = summarise_draws(rows)
        shift = (k - (len(present) - 1) / 2) * DODGE
        x = np.array([place[ratio] for ratio in table["ratio"]]) + shift
        reach = [table["value"] - table["ci_low"], table["ci_high"] - table["value"]]
        axis.errorbar(
            x,
            table["value"],
            yerr=np.clip(reach, 0, None),  # a percentile interval need not hold the value itself
            color=style.colour,
            marker=style.marker,
            linestyle=style.line,
            elinewidth=0.9,
            capsize=1.8,
            capthick=0.9,
            markeredgecolor="white",
            markeredgewidth=0.5,
            zorder=3 + k,
        )
        if several:
            dots = np.array([place[ratio] for ratio in rows["ratio"]]) + shift
            axis.plot(
                dots, rows["value"].astype("float64"), ".", ms=2.6, color=style.colour, alpha=0.6, zorder=2
            )
        beside = published[published["init"] == init]
        axis.plot(
            [place[ratio] + shift for ratio in beside["ratio"]],
            beside["value"],
            style.marker,
            mfc="none",
            mec=style.colour,
            ms=7.5,
            mew=1.1,
            zorder=9,
        )
    _ratio_axis(axis, panel, place)


def _ratio_axis(axis: Axes, panel: pd.DataFrame, place: dict[float, float]) -> None:
    labels = []
    for ratio in place:
        labelled = panel.loc[panel["ratio"] == ratio, "n_labelled_studies"].dropna()
        count = f"\n{int(labelled.max()):,}" if len(labelled) else ""
        labels.append(f"{100 * ratio:g}%{count}")
    axis.set_xticks(list(place.values()), labels)
    reach = max(place.values(), default=1.0)
    axis.set_xlim(-0.14, reach + 0.14)
    axis.grid(axis="y")


def _reference_line(axis: Axes, panel: pd.DataFrame) -> None:
    """Chance: 0.5 for AUROC, the prevalence for precision–recall."""
    if panel.empty:
        return
    metric = panel["metric"].iloc[0]
    if metric == "auroc":
        level, name = 0.5, "chance"
    else:
        level, name = float(panel["n_positive"].iloc[0] / panel["n_studies"].iloc[0]), "prevalence"
    axis.axhline(level, color=RULE, linewidth=1.0, zorder=1)
    axis.annotate(
        name,
        xy=(1, level),
        xycoords=("axes fraction", "data"),
        xytext=(3, 0),  # outside the panel, where no curve can cross it
        textcoords="offset points",
        ha="left",
        va="center",
        rotation=90,
        fontsize=6.5,
        color=MUTED,
    )


def _subtitle(axis: Axes, panel: pd.DataFrame) -> None:
    if panel.empty:
        text = "no predictions"
    else:
        text = f"{int(panel['n_studies'].iloc[0]):,} studies, {int(panel['n_positive'].iloc[0]):,} cases"
        if panel["value"].isna().all():
            text += ": one class only, not defined"
        elif panel["ci_low"].isna().all():
            text += ": too few for intervals"
    axis.annotate(
        text,
        xy=(0, 1),
        xycoords="axes fraction",
        xytext=(0, 3),
        textcoords="offset points",
        fontsize=7,
        color=MUTED,
        va="bottom",
    )


def _limits(axes: Sequence[Axes], rows: pd.DataFrame, metric: str) -> None:
    """The same value axis in all panels for AUROC (so that they compare), from 0 for precision–recall."""
    lowest = rows[["value", "ci_low"]].astype("float64").min().min()
    for axis in axes:
        if metric == "auroc":
            axis.set_ylim(min(0.45, np.floor(20 * lowest) / 20) if np.isfinite(lowest) else 0.45, 1.01)
        else:
            axis.set_ylim(0, 1.01)


def _legend(figure: Figure, rows: pd.DataFrame, inits: Sequence[str], with_published: bool) -> None:
    handles = []
    for init in (i for i in inits if i in set(rows["init"])):
        style = init_style(init)
        look = {"marker": style.marker, "linestyle": style.line, "markeredgecolor": "white"}
        handles.append(Line2D([], [], color=style.colour, label=style.name, **look))
    if with_published:
        handles.append(
            Line2D([], [], color=MUTED, marker="o", mfc="none", ms=7.5, linestyle="none", label="Published")
        )
    figure.legend(handles=handles, loc="outside upper center", ncols=len(handles), handlelength=3.4)


def _notes(rows: pd.DataFrame, inits: Sequence[str], source: str) -> list[str]:
    absent = [init_name(init) for init in inits if init not in set(rows["init"])]
    draws = int(rows["draw"].nunique())
    return [
        "Bars: 95% bootstrap intervals over studies of the test set."
        + (
            f" Lines: mean of {draws} repeats (draws of the labels, pretrainings); dots: each."
            if draws > 1
            else ""
        ),
        f"Hollow: as published ({source}), the same share of another cohort's labels." if source else "",
        f"Not part of this run: {', '.join(absent)}." if absent else "",
    ]


def _published_beside(published: pd.DataFrame | None, rows: pd.DataFrame) -> pd.DataFrame:
    """The published numbers that have one of ours to stand beside: same metric, task, set, ratio, model."""
    keys = ["task", "cohort", "metric", "init", "ratio"]
    if published is None:
        return pd.DataFrame(columns=[*keys, "value", "ci_low", "ci_high"])
    return published.merge(rows[keys].drop_duplicates(), on=keys)
