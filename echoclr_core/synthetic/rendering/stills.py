"""Single pictures: spectral Doppler and M-mode, as they stand between the cine loops of a study."""

import cv2
import numpy as np

from echoclr_core.synthetic.heart.anatomy import Anatomy
from echoclr_core.synthetic.heart.motion import Cycle
from echoclr_core.synthetic.rendering.render import BEAM_SAMPLES
from echoclr_core.synthetic.rendering.video import VideoSpec

BEATS = 3.2  # beats across the picture


def spectral_doppler(
    anatomy: Anatomy, size: tuple[int, int], rng: np.random.Generator, *, first_phase: float = 0.0
) -> np.ndarray:
    """Continuous-wave Doppler through the aortic valve: (height, width) uint8.

    The jet points away from the transducer; its peak follows from the valve area by continuity, for a stroke
    volume of 70 ml or so.
    """
    height, width = size
    cycle = Cycle(anatomy.heart_rate)
    phases = (first_phase + np.linspace(0, BEATS, width)) % 1.0
    beats = [cycle.at(phase) for phase in phases]
    peak = np.clip(70 / (anatomy.valve_area * 22) + rng.normal(0, 0.2), 0.8, 5.5)  # m/s
    jet = np.array([beat.aortic * np.sin(np.pi * min(beat.phase / cycle.end_systole, 1)) for beat in beats])
    inflow = np.array([beat.mitral for beat in beats])
    rows = np.arange(height)[:, None]
    baseline, metre = 0.3 * height, 0.115 * height
    below, above = rows - baseline, baseline - rows
    envelope = np.maximum(peak * metre * jet, 1.0)[None]
    level = 0.9 * ((below > 0) & (below < envelope)) * (0.35 + 0.65 * below / envelope)
    level = level + 0.45 * ((above > 0) & (above < 0.9 * metre * inflow[None]))
    level = level + 0.5 * np.exp(-((below / 2.5) ** 2)) + 0.04
    speckle = cv2.GaussianBlur(rng.exponential(1.0, size).astype(np.float32), (0, 0), 0.8)
    return np.clip(230 * cv2.GaussianBlur(level.astype(np.float32), (0, 0), 1.2) * speckle, 0, 255).astype(
        np.uint8
    )


def m_mode(spec: VideoSpec, size: tuple[int, int]) -> np.ndarray:
    """One beam of a cine loop over time: (height, width) uint8."""
    beam = int(0.42 * BEAM_SAMPLES)
    columns = np.stack([polar[:, beam : beam + 2].mean(1) for _, polar in spec.polar()], 1)
    return cv2.resize(columns.astype(np.uint8), size[::-1], interpolation=cv2.INTER_LINEAR)
