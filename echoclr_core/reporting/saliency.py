"""Figure 4: Grad-CAM maps of the studies the reference model is surest of, models side by side."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from echoclr_core.reporting.style import INIT_STYLES, MUTED, PAGE, footnote, styled

COLOURS = "inferno"
STRONGEST = 0.75  # opacity of the strongest evidence; weak evidence lets the frame show through


@styled
def saliency_figure(
    frames: np.ndarray,
    maps: np.ndarray,
    probabilities: np.ndarray,
    models: Sequence[str],
    study_ids: Sequence[str],
    *,
    scale: float | None = None,
    labels: Sequence[int] | None = None,
    show_frames: bool = True,
    task_name: str = "severe AS",
) -> Figure:
    """Columns are studies, rows are models, the map laid over the first frame.

    Parameters
    ----------
    frames
        (S, H, W) uint8, the first frame of each clip.
    maps
        (M, S, H, W) non-negative maps, maximum over time, NOT stretched one by one.
    probabilities
        (M, S) each model's probability for the very clip shown.
    models, study_ids
        M names of initialisations, S pseudonyms.
    scale
        The map's value that gets the full colour, one for the whole figure; None for the largest of all.
    labels
        (S,) 0 or 1, written under the study if given.
    show_frames
        A first row with the frames alone.
    task_name
        What the probability is of.

    Raises
    ------
    ValueError
        If shapes do not belong together, or maps are negative or not finite.
    """
    frames, maps, probabilities = (np.asarray(a) for a in (frames, maps, probabilities))
    expected = (len(models), len(study_ids), *frames.shape[1:])
    if maps.shape != expected or len(frames) != len(study_ids) or probabilities.shape != expected[:2]:
        raise ValueError(
            f"saliency figure: frames {frames.shape}, maps {maps.shape}, probabilities {probabilities.shape} "
            f"for {len(models)} models and {len(study_ids)} studies"
        )
    if not np.isfinite(maps).all() or maps.min() < 0:
        raise ValueError("saliency figure: maps must be finite and not negative")
    full = float(maps.max()) if scale is None else float(scale)
    norm = Normalize(0, full if full > 0 else 1)
    rows = len(models) + show_frames
    cell = min(1.5, (PAGE - 1.0) / len(study_ids))
    figure = Figure(figsize=(cell * len(study_ids) + 1.35, (cell + 0.17) * rows + 0.62), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.02, h_pad=0.02, wspace=0.01, hspace=0.02)
    axes = figure.subplots(rows, len(study_ids), squeeze=False)
    for column, (frame, study) in enumerate(zip(frames, study_ids, strict=True)):
        truth = "" if labels is None else f"\n{'case' if labels[column] else 'control'}"
        axes[0, column].set_title(
            f"{study}{truth}", loc="center", fontsize=6.6, fontweight="normal", color=MUTED
        )
        if show_frames:
            _frame(axes[0, column], frame)
        for row, _ in enumerate(models):
            axis = axes[row + show_frames, column]
            _frame(axis, frame)
            heat = maps[row, column]
            axis.imshow(heat, cmap=COLOURS, norm=norm, alpha=STRONGEST * np.clip(norm(heat).filled(0), 0, 1))
            axis.set_xlabel(f"p = {probabilities[row, column]:.2f}", fontsize=7, labelpad=2)
    names = (["First frame"] if show_frames else []) + [_name(model) for model in models]
    for axis, name in zip(axes[:, 0], names, strict=True):
        axis.set_ylabel(name, fontsize=8.5, fontweight="bold", labelpad=5)
    bar = figure.colorbar(
        ScalarMappable(norm, COLOURS), ax=axes[show_frames:, :], fraction=0.03, pad=0.02, aspect=24
    )
    bar.set_label("Grad-CAM, one scale for the figure", fontsize=7.5)
    bar.outline.set_linewidth(0.5)
    footnote(
        figure,
        [
            f"p: the model's probability of {task_name} for the clip shown.",
            "Maps of different models have no common unit: compare where they are, not how strong.",
        ],
    )
    return figure


def _frame(axis: Axes, frame: np.ndarray) -> None:
    axis.imshow(frame, cmap="gray", vmin=0, vmax=255)
    axis.set_xticks([])
    axis.set_yticks([])
    for spine in axis.spines.values():
        spine.set_visible(False)


def _name(model: str) -> str:
    return INIT_STYLES[model].name if model in INIT_STYLES else model
