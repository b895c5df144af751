"""Vendors' screens: where the fan stands, and everything that is drawn around it."""

import unicodedata
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

Box = tuple[float, float, float, float]  # x0, y0, x1, y1 as shares of width and height


@dataclass(frozen=True, kw_only=True)
class Layout:
    """One vendor's screen; positions are shares of the width and height.

    Parameters
    ----------
    manufacturer, model
        For the header; invented.
    fan
        Box that the fan is fitted into.
    banner
        Height of a filled bar at the top with name, number and date; 0 writes them without a bar.
    text
        Top-left corner of the column of settings.
    bar
        Box of the grey or colour bar.
    ecg
        Box of the trace, or None.
    keys
        Height of the soft keys at the bottom; 0 for none.
    ticks
        "dots" along the right edge, "both" edges, or a vertical "ruler".
    ink, trace
        RGB of text and of the trace.
    background
        Grey value of the empty screen.
    """

    manufacturer: str
    model: str
    fan: Box
    banner: float
    text: tuple[float, float]
    bar: Box
    ecg: Box | None
    keys: float
    ticks: str
    ink: tuple[int, int, int] = (225, 225, 225)
    trace: tuple[int, int, int] = (60, 220, 90)
    background: int = 0


LAYOUTS: dict[str, Layout] = {
    "banner": Layout(
        manufacturer="Meridian Imaging",
        model="Orchid 512",
        fan=(0.05, 0.12, 0.80, 0.84),
        banner=0.075,
        text=(0.80, 0.13),
        bar=(0.008, 0.12, 0.028, 0.5),
        ecg=(0.03, 0.85, 0.45, 0.94),
        keys=0.045,
        ticks="both",
        trace=(120, 220, 230),
    ),
    "column": Layout(
        manufacturer="Polaris Medical Systems",
        model="Affirm 7",
        fan=(0.14, 0.09, 0.92, 0.88),
        banner=0.0,
        text=(0.01, 0.12),
        bar=(0.94, 0.12, 0.975, 0.42),
        ecg=(0.02, 0.895, 0.5, 0.985),
        keys=0.0,
        ticks="dots",
    ),
    "tablet": Layout(
        manufacturer="HandScan, Inc.",
        model="Slate",
        fan=(0.10, 0.10, 0.90, 0.92),
        banner=0.0,
        text=(0.915, 0.16),
        bar=(0.008, 0.2, 0.024, 0.5),
        ecg=None,
        keys=0.06,
        ticks="ruler",
        ink=(200, 200, 200),
        background=4,
    ),
    "classic": Layout(
        manufacturer="Northern Cardiac",
        model="Sonar 4500",
        fan=(0.20, 0.085, 0.92, 0.865),
        banner=0.0,
        text=(0.005, 0.16),
        bar=(0.955, 0.05, 0.985, 0.46),
        ecg=(0.10, 0.875, 0.6, 0.975),
        keys=0.0,
        ticks="dots",
        ink=(210, 210, 190),
        trace=(30, 180, 40),
    ),
}


@dataclass(frozen=True, kw_only=True)
class Caption:
    """What is written on the screen: identity lines and settings lines."""

    name: str
    identifier: str
    date: str
    settings: tuple[str, ...]
    bpm: int


