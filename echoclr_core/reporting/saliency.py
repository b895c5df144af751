"""Figure 4: Grad-CAM maps of the studies the reference model is surest of, models side by side."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse
from matplotlib.ticker import MaxNLocator

from echoclr_core.reporting.style import INK, MUTED, PAGE, footnote, init_label, styled

COLOURS = "inferno"
STRONGEST = 0.75  # opacity of the strongest evidence; weak evidence lets the frame show through
ACROSS = 5  # studies side by side; more go on the next lines


@styled
def saliency_figure(
    frames: np.ndarray,
    maps: np.ndarray,
    probabilities: np.ndarray,
    models: Sequence[str],
    study_ids: Sequence[str],
    *,
    scale: float | Sequence[float] | None = None,
    labels: Sequence[int] | None = None,
    valves: np.ndarray | None = None,
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
        The map's value that gets the full colour: one for the whole figure, or one for each model; None
        for the largest of all maps.
    labels
        (S,) 0 or 1, written under the study if given.
    valves
        (S, 4) centre and radii (x, y, rx, ry) of the aortic valve, px, NaN where unknown; drawn as a ring.
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
    _check(frames, maps, probabilities, models, study_ids)
    norms = _norms(maps, scale)
    lines = len(models) + show_frames
    figure, axes = _grid(len(study_ids), lines)
    across = axes.shape[1]
    for place, study in enumerate(study_ids):
        top = (place // across) * lines
        column = axes[top : top + lines, place % across]
        valve = None if valves is None or not np.isfinite(valves[place]).all() else valves[place]
        _title(column[0], study, None if labels is None else labels[place])
        if show_frames:
            _frame(column[0], frames[place], valve)
        overlays = zip(column[show_frames:], maps[:, place], norms, probabilities[:, place], strict=True)
        for axis, heat, norm, probability in overlays:
            _overlay(axis, frames[place], heat, norm, valve)
            _inside(axis, f"p = {probability:.2f}")
    for top in range(0, len(axes), lines):
        rows = axes[top : top + lines]
        _row_names(rows[:, 0], models, maps, show_frames)
        _colour_bars(figure, rows[show_frames:], norms)
    footnote(figure, [_note(task_name, valves)])
    return figure


def _grid(n_studies: int, lines: int) -> tuple[Figure, np.ndarray]:
    """A figure and its axes (lines * bands, studies side by side), without frames and ticks."""
    across = min(ACROSS, n_studies)
    bands = -(-n_studies // across)  # each band holds a row a model
    cell = min(1.5, (PAGE - 1.0) / across)
    figure = Figure(
        figsize=(cell * across + 1.15, (cell + 0.03) * lines * bands + 0.35 * bands + 0.3),
        layout="constrained",
    )
    # The rectangle leaves room at the right: the bar's label would touch the edge.
    figure.get_layout_engine().set(w_pad=0.015, h_pad=0.015, wspace=0.0, hspace=0.0, rect=(0, 0, 0.99, 1))
    axes = figure.subplots(lines * bands, across, squeeze=False)
    for axis in axes.ravel():
        axis.set_axis_off()
    return figure, axes


def _overlay(axis, frame: np.ndarray, heat: np.ndarray, norm: Normalize, valve: np.ndarray | None) -> None:
    """A frame with the map over it, and the valve as a ring where it is known."""
    _frame(axis, frame)
    axis.imshow(heat, cmap=COLOURS, norm=norm, alpha=STRONGEST * np.clip(norm(heat).filled(0), 0, 1))
    if valve is not None:
        _ring(axis, valve, alpha=0.6)


def _norms(maps: np.ndarray, scale: float | Sequence[float] | None) -> list[Normalize]:
    """One scale a model; 1 where nothing is to be seen."""
    full = maps.max() if scale is None else scale
    return [Normalize(0, one if one > 0 else 1) for one in np.broadcast_to(full, len(maps)).astype(float)]


def _row_names(axes: Sequence[Axes], models: Sequence[str], maps: np.ndarray, show_frames: bool) -> None:
    names = (["First frame"] if show_frames else []) + [init_label(model) for model in models]
    for axis, name in zip(axes, names, strict=True):
        axis.set_ylabel(name, fontsize=8.5, fontweight="bold", labelpad=12)
    for axis, of_model in zip(axes[show_frames:], maps, strict=True):
        note = f"up to {of_model.max():.2g}"  # tells a weak row from one that was not drawn
        place = {"xytext": (-3, 0), "textcoords": "offset points", "ha": "right", "va": "center"}
        axis.annotate(
            note, (0, 0.5), xycoords="axes fraction", rotation=90, fontsize=6.5, color=MUTED, **place
        )


def _colour_bars(figure: Figure, rows: np.ndarray, norms: Sequence[Normalize]) -> None:
    """One bar for all rows that share a scale."""
    one = len({norm.vmax for norm in norms}) == 1
    groups = [(rows, norms[0])] if one else [(rows[k : k + 1], norm) for k, norm in enumerate(norms)]
    for axes, norm in groups:
        bar = figure.colorbar(
            ScalarMappable(norm, COLOURS), ax=axes, fraction=0.03, pad=0.015, aspect=28 if one else 16
        )
        bar.set_label("Grad-CAM (logit)" + (", one scale" if one else ""), fontsize=7.5)
        bar.outline.set_linewidth(0.5)
        bar.locator = MaxNLocator(5 if one else 4)
        bar.update_ticks()


def _note(task_name: str, valves: np.ndarray | None) -> str:
    note = f"p: the model's probability of {task_name} for the clip shown."
    if valves is not None and np.isfinite(valves).all(axis=1).any():
        note += " Ring: the aortic valve, whose place in these phantoms is known."
    return note


def _check(frames, maps, probabilities, models: Sequence[str], study_ids: Sequence[str]) -> None:
    expected = (len(models), len(study_ids), *frames.shape[1:])
    if maps.shape != expected or len(frames) != len(study_ids) or probabilities.shape != expected[:2]:
        raise ValueError(
            f"saliency figure: frames {frames.shape}, maps {maps.shape}, probabilities {probabilities.shape} "
            f"for {len(models)} models and {len(study_ids)} studies"
        )
    if not np.isfinite(maps).all() or maps.min() < 0:
        raise ValueError("saliency figure: maps must be finite and not negative")


def _title(axis: Axes, study: str, label: int | None) -> None:
    truth = "" if label is None else f"\n{'case' if label else 'control'}"
    axis.set_title(f"{study}{truth}", loc="center", fontsize=6.6, fontweight="normal", color=MUTED)


def _frame(axis: Axes, frame: np.ndarray, valve: np.ndarray | None = None) -> None:
    axis.set_axis_on()
    axis.imshow(frame, cmap="gray", vmin=0, vmax=255)
    axis.set_xticks([])
    axis.set_yticks([])
    for spine in axis.spines.values():
        spine.set_visible(False)
    if valve is not None:
        _ring(axis, valve)


def _ring(axis: Axes, valve: np.ndarray, alpha: float = 1.0) -> None:
    x, y, across, down = valve
    look = {"fill": False, "edgecolor": "white", "linewidth": 1.0, "linestyle": (0, (3, 2)), "alpha": alpha}
    axis.add_patch(Ellipse((x, y), 2 * across, 2 * down, **look))


def _inside(axis: Axes, text: str) -> None:
    """Small text in the picture's lower left corner, where a masked frame is black."""
    axis.text(
        0.03,
        0.03,
        text,
        transform=axis.transAxes,
        fontsize=7,
        color="white",
        bbox={"facecolor": INK, "edgecolor": "none", "alpha": 0.75, "boxstyle": "round,pad=0.2"},
    )
