"""AUROC by sex, age and year: one line a part of the test set, one mark an initialisation."""

import re
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from echoclr_core.reporting.panels import (
    LETTERS,
    at_max_ratio,
    panel_axes,
    panel_title,
    panels_of,
    ratio_words,
)
from echoclr_core.reporting.style import (
    METRIC_LABELS,
    MUTED,
    PAGE,
    RULE,
    footnote,
    init_label,
    init_look,
    panel_letter,
    styled,
)


@styled
def subgroup_figure(
    subgroups: pd.DataFrame,
    inits: Sequence[str],
    *,
    titles: Mapping[str, str],
    metric: str = "auroc",
    least_cell: int = 0,
) -> Figure:
    """Forest plot; panels as in Figure 2, models with the most labels, draw 0.

    Parameters
    ----------
    subgroups
        SUBGROUPS; may have no rows, where the labels have none of the columns.
    inits
        Initialisations to draw, in this order.
    titles
        Task to title, in the order of the panels. Tasks without rows get no panel.
    metric
        A metric of the table.
    least_cell
        Parts with fewer cases or controls are left out, see :func:`without_small_parts`; 0: none.
    """
    rows = at_max_ratio(subgroups[subgroups["metric"] == metric]).dropna(subset="value")
    rows = without_small_parts(rows[rows["task"].isin(list(titles))], least_cell)
    panels = panels_of(titles, rows)
    if not panels:
        figure = Figure(figsize=(PAGE * 0.7, 0.6))
        figure.text(0.5, 0.5, "No subgroup has both cases and controls.", ha="center", va="center")
        return figure
    parts = [rows[(rows["task"] == task) & (rows["cohort"] == cohort)] for task, cohort in panels]
    levels = [_levels(part) for part in parts]
    tallest = [max(1, *map(len, levels[k : k + 2])) for k in range(0, len(panels), 2)]
    step = 0.12 * max(len(inits), 2) + 0.08  # inches a level
    figure = Figure(figsize=(PAGE, 0.7 + sum(step * n + 0.5 for n in tallest)), layout="constrained")
    axes = panel_axes(figure, panels, sharex=True, height_ratios=tallest)
    for letter, axis, panel, part, names in zip(LETTERS, axes, panels, parts, levels, strict=False):
        _draw(axis, part, names, tallest[LETTERS.index(letter) // 2], inits)
        axis.set_title(panel_title(titles[panel[0]], panel[1]))
        panel_letter(axis, letter)
    for axis in axes[-2:]:
        axis.set_xlabel(METRIC_LABELS.get(metric, metric))
        axis.tick_params(labelbottom=True)  # of the right one as well, should nothing stand below it
    present = [init for init in inits if init in set(rows["init"])]
    handles = [Line2D([], [], label=init_label(init), **_mark(init)) for init in present]
    figure.legend(handles=handles, loc="outside upper center", ncols=len(handles))
    footnote(
        figure,
        [
            f"Models fine-tuned on {ratio_words(rows)}. Bars: 95% bootstrap intervals, none with few cases.",
            f"In brackets: cases of all studies. Parts {_too_few(least_cell)} are left out.",
        ],
    )
    return figure


def _too_few(least: int) -> str:
    if least <= 1:
        return "without cases or without controls"
    return f"with fewer than {least} cases or controls, and those that would tell such a number,"


def without_small_parts(rows: pd.DataFrame, least: int) -> pd.DataFrame:
    """SUBGROUPS without parts of fewer than ``least`` cases or controls.

    Where one part of a characteristic goes, its numbers would follow from the others and the whole: the next
    smallest goes too.
    """
    if rows.empty or least <= 1:
        return rows
    where = ["task", "cohort", "characteristic"]
    sizes = rows.drop_duplicates([*where, "level"])
    fewest = pd.concat([sizes["n_positive"], sizes["n_studies"] - sizes["n_positive"]], axis=1).min(axis=1)
    gone = set()
    for _, part in sizes.assign(fewest=fewest.astype(int)).sort_values("fewest").groupby(where, sort=False):
        small = int((part["fewest"] < least).sum())
        leave = part.head(max(small, 2)) if small else part.head(0)
        gone |= set(leave[[*where, "level"]].itertuples(index=False, name=None))
    kept = [key not in gone for key in rows[[*where, "level"]].itertuples(index=False, name=None)]
    return rows[kept]


def _levels(rows: pd.DataFrame) -> list[tuple[str, str]]:
    """(characteristic, level): characteristics as in the table, their levels by number, then by text."""
    found = rows[["characteristic", "level"]].drop_duplicates().itertuples(index=False, name=None)
    names = list(dict.fromkeys(rows["characteristic"]))

    def rank(part: tuple[str, str]) -> tuple:
        number = re.search(r"\d+", part[1])
        below = part[1].startswith("<")
        return names.index(part[0]), int(number[0]) if number else 0, not below, part[1]

    return sorted(found, key=rank)


def _mark(init: str) -> dict:
    return init_look(init) | {"linestyle": "none", "markeredgecolor": "white", "markeredgewidth": 0.4}


def _draw(
    axis: Axes, panel: pd.DataFrame, levels: list[tuple[str, str]], room: int, inits: Sequence[str]
) -> None:
    names = []
    for place, (characteristic, level) in enumerate(levels):
        part = panel[(panel["characteristic"] == characteristic) & (panel["level"] == level)]
        count = f"{part['n_positive'].iloc[0]:,} of {part['n_studies'].iloc[0]:,}"
        names.append(f"{characteristic.capitalize()}: {level}\n({count})")
        for k, init in enumerate(inits):
            one = part[part["init"] == init]
            if one.empty:
                continue
            value, low, high = (
                float(one[name].astype("float64").iloc[0]) for name in ("value", "ci_low", "ci_high")
            )
            y = place + 0.7 * ((k + 0.5) / len(inits) - 0.5)
            axis.plot([low, high], [y, y], color=_mark(init)["color"], linewidth=1, zorder=2)
            axis.plot(value, y, zorder=3, **_mark(init))
        if place and levels[place - 1][0] != characteristic:
            axis.axhline(place - 0.5, color=RULE, linewidth=0.8)
    axis.axvline(0.5, color=RULE, linewidth=1, zorder=1)
    axis.set_xlim(-0.02, 1.02)
    axis.set_ylim(room - 0.5, -0.5)
    axis.set_yticks(np.arange(len(levels)), names, fontsize=6.8)
    axis.tick_params("y", length=0, colors=MUTED)
    axis.grid(axis="x")
