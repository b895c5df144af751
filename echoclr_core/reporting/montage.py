"""Frames to look at: before and after a mask, and contact sheets."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from echoclr_core.reporting.style import MUTED, PAGE, styled

NAME = 0.17  # inches for the name above a slot
GAP = 0.035  # inches between frames
MIN_COLUMNS = 3  # few frames are not made larger than with so many


@styled
def before_after(
    before: Sequence[np.ndarray],
    after: Sequence[np.ndarray],
    names: Sequence[str],
    *,
    columns: int = 6,
    titles: tuple[str, str] = ("before", "after"),
) -> Figure:
    """Pairs of frames, before above after, ``columns`` pairs a line.

    Parameters
    ----------
    before, after
        n frames each, (H, W) uint8; sizes may differ.
    names
        n pseudonyms or outcomes, written above each pair.

    Raises
    ------
    ValueError
        If there is nothing to show or the lengths differ.
    """
    if not names or not len(before) == len(after) == len(names):
        raise ValueError(f"montage: {len(before)} frames before, {len(after)} after, {len(names)} names")
    slots = [(name, (b, a)) for name, b, a in zip(names, before, after, strict=True)]
    return _sheet(slots, columns, titles)


@styled
def contact_sheet(frames: Sequence[np.ndarray], names: Sequence[str], *, columns: int = 8) -> Figure:
    """Frames (H, W) uint8 in lines of ``columns``, each with its name; ValueError for none."""
    if not names or len(frames) != len(names):
        raise ValueError(f"contact sheet: {len(frames)} frames, {len(names)} names")
    return _sheet([(name, (frame,)) for name, frame in zip(names, frames, strict=True)], columns, ("",))


def _sheet(
    slots: Sequence[tuple[str, tuple[np.ndarray, ...]]], columns: int, titles: Sequence[str]
) -> Figure:
    """Slots of frames one above the other, placed by the inch: frames of a slot touch, slots stand apart."""
    columns = min(columns, len(slots))
    lines = -(-len(slots) // columns)
    margin = 0.22 if any(titles) else 0.02
    cell = (PAGE - margin) / max(columns, MIN_COLUMNS)
    tall = [max(_aspect(frames[k]) for _, frames in slots) * (cell - GAP) for k in range(len(titles))]
    slot_height = NAME + sum(tall) + GAP * len(titles) + GAP
    width, height = margin + columns * cell, lines * slot_height
    figure = Figure(figsize=(width, height))
    longest = max(len(name) for name, _ in slots)
    size_of_names = min(6.2, 72 * (cell - GAP) / (0.66 * max(longest, 1)))  # a letter is 0.66 em at most
    for i, (name, frames) in enumerate(slots):
        left = margin + (i % columns) * cell
        top = height - (i // columns) * slot_height
        middle = (left + (cell - GAP) / 2) / width
        figure.text(
            middle,
            (top - NAME / 2) / height,
            name,
            fontsize=size_of_names,
            ha="center",
            va="center",
            color=MUTED,
        )
        top -= NAME
        for k, frame in enumerate(frames):
            size = (cell - GAP, tall[k])
            _show(figure, frame, (left / width, (top - size[1]) / height, size[0] / width, size[1] / height))
            if i % columns == 0 and titles[k]:
                place = (margin / 2 / width, (top - size[1] / 2) / height)
                figure.text(*place, titles[k], rotation=90, ha="center", va="center", fontweight="bold")
            top -= size[1] + GAP
    return figure


def _aspect(frame: np.ndarray) -> float:
    return frame.shape[0] / frame.shape[1]


def _show(figure: Figure, frame: np.ndarray, place: tuple[float, float, float, float]) -> None:
    axis = figure.add_axes(place)
    axis.imshow(frame, cmap="gray", vmin=0, vmax=255, interpolation="antialiased")
    axis.axis("off")
