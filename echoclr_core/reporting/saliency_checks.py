"""The checks beside Figure 4, drawn: what is left of the maps when weights are redrawn."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from echoclr_core.reporting.style import RULE, footnote, init_label, init_look, styled


@styled
def cascade_figure(correlations: np.ndarray, models: Sequence[str], stages: Sequence[str]) -> Figure:
    """Rank correlation of each model's maps with those of redrawn weights, from output to input.

    Parameters
    ----------
    correlations
        (M, L, S) of :func:`echoclr_core.explain.explain_studies`; NaN where not defined.
    models, stages
        M names of initialisations, L parts of the network from output to input.

    Raises
    ------
    ValueError
        If the shape does not belong to the names.
    """
    if correlations.shape[:2] != (len(models), len(stages)):
        raise ValueError(
            f"cascade figure: correlations {correlations.shape} for {len(models)} models, {len(stages)} parts"
        )
    figure = Figure(figsize=(4.6, 2.7), layout="constrained")
    axis = figure.subplots()
    places = np.arange(len(stages) + 1)
    axis.axhline(0, color=RULE, linewidth=1, zorder=1)
    for number, (model, rows) in enumerate(zip(models, correlations, strict=True)):
        look = init_look(model)
        shift = 0.1 * (number - (len(models) - 1) / 2)
        curve = [1.0, *(_mean(row) for row in rows)]
        axis.plot(places + shift, curve, label=init_label(model), markeredgecolor="white", zorder=4, **look)
        for place, row in zip(places[1:], rows, strict=True):
            axis.plot(np.full(len(row), place + shift), row, ".", ms=3, color=look["color"], alpha=0.6)
    axis.set_xticks(places, ["none", *(stage.removeprefix("encoder.") for stage in stages)])
    if len(stages) > 6:
        axis.tick_params("x", rotation=35)
    axis.set_ylim(min(-0.25, 1.1 * np.nanmin(correlations, initial=0)), 1.06)
    axis.set_ylabel("Rank correlation\nwith the trained map")
    axis.set_xlabel("Weights redrawn, from the output down to this part")
    axis.grid(axis="y")
    figure.legend(loc="outside upper center", ncols=len(models), handlelength=3.4)
    notes = ["Lines: mean of the studies shown; dots: each study."]
    if np.isnan(correlations).any():
        notes.append("No dot where a map is the same everywhere.")
    footnote(figure, notes)
    return figure


def _mean(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else float("nan")
