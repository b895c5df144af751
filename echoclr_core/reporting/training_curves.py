"""How the losses went: pretraining by method, fine-tuning on validation."""

from collections.abc import Iterable, Mapping, Sequence
from string import ascii_uppercase

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from echoclr_core.reporting.style import (
    MUTED,
    PAGE,
    RULE,
    footnote,
    init_style,
    panel_letter,
    styled,
)

PARTS = (
    ("contrastive_loss", "NT-Xent loss"),
    ("contrastive_accuracy", "Partner found (in-batch accuracy)"),
    ("order_loss", "Frame-order loss"),
    ("order_accuracy", "Frame order recognised"),
    ("alignment", "Squared distance of partners (0: equal)"),
    ("uniformity", "Uniformity (0: collapsed)"),
)
REQUIRED = ("step", "loss")


@styled
def pretraining_curves(
    histories: Mapping[str, Sequence[pd.DataFrame]], *, chance: Mapping[str, float] | None = None
) -> Figure:
    """One panel a part of the loss or accuracy, one line a pretraining, of one colour a method.

    Parameters
    ----------
    histories
        Method (the initialisation's name) to the history of each of its pretrainings: step, loss, and what it
        has of contrastive_loss, order_loss, contrastive_accuracy, order_accuracy, alignment, uniformity, and
        of further columns that end in "_loss" (the terms of another method). A method without a part has no
        line in its panel.
    chance
        Column to the value that guessing reaches, drawn as a line; for 4 frames order_accuracy is 1/24 and
        order_loss log 24.

    Raises
    ------
    ValueError
        If there is no history, one is empty, or lacks step or loss.
    """
    runs = [(method, table) for method, tables in histories.items() for table in tables]
    if not runs:
        raise ValueError("pretraining curves: no history")
    for method, table in runs:
        lacking = [name for name in REQUIRED if name not in table.columns]
        if lacking or table.empty:
            raise ValueError(f"pretraining curves: history of {method!r} is empty or lacks {lacking}")
    parts = [part for part in _all_parts(runs) if any(_has(table, part[0]) for _, table in runs)]
    parts = parts or [("loss", "Loss")]
    lines = (len(parts) + 1) // 2
    figure = Figure(figsize=(PAGE, 0.5 + 2.0 * lines), layout="constrained")
    axes = figure.subplots(lines, 2, squeeze=False).ravel()
    seen: dict[str, object] = {}
    for letter, axis, (column, title) in zip(ascii_uppercase, axes, parts, strict=False):
        for name, line in _history_lines(axis, runs, column).items():
            seen.setdefault(name, line)
        if chance and column in chance:
            _chance_line(axis, chance[column])
        if column.endswith("accuracy"):
            axis.set_ylim(0, max(1.0, axis.get_ylim()[1]) if axis.get_ylim()[1] > 0.5 else None)
        axis.set_title(title)
        axis.set_xlabel("Optimisation step")
        axis.grid(axis="y")
        panel_letter(axis, letter)
    for axis in axes[len(parts) :]:
        axis.set_visible(False)
    figure.legend(seen.values(), seen.keys(), loc="outside upper center", ncols=len(seen), handlelength=3.4)
    return figure


def _history_lines(axis, runs: list[tuple[str, pd.DataFrame]], column: str) -> dict[str, object]:
    """Draw one line a pretraining that has the column; the last line of each method by its name."""
    lines: dict[str, object] = {}
    for method, table in runs:
        if _has(table, column):
            style = init_style(method)
            values = table[column].astype("float64")
            (lines[style.name],) = axis.plot(
                table["step"], values, color=style.colour, linestyle=style.line, label=style.name
            )
    return lines


def _chance_line(axis, value: float) -> None:
    axis.axhline(value, color=RULE, linewidth=1, zorder=1)
    axis.annotate(
        "chance",
        xy=(1, value),
        xycoords=("axes fraction", "data"),
        xytext=(0, 2),
        textcoords="offset points",
        ha="right",
        fontsize=6.5,
        color=MUTED,
    )


@styled
def finetuning_curves(
    histories: pd.DataFrame, *, titles: Mapping[str, str], column: str = "validation_loss"
) -> Figure:
    """Validation loss by epoch, one panel a task and ratio, one line an initialisation (and draw).

    Parameters
    ----------
    histories
        Columns task, init, ratio, draw, epoch and ``column``, of the chosen runs, one row an epoch.
    titles
        Task to title, in the order of the rows of panels.
    column
        What is drawn.

    Raises
    ------
    ValueError
        If a column is missing or there are no rows.
    """
    needed = ["task", "init", "ratio", "draw", "epoch", column]
    lacking = [name for name in needed if name not in histories.columns]
    if lacking or histories.empty:
        raise ValueError(f"fine-tuning curves: no rows, or missing columns {lacking}")
    tasks = [task for task in titles if task in set(histories["task"])]
    ratios = sorted(histories["ratio"].unique())
    figure = Figure(
        figsize=(min(PAGE, 1.0 + 2.1 * len(ratios)), 0.7 + 1.75 * len(tasks)), layout="constrained"
    )
    axes = figure.subplots(len(tasks), len(ratios), squeeze=False, sharey="row", sharex=True)
    seen: dict[str, object] = {}
    for axis_row, task in zip(axes, tasks, strict=True):
        for axis, ratio in zip(axis_row, ratios, strict=True):
            runs = histories[(histories["task"] == task) & (histories["ratio"] == ratio)]
            for (init, _), run in runs.groupby(["init", "draw"], sort=False):
                _one_run(axis, run.sort_values("epoch"), init, column, seen)
            axis.set_title(f"{titles[task]}, {100 * ratio:g}%")
            axis.grid(axis="y")
            axis.xaxis.get_major_locator().set_params(integer=True)
        axis_row[0].set_ylabel("Validation loss")
    for axis in axes[-1]:
        axis.set_xlabel("Epoch")
    figure.legend(seen.values(), seen.keys(), loc="outside upper center", ncols=len(seen), handlelength=3.4)
    footnote(figure, ["Markers: the epoch with the lowest validation loss, whose weights are kept."])
    return figure


def _one_run(axis, run: pd.DataFrame, init: str, column: str, seen: dict[str, object]) -> None:
    style = init_style(init)
    values = run[column].to_numpy(dtype=np.float64, na_value=np.nan)
    (line,) = axis.plot(
        run["epoch"], values, color=style.colour, linestyle=style.line, label=style.name, linewidth=1.1
    )
    if np.isfinite(values).any():
        best = int(np.nanargmin(values))
        axis.plot(run["epoch"].iloc[best], values[best], style.marker, color=style.colour, markersize=4)
    seen.setdefault(style.name, line)


def _all_parts(runs: Iterable[tuple[str, pd.DataFrame]]) -> list[tuple[str, str]]:
    """Column and title: the known parts, then the terms of other methods, "invariance_loss" say."""
    known = {column for column, _ in PARTS}
    columns = dict.fromkeys(column for _, table in runs for column in table.columns)
    further = [name for name in columns if name.endswith("_loss") and name not in known]
    return [*PARTS, *((name, name.replace("_", " ").capitalize()) for name in further)]


def _has(table: pd.DataFrame, column: str) -> bool:
    return column in table.columns and bool(table[column].notna().any())
