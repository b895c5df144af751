"""Screens of made-up scanners with known windows, for the tests: speckle inside a shape, drawing outside."""

import cv2
import numpy as np

from echoclr_core.deidentify.sector.geometry import SectorShape

WORDS = (
    "DOE^JANE",
    "ID 48-1207",
    "12/03/2019",
    "General Hosp",
    "S5-1 49Hz",
    "MI 1.3 TIS 0.8",
    "65 bpm",
    "Gen THI",
)


def random_shape(rng: np.random.Generator, kind: str, height: int, width: int) -> SectorShape:
    """A window of one kind that mostly fits a (height, width) screen."""
    if kind in ("phased", "steered", "cut", "shallow"):
        half = np.radians(rng.uniform(30, 46))
        tilt = np.radians(rng.uniform(8, 16)) * rng.choice([-1, 1]) if kind == "steered" else 0.0
        top = rng.uniform(0.04, 0.14) * height
        reach = min(rng.uniform(0.72, 0.85) * height, 0.48 * width / np.sin(half + abs(tilt)))
        x = width * rng.uniform(0.47, 0.53) - reach * (np.sin(half + tilt) - np.sin(half - tilt)) / 2
        start = reach * rng.uniform(0.0, 0.06)
        window = (-np.inf, -np.inf, np.inf, np.inf)
        if kind == "cut":
            window = (
                x - reach * np.sin(half) * rng.uniform(0.5, 0.8),
                -np.inf,
                x + reach * np.sin(half) * rng.uniform(0.7, 1.1),
                np.inf,
            )
        return SectorShape(
            family="fan", x=x, y=top, u0=tilt - half, u1=tilt + half, v0=start, v1=reach, crop=window
        )
    if kind == "convex":
        half = np.radians(rng.uniform(25, 38))
        start = rng.uniform(0.25, 0.6) * height
        depth = min(rng.uniform(0.6, 0.75) * height, 0.48 * width / np.sin(half) - start)
        y = 0.1 * height - start * np.cos(half)
        return SectorShape(family="fan", x=width / 2, y=y, u0=-half, u1=half, v0=start, v1=start + depth)
    y0, y1 = height * rng.uniform(0.1, 0.15), height * rng.uniform(0.8, 0.92)
    if kind == "trapezoid":
        slope = np.tan(np.radians(rng.uniform(10, 20)))
        above = rng.uniform(0.3, 0.6) * width / 2 / slope
        half = min(slope, 0.47 * width / (above + y1 - y0))
        return SectorShape(family="trapezoid", x=width / 2, y=y0 - above, u0=-half, u1=half, v0=y0, v1=y1)
    slant = np.tan(np.radians(rng.uniform(8, 18))) * rng.choice([-1, 1]) if kind == "parallelogram" else 0.0
    middle, half = width / 2 - slant * (y0 + y1) / 2, rng.uniform(0.2, 0.3) * width
    return SectorShape(
        family="parallelogram", x=slant, y=0.0, u0=middle - half, u1=middle + half, v0=y0, v1=y1
    )


def screen(
    rng: np.random.Generator,
    shape: SectorShape,
    height: int,
    width: int,
    *,
    count=16,
    jpeg=None,
    dark=0.0,
    trace=True,
):
    """Frames (count, H, W) uint8 of a scanner's screen, and the truth (H, W) bool.

    ``dark`` is how deep the flanks fade (0 none, 1 to black); ``jpeg`` a quality, or None for none.
    """
    truth = shape.mask(height, width)
    gain = _tissue(rng, truth, dark)
    back = _drawing(rng, truth, height, width)
    grain = (max(8, height // 3), max(8, width // 3))
    frames = []
    for number in range(count):
        speckle = cv2.resize(
            rng.rayleigh(0.8, grain).astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR
        )
        picture = np.where(truth, np.clip(110 * gain * speckle, 0, 255), back).astype(np.uint8)
        _overlay(picture, truth, number, count, trace)
        if jpeg:
            picture = cv2.imdecode(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, jpeg])[1], 0)
        frames.append(picture)
    return np.stack(frames), truth


def _tissue(rng, truth, dark):
    """(H, W) float gain: a smooth random field, black cavities, flanks that fade."""
    height, width = truth.shape
    field = cv2.resize(
        rng.uniform(0.1, 1.2, (6, 6)).astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC
    )
    ys, xs = np.nonzero(truth)
    middle, spread = xs.mean(), (xs.max() - xs.min()) / 2
    flank = np.abs(np.arange(width) - middle) / spread
    field = np.clip(field, 0.02, None) * (1 - dark * np.clip(flank, 0, 1) ** 2)[None]
    for _ in range(3):
        spot = rng.integers(len(xs))
        axes = (int(0.05 * width), int(0.09 * height))
        cv2.ellipse(field, (int(xs[spot]), int(ys[spot])), axes, float(rng.uniform(0, 180)), 0, 360, 0.0, -1)
    return field


def _drawing(rng, truth, height, width):
    """(H, W) uint8: banner, text, grey bar and soft keys, none of it inside the window."""
    back = np.zeros((height, width), np.uint8)
    size = max(0.35, height / 1000)
    if rng.random() < 0.5:
        back[: int(0.05 * height)] = 70
    for word in WORDS:
        place = (int(rng.uniform(0, 0.8) * width), int(rng.uniform(0.04, 0.98) * height))
        cv2.putText(back, word, place, cv2.FONT_HERSHEY_SIMPLEX, size, 220, 1, cv2.LINE_AA)
    back[int(0.2 * height) : int(0.6 * height), int(0.97 * width) :] = np.linspace(
        255, 0, int(0.6 * height) - int(0.2 * height)
    )[:, None]
    back[truth] = 0
    return back


def _overlay(picture, truth, number, count, trace):
    """A counter and an ECG with a moving cursor, drawn outside the window."""
    height, width = picture.shape
    layer = np.zeros_like(picture)
    cv2.putText(
        layer, f"{number:03d}", (int(0.86 * width), int(0.95 * height)), cv2.FONT_HERSHEY_SIMPLEX, 0.5, 230, 1
    )
    if trace:
        x = np.arange(int(0.1 * width), int(0.8 * width))
        y = 0.95 * height - 0.04 * height * np.exp(-((((x + 3 * number) % (width // 5)) - 20.0) ** 2) / 20)
        cv2.polylines(layer, [np.stack([x, y.astype(int)], 1).astype(np.int32)], False, 200, 1)
        cursor = int((0.1 + 0.7 * number / count) * width)
        layer[int(0.9 * height) :, cursor : cursor + 2] = 255
    layer[truth] = 0
    np.maximum(picture, layer, out=picture)
