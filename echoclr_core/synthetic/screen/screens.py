"""The picture around the fan: identity, settings, bars, ticks, trace and keys of a vendor's screen."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from echoclr_core.synthetic.screen.vendor_screens import VendorScreen

_STEPS = 8  # points of the trace a frame
_SWEEP = 2.2  # beats across a trace that stays
_GAP = 0.03  # share of its width that the running gap takes
_KEY_GREY = (46, 48, 66)


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


def screen_font(size: tuple[int, int]) -> ImageFont.FreeTypeFont:
    """The font of a screen of ``size`` (height, width): a thirtieth of its height, at least 9 px."""
    return ImageFont.load_default(size=max(9, round(size[0] / 30)))


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
        ((N, 2), (M, 2)) pixels on the fan's left and right edges, one a centimetre from the transducer
        outwards, for the ticks.
    overlay
        Text drawn over the fan or at its edge: ((x, y) pixel, text) items.
    coloured
        Whether the picture is colour Doppler, which has a colour bar.
    """

    def __init__(
        self,
        vendor_screen: VendorScreen,
        size: tuple[int, int],
        caption: Caption,
        rim: tuple[np.ndarray, np.ndarray],
        overlay: Sequence[tuple[tuple[float, float], str]] = (),
        coloured: bool = False,
    ):
        self.vendor_screen, self.size = vendor_screen, size
        height, width = size
        self._font = screen_font(size)
        picture = Image.new("RGB", (width, height), (vendor_screen.background,) * 3)
        draw = ImageDraw.Draw(picture)
        self._identity(draw, caption)
        self._settings(draw, caption)
        self._bar(draw)
        if coloured:
            self._colour_bar(draw)
        self._keys(draw)
        self._ticks(draw, rim)
        self._marker(draw, rim)
        self.background = np.asarray(picture).copy()
        self._over = self._overlay(overlay)

    def _at(self, x: float, y: float) -> tuple[float, float]:
        return x * self.size[1], y * self.size[0]

    def _identity(self, draw: ImageDraw.ImageDraw, caption: Caption) -> None:
        vendor_screen, (height, width) = self.vendor_screen, self.size
        line = height / 26
        right = (0.99 * width, 0.1 * line)
        if vendor_screen.banner:
            draw.rectangle((0, 0, width, vendor_screen.banner * height), fill=_KEY_GREY)
            who = f"{plain(caption.name)}  {caption.identifier}"
            draw.text((0.02 * width, 0.1 * line), who, vendor_screen.ink, self._font)
            draw.text(right, caption.date, vendor_screen.ink, self._font, anchor="ra")
            if vendor_screen.institution:
                draw.text(
                    (0.02 * width, 1.1 * line), vendor_screen.institution, vendor_screen.ink, self._font
                )
            return
        # Kept short of the fan's apex: the middle of the screen belongs to the fan.
        for i, text in enumerate((plain(caption.name), caption.identifier)):
            draw.text((0.01 * width, (0.1 + i) * line), text, vendor_screen.ink, self._font)
        draw.text(right, caption.date, vendor_screen.ink, self._font, anchor="ra")
        if vendor_screen.institution:
            draw.text(
                (right[0], 1.1 * line), vendor_screen.institution, vendor_screen.ink, self._font, anchor="ra"
            )

    def _settings(self, draw: ImageDraw.ImageDraw, caption: Caption) -> None:
        x, y = self._at(*self.vendor_screen.text)
        for i, text in enumerate(caption.settings):
            draw.text((x, y + i * self.size[0] / 22), text, self.vendor_screen.ink, self._font)
        if self.vendor_screen.ecg:
            place = self._at(0.985, 0.985 - self.vendor_screen.keys)
            draw.text(place, f"{caption.bpm} bpm", self.vendor_screen.ink, self._font, anchor="rs")

    def _bar(self, draw: ImageDraw.ImageDraw) -> None:
        x0, y0 = self._at(*self.vendor_screen.bar[:2])
        x1, y1 = self._at(*self.vendor_screen.bar[2:])
        for i in range(16):
            top = y0 + (y1 - y0) * i / 16
            draw.rectangle((x0, top, x1, top + (y1 - y0) / 16), fill=(255 - 16 * i,) * 3)

    def _colour_bar(self, draw: ImageDraw.ImageDraw) -> None:
        """Velocity towards (red) and away (blue), below the grey bar."""
        x0, top = self._at(self.vendor_screen.bar[0], self.vendor_screen.bar[3] + 0.02)
        x1, step = self.vendor_screen.bar[2] * self.size[1], 0.012 * self.size[0]
        for i in range(16):
            share = abs(i - 7.5) / 7.5
            strong, weak = round(90 + 165 * share), round(200 * max(share - 0.4, 0))
            fill = (strong, weak, 0) if i < 8 else (0, weak, strong)
            draw.rectangle((x0, top + i * step, x1, top + (i + 1) * step), fill=fill)

    def _keys(self, draw: ImageDraw.ImageDraw) -> None:
        if not self.vendor_screen.keys:
            return
        height, width = self.size
        top = (1 - self.vendor_screen.keys) * height
        draw.rectangle((0, top, width, height), fill=_KEY_GREY)
        for i, text in enumerate(("Speed", "Gain", "Sector", "Page 1/3", "Run")):
            draw.text(((0.04 + 0.2 * i) * width, top), text, (150, 160, 190), self._font)

    def _ticks(self, draw: ImageDraw.ImageDraw, rim: tuple[np.ndarray, np.ndarray]) -> None:
        if self.vendor_screen.ticks in ("ruler", "scale"):
            self._ruler(draw, rim[1], numbers=self.vendor_screen.ticks == "scale")
            return
        gap = 0.018 * self.size[1]
        for side, edge in ((-1, rim[0]), (1, rim[1])):
            if side < 0 and self.vendor_screen.ticks != "both":
                continue
            for i, (x, y) in enumerate(edge):
                long = 2 if i % 5 == 0 else 1
                draw.rectangle((x + side * gap, y - 1, x + side * gap + long, y), fill=(190, 190, 190))

    def _ruler(self, draw: ImageDraw.ImageDraw, edge: np.ndarray, *, numbers: bool) -> None:
        """Centimetres down the screen, right of the fan's box."""
        x = (self.vendor_screen.fan[2] + 0.005) * self.size[1]
        spacing = float(np.hypot(*(edge[1] - edge[0]))) if len(edge) > 1 else 0.0
        bottom = self.vendor_screen.fan[3] * self.size[0]
        for i in range(len(edge)):
            y = self.vendor_screen.fan[1] * self.size[0] + i * spacing
            if y > bottom:
                return
            long = 6 if i % 5 == 0 else 3
            draw.line((x, y, x + long, y), fill=(150, 150, 150))
            if numbers and i % 5 == 0:
                draw.text((x + 9, y), f"-{i}", self.vendor_screen.ink, self._font, anchor="lm")

    def _marker(self, draw: ImageDraw.ImageDraw, rim: tuple[np.ndarray, np.ndarray]) -> None:
        """The mark beside the transducer that says which side is which."""
        if not self.vendor_screen.marker or not len(rim[1]):
            return
        size = 0.012 * self.size[0]
        x, y = rim[1][0] + np.array([0.05 * self.size[1], 0.0])
        if self.vendor_screen.marker == "dot":
            draw.ellipse((x - size, y - size, x + size, y + size), fill=(170, 170, 170))
        else:
            draw.ellipse((x - 1.6 * size, y - 1.6 * size, x + 1.6 * size, y + 1.6 * size), outline=(150,) * 3)
            draw.text((x, y), "P", self.vendor_screen.ink, self._font, anchor="mm")

    def _overlay(
        self, items: Sequence[tuple[tuple[float, float], str]]
    ) -> tuple[np.ndarray, np.ndarray] | None:
        if not items:
            return None
        picture = Image.new("L", (self.size[1], self.size[0]))
        draw = ImageDraw.Draw(picture)
        for place, text in items:
            draw.text(place, plain(text), 255, self._font)
        ink = np.asarray(picture)
        return np.dstack([ink] * 3), (ink > 60).astype(np.uint8)

    def compose(self, fan: np.ndarray, mask: np.ndarray, trace: Sequence[np.ndarray] = ()) -> np.ndarray:
        """One frame of the screen.

        Parameters
        ----------
        fan
            (H, W) or (H, W, 3) uint8 picture of the whole screen's size.
        mask
            (H, W) uint8, non-zero where the fan is shown.
        trace
            Lines of the ECG, (N, 2) int32 points each.

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
        for line in trace:
            if len(line) > 1:
                cv2.polylines(frame, [line], False, self.vendor_screen.trace, 1, cv2.LINE_AA)
        return frame

    def ecg(self, phases: np.ndarray) -> list[tuple[np.ndarray, ...]]:
        """For each frame the lines of the trace: (N, 2) int32 points each; none where the layout has none.

        Parameters
        ----------
        phases
            (T,) phase of each frame.
        """
        if self.vendor_screen.ecg is None:
            return [()] * len(phases)
        beats = np.unwrap(2 * np.pi * phases) / (2 * np.pi)
        fine = np.interp(np.arange(0, len(phases) - 1 + 1e-9, 1 / _STEPS), np.arange(len(phases)), beats)
        if self.vendor_screen.sweep:
            return [self._swept(fine[: i * _STEPS + 1]) for i in range(len(phases))]
        line = self._trace(np.linspace(0, 1, len(fine)), fine)
        return [(line[: i * _STEPS + 1],) for i in range(len(phases))]

    def _trace(self, share: np.ndarray, beats: np.ndarray) -> np.ndarray:
        """Points at ``share`` of the trace's width with the heart at ``beats``: (N, 2) int32."""
        x0, y0 = self._at(*self.vendor_screen.ecg[:2])
        x1, y1 = self._at(*self.vendor_screen.ecg[2:])
        height = _electrocardiogram(beats % 1.0)
        return np.stack((x0 + (x1 - x0) * share, y1 - (y1 - y0) * (0.15 + 0.8 * height)), 1).astype(np.int32)

    def _swept(self, beats: np.ndarray) -> tuple[np.ndarray, ...]:
        """The trace written so far in this pass, and what is left of the last one beyond the gap."""
        now = beats[-1]
        written = (now % _SWEEP) / _SWEEP
        share = np.linspace(0, 1, 240)
        new, old = share[share <= written], share[share > written + _GAP]
        start = now - written * _SWEEP
        return self._trace(new, start + new * _SWEEP), self._trace(old, start + (old - 1) * _SWEEP)


def _electrocardiogram(phase: np.ndarray) -> np.ndarray:
    """A lead over the phase: R wave at 0, T wave after, P wave before; 0 to 1."""

    def wave(at: float, width: float, height: float) -> np.ndarray:
        distance = (phase - at + 0.5) % 1.0 - 0.5
        return height * np.exp(-((distance / width) ** 2))

    return wave(0, 0.015, 1.0) + wave(0.32, 0.05, 0.22) + wave(0.86, 0.03, 0.12)
