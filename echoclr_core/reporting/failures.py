"""The studies that the shown model is surest of and calls wrongly: masked frames, with saliency if at hand.

Studies stand by a running number; the table of failures has their pseudonyms.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from echoclr_core.evaluate.failures import KINDS
from echoclr_core.reporting.saliency import COLOURS, STRONGEST
from echoclr_core.reporting.style import COHORT_NAMES, MUTED, PAGE, footnote, styled

SHOWN = 3  # studies of each kind and test set
KIND_NAMES = {"false_positive": "False positives", "false_negative": "False negatives"}


@styled
def failure_figure(
    failures: pd.DataFrame, frames: Mapping[str, np.ndarray], maps: Mapping[str, np.ndarray]
) -> Figure:
    """One row a test set and kind of failure; each study by its first frame, and by its map beside it.

    Parameters
    ----------
    failures
        FAILURES of one task; ``number`` up to SHOWN is drawn.
    frames
        video_id to the first masked frame, (H, W) uint8.
    maps
        video_id to its saliency map (H, W), not negative; videos without one are shown by the frame alone.
        All maps share one colour scale.
    """
    shown = failures[failures["number"] <= SHOWN]
    rows = [
        (cohort, kind, part)
        for cohort in COHORT_NAMES
        for kind in KINDS
        if len(part := shown[(shown["cohort"] == cohort) & (shown["kind"] == kind)])
    ]
    if not rows:
        return _nothing()
    wide = 2 if any(video in maps for video in shown["video_id"]) else 1
    side = (PAGE - 1.2) / (SHOWN * 2)
    figure = Figure(
        figsize=(side * wide * SHOWN + 1.2, (side + 0.28) * len(rows) + 0.35), layout="constrained"
    )
    figure.get_layout_engine().set(w_pad=0.01, h_pad=0.015, wspace=0.0, hspace=0.0)
    axes = figure.subplots(len(rows), wide * SHOWN, squeeze=False)
    for axis in axes.ravel():
        axis.set_axis_off()
    top = max((float(maps[video].max()) for video in shown["video_id"] if video in maps), default=0.0)
    for line, (cohort, kind, part) in zip(axes, rows, strict=True):
        _row_name(line[0], f"{KIND_NAMES[kind]},\n" + COHORT_NAMES[cohort].replace(" test", "\ntest"))
        for place, row in enumerate(part.sort_values("number").itertuples()):
            cell = line[wide * place : wide * (place + 1)]
            cell[0].set_title(f"{row.number}: p = {row.probability:.2f}", fontsize=6.8, fontweight="normal")
            for axis in cell[: 1 + (row.video_id in maps)]:
                axis.imshow(frames[row.video_id], cmap="gray", vmin=0, vmax=255)
            if row.video_id in maps:
                heat = maps[row.video_id] / (top or 1.0)
                cell[1].imshow(heat, cmap=COLOURS, vmin=0, vmax=1, alpha=STRONGEST * np.clip(heat, 0, 1))
                if not heat.any():
                    cell[1].set_title("map is 0", fontsize=6.8, fontweight="normal", color=MUTED)
    footnote(figure, [_note(wide == 2)])
    return figure


def _row_name(axis, name: str) -> None:
    place = {"xytext": (-4, 0), "textcoords": "offset points", "ha": "right", "va": "center"}
    axis.annotate(name, (0, 0.5), xycoords="axes fraction", fontsize=7.2, fontweight="bold", **place)


def _note(with_maps: bool) -> str:
    note = "p: the model's probability for the study. First frame of its most extreme video."
    return note + (" Right: Grad-CAM, maximum over time, one scale." if with_maps else "")


def _nothing() -> Figure:
    figure = Figure(figsize=(PAGE / 2, 0.8))
    figure.text(0.5, 0.5, "No study was called wrongly.", ha="center", va="center", color=MUTED)
    return figure
