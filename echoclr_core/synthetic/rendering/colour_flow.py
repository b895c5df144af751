"""Colour Doppler: a box over the valves whose blood is painted by its velocity."""

import cv2
import numpy as np

from echoclr_core.synthetic.heart.motion import Beat
from echoclr_core.synthetic.heart.scene import Scene
from echoclr_core.synthetic.rendering.render import BEAM_SAMPLES, RANGE_SAMPLES, Sector

_TOWARDS = np.array([[60, 0, 0], [190, 10, 0], [235, 120, 0], [255, 230, 60]], float)  # red to yellow
_AWAY = np.array([[0, 0, 70], [0, 20, 200], [20, 110, 235], [120, 230, 255]], float)  # blue to cyan


def _palette() -> np.ndarray:
    """(256, 3) uint8: velocity −1 … 1 to RGB."""
    steps = np.linspace(0, 3, 128)
    towards = np.stack([np.interp(steps, range(4), _TOWARDS[:, c]) for c in range(3)], 1)
    away = np.stack([np.interp(steps, range(4), _AWAY[:, c]) for c in range(3)], 1)
    return np.concatenate((away[::-1], towards)).round().astype(np.uint8)


class ColourFlow:
    """The colour box of one video.

    Parameters
    ----------
    sector
        The fan; the box covers its middle.
    rng
        The video's generator.
    """

    def __init__(self, sector: Sector, rng: np.random.Generator):
        self._sector, self._rng = sector, rng
        left, right = rng.uniform(0.34, 0.42), rng.uniform(0.76, 0.86)
        near, far = rng.uniform(0.33, 0.40), rng.uniform(0.80, 0.90)
        self._beams = slice(int(left * BEAM_SAMPLES), int(right * BEAM_SAMPLES))
        self._samples = slice(int(near * RANGE_SAMPLES), int(far * RANGE_SAMPLES))
        self._palette = _palette()

    def _velocity(self, scene: Scene, beat: Beat) -> np.ndarray:
        """(R, B) float32 velocity towards the transducer, 0 outside blood."""
        velocity = np.zeros((RANGE_SAMPLES, BEAM_SAMPLES), np.float32)
        speeds = {
            "left ventricle": 0.02 - 0.9 * beat.aortic + 0.9 * beat.mitral,
            "aorta": 0.15 - 1.1 * beat.aortic,
            "left atrium": 0.02 + 0.7 * beat.mitral + 0.35 * beat.contraction,
            "right ventricle": 0.02 - 0.4 * beat.aortic + 0.3 * beat.mitral,
        }
        for shape in scene.shapes:
            points = np.round(self._sector.polar(shape.points)).astype(np.int32)
            cv2.fillPoly(velocity, [points], speeds.get(shape.name, 0.0))
        return velocity

    def paint(self, polar: np.ndarray, scene: Scene, beat: Beat) -> np.ndarray:
        """Colour the blood inside the box: (R, B) uint8 to (R, B, 3) uint8 RGB."""
        velocity = self._velocity(scene, beat)
        coarse = self._rng.standard_normal((RANGE_SAMPLES // 6, BEAM_SAMPLES // 6)).astype(np.float32)
        rough = cv2.resize(coarse, (BEAM_SAMPLES, RANGE_SAMPLES), interpolation=cv2.INTER_CUBIC)
        blood = velocity != 0
        speed = cv2.GaussianBlur(velocity, (0, 0), 1.5) * (1 + 0.35 * rough) + 0.22 * rough
        # Beyond the limit the colour turns over, as in any Doppler without correction.
        wrapped = (speed + 1) % 2 - 1
        painted = blood & (np.abs(speed) > 0.1) & (polar < 130)
        picture = cv2.cvtColor(polar, cv2.COLOR_GRAY2RGB)
        box = (self._samples, self._beams)
        colours = self._palette[np.clip((wrapped[box] + 1) * 127.5, 0, 255).astype(np.uint8)]
        picture[box][painted[box]] = colours[painted[box]]
        for edge in (self._samples.start, self._samples.stop - 1):
            picture[edge, self._beams] = 255
        for edge in (self._beams.start, self._beams.stop - 1):
            picture[self._samples, edge] = 255
        return picture