_PLAIN = str.maketrans({"ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "ı": "i", "ß": "ss"})


def plain(text: str) -> str:
    """``text`` without accents: a scanner's character generator knows ASCII only, its header knows better."""
    return unicodedata.normalize("NFKD", text.translate(_PLAIN)).encode("ascii", "ignore").decode()


class Screen:
    """The picture around the fan.

    Parameters
    ----------
    layout
        The vendor's.
    size
        (height, width) in pixels.
    caption
        Text.
    rim
        ((N, 2), (M, 2)) pixels of the fan's left and right edges from the apex outwards, for the ticks.
    overlay
        Text drawn over the fan or at its edge: ((x, y) pixel, text) items.
    """

    def __init__(
        self,
        layout: Layout,
        size: tuple[int, int],
        caption: Caption,
        rim: tuple[np.ndarray, np.ndarray],
        overlay: tuple[tuple[tuple[float, float], str], ...] = (),
    ):
        self.layout, self.size = layout, size
        height, width = size
        self._font = ImageFont.load_default(size=max(9, round(height / 30)))
        picture = Image.new("RGB", (width, height), (layout.background,) * 3)
        draw = ImageDraw.Draw(picture)
        self._identity(draw, caption)
        self._settings(draw, caption)
        self._bar(draw)
        self._keys(draw)
        self._ticks(draw, rim)
        self.background = np.asarray(picture).copy()
        self._over = self._overlay(overlay)

    def _at(self, x: float, y: float) -> tuple[float, float]:
        return x * self.size[1], y * self.size[0]

    def _identity(self, draw: ImageDraw.ImageDraw, caption: Caption) -> None:
        layout, (height, width) = self.layout, self.size
        line = height / 26
        if layout.banner:
            draw.rectangle((0, 0, width, layout.banner * height), fill=(46, 48, 66))
            draw.text(
                (0.02 * width, 0.1 * line),
                f"{plain(caption.name)}  {caption.identifier}",
                layout.ink,
                self._font,
            )
            draw.text((0.99 * width, 0.1 * line), caption.date, layout.ink, self._font, anchor="ra")
            return
        # Kept short of the fan's apex: the middle of the screen belongs to the fan.
        for i, text in enumerate((plain(caption.name), caption.identifier)):
            draw.text((0.01 * width, (0.1 + i) * line), text, layout.ink, self._font)
        draw.text((0.99 * width, 0.1 * line), caption.date, layout.ink, self._font, anchor="ra")

    def _settings(self, draw: ImageDraw.ImageDraw, caption: Caption) -> None:
        x, y = self._at(*self.layout.text)
        for i, text in enumerate(caption.settings):
            draw.text((x, y + i * self.size[0] / 22), text, self.layout.ink, self._font)
        if self.layout.ecg:
            place = self._at(0.985, 0.985 - self.layout.keys)
            draw.text(place, f"{caption.bpm} bpm", self.layout.ink, self._font, anchor="rs")

    def _bar(self, draw: ImageDraw.ImageDraw) -> None:
        x0, y0 = self._at(*self.layout.bar[:2])
        x1, y1 = self._at(*self.layout.bar[2:])
        for i in range(16):
            top = y0 + (y1 - y0) * i / 16
            draw.rectangle((x0, top, x1, top + (y1 - y0) / 16), fill=(255 - 16 * i,) * 3)

    def _keys(self, draw: ImageDraw.ImageDraw) -> None:
        if not self.layout.keys:
            return
        height, width = self.size
        top = (1 - self.layout.keys) * height
        draw.rectangle((0, top, width, height), fill=(46, 48, 66))
        for i, text in enumerate(("Speed", "Gain", "Sector", "Page 1/3", "Run")):
            draw.text(((0.04 + 0.2 * i) * width, top), text, (150, 160, 190), self._font)

    def _ticks(self, draw: ImageDraw.ImageDraw, rim: tuple[np.ndarray, np.ndarray]) -> None:
        gap = 0.018 * self.size[1]
        if self.layout.ticks == "ruler":
            x, (top, bottom) = 0.905 * self.size[1], rim[1][[0, -1], 1]
            for y in np.linspace(top, bottom, 9):
                draw.line((x, y, x + 3, y), fill=(150, 150, 150))
            return
        for side, edge in ((-1, rim[0]), (1, rim[1])):
            if side < 0 and self.layout.ticks != "both":
                continue
            for x, y in edge[:: max(len(edge) // 10, 1)]:
                draw.rectangle((x + side * gap, y - 1, x + side * gap + 1, y), fill=(190, 190, 190))

    def _overlay(
        self, items: tuple[tuple[tuple[float, float], str], ...]
    ) -> tuple[np.ndarray, np.ndarray] | None:
        if not items:
            return None
        picture = Image.new("L", (self.size[1], self.size[0]))
        draw = ImageDraw.Draw(picture)
        for place, text in items:
            draw.text(place, plain(text), 255, self._font)
        ink = np.asarray(picture)
        return np.dstack([ink] * 3), (ink > 60).astype(np.uint8)

    def compose(self, fan: np.ndarray, mask: np.ndarray, trace: np.ndarray | None) -> np.ndarray:
        """One frame of the screen.

        Parameters
        ----------
        fan
            (H, W) or (H, W, 3) uint8 picture of the whole screen's size.
        mask
            (H, W) uint8, non-zero where the fan is shown.
        trace
            (N, 2) int32 points of the ECG, or None.

        Returns
        -------
        ndarray
            (H, W, 3) uint8 RGB.
        """
        frame = self.background.copy()
        colour = fan if fan.ndim == 3 else cv2.cvtColor(fan, cv2.COLOR_GRAY2RGB)
        cv2.copyTo(colour, mask, frame)
        if self._over is not None:
            cv2.copyTo(self._over[0], self._over[1], frame)
        if trace is not None and len(trace) > 1:
            cv2.polylines(frame, [trace], False, self.layout.trace, 1, cv2.LINE_AA)
        return frame

    def ecg(self, phases: np.ndarray) -> list[np.ndarray | None]:
        """For each frame the trace up to it: (N, 2) int32 points, or None where the layout has no trace.

        Parameters
        ----------
        phases
            (T,) phase of each frame.
        """
        if self.layout.ecg is None:
            return [None] * len(phases)
        x0, y0 = self._at(*self.layout.ecg[:2])
        x1, y1 = self._at(*self.layout.ecg[2:])
        steps = 8
        beats = np.unwrap(2 * np.pi * phases) / (2 * np.pi)
        fine = np.interp(np.arange(0, len(phases) - 1 + 1e-9, 1 / steps), np.arange(len(phases)), beats) % 1.0
        height = _electrocardiogram(fine)
        x = np.linspace(x0, x1, len(fine))
        points = np.stack((x, y1 - (y1 - y0) * (0.15 + 0.8 * height)), 1).astype(np.int32)
        return [points[: i * steps + 1] for i in range(len(phases))]


def _electrocardiogram(phase: np.ndarray) -> np.ndarray:
    """A lead over the phase: R wave at 0, T wave after, P wave before; 0 to 1."""

    def wave(at: float, width: float, height: float) -> np.ndarray:
        distance = (phase - at + 0.5) % 1.0 - 0.5
        return height * np.exp(-((distance / width) ** 2))

    return wave(0, 0.015, 1.0) + wave(0.32, 0.05, 0.22) + wave(0.86, 0.03, 0.12)
