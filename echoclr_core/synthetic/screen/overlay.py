"""Text over the picture: at the fan's edge, or typed inside it."""

from dataclasses import dataclass

import numpy as np
from PIL import ImageFont

from echoclr_core.synthetic.screen.screens import plain

Place = tuple[float, float]
_TRIES = 40


@dataclass(frozen=True, kw_only=True)
class Overlay:
    """What was written over the picture of one video.

    Parameters
    ----------
    edge_text, inside_text
        ASCII text at the edge and inside; None where there is none.
    items
        ((x, y) pixel of the top-left corner, text) of each, for the screen; the text inside last.
    transient
        None, or the interval of the loop, as shares 0 to 1, in which the text inside is shown.
    """

    edge_text: str | None
    inside_text: str | None
    items: tuple[tuple[Place, str], ...]
    transient: tuple[float, float] | None = None

    def shown(self, index: int, frames: int) -> tuple[tuple[Place, str], ...]:
        """The items of frame ``index`` of so many; transient text is shown in one frame at least."""
        if self.transient is None:
            return self.items
        first, last = (round(part * (frames - 1)) for part in self.transient)
        return self.items if first <= index <= last else self.items[:-1]


def draw_overlay(
    rng: np.random.Generator,
    mask: np.ndarray,
    font: ImageFont.FreeTypeFont,
    identity: tuple[str, ...],
    *,
    edge_text_share: float,
    inside_text_share: float,
    transient_text_share: float,
) -> Overlay:
    """Choose text and its place.

    Parameters
    ----------
    rng
        The overlay's own generator.
    mask
        (H, W) bool, the fan.
    font
        The screen's.
    identity
        What may be typed inside: name, number, date.
    edge_text_share, inside_text_share, transient_text_share
        Probabilities; the last, that the text inside is transient.
    """
    at_edge, within = rng.random() < edge_text_share, rng.random() < inside_text_share
    edge_text = inside_text = transient = None
    items: list[tuple[Place, str]] = []
    if at_edge:
        edge_text = plain(
            ("LVOT 2.1 cm", f"PLAX {identity[1]}", "X2 zoom", "Dist 14.2")[int(rng.integers(4))]
        )
        items.append((_at_edge(rng, mask, font, edge_text), edge_text))
    if within:
        inside_text = plain(identity[int(rng.integers(len(identity)))])
        items.append((_within(rng, mask, font, inside_text), inside_text))
        if rng.random() < transient_text_share:
            first = rng.uniform(0, 0.9)
            transient = (first, min(1.0, first + rng.uniform(0, 0.4)))
    return Overlay(edge_text=edge_text, inside_text=inside_text, items=tuple(items), transient=transient)


def _at_edge(rng: np.random.Generator, mask: np.ndarray, font: ImageFont.FreeTypeFont, text: str) -> Place:
    """A place where the first letter overlaps the right flank and the rest runs out of the fan."""
    rows = np.flatnonzero(mask.any(1))
    row = int(rows[int(rng.uniform(0.25, 0.7) * len(rows))])
    _, top, _, bottom = font.getbbox(text)
    last = int(np.flatnonzero(mask[row])[-1])
    return last - 0.35 * font.getlength("M"), row - (top + bottom) / 2


def _within(rng: np.random.Generator, mask: np.ndarray, font: ImageFont.FreeTypeFont, text: str) -> Place:
    """A place where the whole text stands inside; the middle of the widest row if chance finds none."""
    left, top, right, bottom = font.getbbox(text)
    ys, xs = np.nonzero(mask)
    for index in rng.integers(len(ys), size=_TRIES):
        x, y = int(xs[index]), int(ys[index])
        corners = [(y + b, x + a) for a in (left - 2, right + 2) for b in (top - 2, bottom + 2)]
        if all(_shown(mask, *corner) for corner in corners):
            return float(x), float(y)
    row = int(mask.sum(1).argmax())
    middle = float(np.flatnonzero(mask[row]).mean())
    return middle - (left + right) / 2, row - (top + bottom) / 2


def _shown(mask: np.ndarray, row: float, column: float) -> bool:
    height, width = mask.shape
    return 0 <= row < height and 0 <= column < width and bool(mask[int(row), int(column)])
