"""Changes of a masked video that a scanner, a setting or a hand could make.

T frames, H rows, W columns; frames are uint8 grey values, which are log-compressed: a gain in dB
adds an offset. Black stays black outside the sector.
"""

from collections.abc import Callable, Mapping

import cv2
import numpy as np

from echoclr_core.common.randomness import generator
from echoclr_core.video.hull import sector_mask

ATTENUATION = 80.0  # grey values lost at the deepest point
GAIN = 30.0  # grey values
BANDS = 3  # of time-gain compensation, alternately too low and too high
SHADOW_ANGLE = 0.25  # radians across
SHADOW_REST = 0.25  # share of the grey value that a shadow leaves
SPECKLE = 0.35  # standard deviation of the multiplied noise
ANGLE = 8.0  # degrees

Change = Callable[[np.ndarray, np.ndarray, np.random.Generator], np.ndarray]


def perturb(frames: np.ndarray, name: str, *, seed: int, video_id: str) -> np.ndarray:
    """A changed copy of a video; the same for the same seed, video and name.

    Parameters
    ----------
    frames
        (T, H, W) uint8.
    name
        Key of PERTURBATIONS.
    seed, video_id
        Where the randomness comes from: side and place of a shadow, speckle, sense of a rotation.

    Returns
    -------
    (T, H, W) uint8 ndarray
        As many frames; 0 wherever the sector was not, but for a rotation, which moves the sector.

    Raises
    ------
    ValueError
        An unknown name.
    """
    if name not in PERTURBATIONS:
        raise ValueError(f"perturbation: {name!r}; allowed is one of {list(PERTURBATIONS)}")
    sector = sector_mask(frames)
    if not sector.any():
        return frames.copy()
    changed = PERTURBATIONS[name](frames, sector, generator(seed, "perturb", name, video_id))
    if name != "rotation":
        changed = np.where(sector, changed, 0)
    return np.clip(np.rint(changed), 0, 255).astype(np.uint8)


def polar(sector: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Depth in [0, 1] and angle in radians (0 straight down) of each pixel (H, W), seen from the apex.

    The apex is the middle of the sector's highest row.
    """
    rows, columns = np.nonzero(sector)
    top = rows.min()
    left = columns[rows == top].mean()
    y, x = np.mgrid[: sector.shape[0], : sector.shape[1]]
    depth = np.hypot(x - left, y - top)
    return depth / max(1.0, depth[sector].max()), np.arctan2(x - left, y - top)


def _depth_attenuation(frames: np.ndarray, sector: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    depth, _ = polar(sector)
    return frames - ATTENUATION * depth


def _shadow(frames: np.ndarray, sector: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    depth, angle = polar(sector)
    reach = np.quantile(np.abs(angle[sector]), 0.9)
    middle = rng.uniform(-0.7, 0.7) * reach
    behind = (np.abs(angle - middle) < SHADOW_ANGLE / 2) & (depth > 0.15)
    return np.where(behind, SHADOW_REST * frames, frames)


def _gain(frames: np.ndarray, sector: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return np.where(frames > 0, frames + GAIN, 0)


def _time_gain_compensation(frames: np.ndarray, sector: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    depth, _ = polar(sector)
    sense = rng.choice([-1.0, 1.0])
    return np.where(frames > 0, frames + sense * GAIN * np.sin(np.pi * BANDS * depth), 0)


def _speckle(frames: np.ndarray, sector: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    noise = rng.normal(0, 1, frames.shape).astype(np.float32)
    smooth = np.stack([cv2.GaussianBlur(one, (0, 0), 0.8) for one in noise])
    return frames * (1 + SPECKLE * smooth / smooth.std())


def _half_frame_rate(frames: np.ndarray, sector: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Every second frame, shown twice: the time between frames stays that of the video."""
    return frames[np.arange(len(frames)) // 2 * 2].astype(np.float64)


def _rotation(frames: np.ndarray, sector: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    height, width = frames.shape[1:]
    angle = ANGLE * rng.choice([-1.0, 1.0])
    turn = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), angle, 1.0)
    return np.stack([cv2.warpAffine(one, turn, (width, height), flags=cv2.INTER_LINEAR) for one in frames])


PERTURBATIONS: Mapping[str, Change] = {
    "depth_attenuation": _depth_attenuation,
    "shadow": _shadow,
    "gain": _gain,
    "time_gain_compensation": _time_gain_compensation,
    "speckle": _speckle,
    "half_frame_rate": _half_frame_rate,
    "rotation": _rotation,
}
