"""From a scene to a fan: echo levels and speckle in polar coordinates, log compression, scan conversion.

intensity = |amplitude × complex Gaussian speckle|² + noise. The speckle is √s · (a field carried along by the
tissue) + √(1−s) · (a field fresh in each frame). The carried field depends on the phase of the beat
alone: the heart moves through the scan plane on a closed loop, so that the plane cuts other tissue at other
phases. Two frames of one phase are equally alike however far apart they are in time: an autoregressive
speckle would give the order of frames away even where the heart stands still.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from echoclr_core.synthetic.heart.scene import Scene

RANGE_SAMPLES = 176
BEAM_SAMPLES = 112
SCALE = 4.0  # steps of the 8-bit level map a dB; it spans −63.75 to 0 dB
_FIXED = 16.0  # OpenCV polygons with 4 fractional bits
_CELL = 8  # samples and beams that share one displacement, before interpolation
_SOFT = (9, 9)  # two box blurs of this size take a soft shape's outline away
Waves = tuple[tuple[float, float, float, float, float], ...]


@dataclass(frozen=True, kw_only=True)
class Sector:
    """The fan in cm and radians: a transducer at (0, 0), z downwards.

    Parameters
    ----------
    depth
        Far radius, cm.
    half_angle
        Radians to either side.
    near
        Near radius, cm: above 0 for a zoomed window.
    steer
        Radians by which the middle beam leans to the right.
    """

    depth: float
    half_angle: float
    near: float = 0.0
    steer: float = 0.0

    def grid(self) -> tuple[np.ndarray, np.ndarray]:
        """(RANGE_SAMPLES,) radii and (BEAM_SAMPLES,) angles of the polar samples."""
        radii = np.linspace(self.near, self.depth, RANGE_SAMPLES, dtype=np.float32)
        angles = self.steer + np.linspace(-self.half_angle, self.half_angle, BEAM_SAMPLES, dtype=np.float32)
        return radii, angles

    def polar(self, points: np.ndarray) -> np.ndarray:
        """(N, 2) points in cm to (N, 2) polar sample positions (beam, range)."""
        radius = np.hypot(points[:, 0], points[:, 1])
        angle = np.arctan2(points[:, 0], np.maximum(points[:, 1], 1e-3)) - self.steer
        beam = (angle / self.half_angle + 1) / 2 * (BEAM_SAMPLES - 1)
        sample = (radius - self.near) / (self.depth - self.near) * (RANGE_SAMPLES - 1)
        return np.stack((beam, sample), 1)


@dataclass(frozen=True, kw_only=True)
class Acoustics:
    """How one video was acquired; nuisance that says nothing of the patient.

    Parameters
    ----------
    gain
        dB.
    dynamic_range
        dB from black to white.
    noise
        Noise floor, dB below the brightest reflector.
    attenuation
        dB a cm that the time-gain compensation leaves over (either sign).
    dropouts
        (angle in [-1, 1], width in [0, 1], depth of the shadow in dB) of each shadow.
    static_share
        Share of the speckle's power that moves with the tissue.
    through_plane
        Share of that power that the motion of the heart through the scan plane exchanges over half a beat.
    grain
        (beams, samples) width of the speckle.
    edge_loss
        dB lost at the outermost beams.
    specular
        Strength of interfaces that face the beam.
    haze
        Amplitude of the side lobes.
    """

    gain: float = 0.0
    dynamic_range: float = 54.0
    noise: float = -66.0
    attenuation: float = 0.0
    dropouts: tuple[tuple[float, float, float], ...] = ()
    static_share: float = 0.97
    through_plane: float = 0.4
    grain: tuple[float, float] = (1.9, 0.75)
    edge_loss: float = 6.0
    specular: float = 1.3
    haze: float = 0.06


def uneven(points: np.ndarray, waves: Waves) -> np.ndarray:
    """(N, 2) points in cm moved by the patient's waves: no heart is made of ellipses."""
    if not len(waves):
        return points
    w = np.asarray(waves)
    return points + np.sin(points @ w[:, :2].T + w[:, 2]) @ w[:, 3:]


def level_map(scene: Scene, sector: Sector, waves: Waves = ()) -> np.ndarray:
    """Echo levels on the polar grid: (R, B) uint8, ``SCALE`` steps a dB, 255 = 0 dB."""
    levels = np.zeros((RANGE_SAMPLES, BEAM_SAMPLES), np.uint8)
    points = [shape.points for shape in scene.shapes]
    ends = np.cumsum([len(p) for p in points])
    fixed = np.round(sector.polar(uneven(np.concatenate(points), waves)) * _FIXED).astype(np.int32)
    soft = True
    for shape, polygon in zip(scene.shapes, np.split(fixed, ends[:-1]), strict=True):
        if soft and not shape.soft:
            levels = cv2.blur(cv2.blur(levels, _SOFT), _SOFT)
            soft = False
        value = int(np.clip(255 + SCALE * shape.level, 0, 255))
        cv2.fillPoly(levels, [polygon], value, lineType=cv2.LINE_AA, shift=4)
    return levels


class Renderer:
    """Renders the frames of one video.

    Parameters
    ----------
    sector, acoustics
        Geometry and acquisition.
    rng
        The video's generator; frames must be rendered in order.
    waves
        The patient's uneven outlines, see ``Anatomy.unevenness``.
    """

    def __init__(self, sector: Sector, acoustics: Acoustics, rng: np.random.Generator, waves: Waves = ()):
        self._waves = waves
        self.sector, self.acoustics = sector, acoustics
        self._rng = rng
        decibels = (np.arange(256) - 255) / SCALE
        self._amplitude = (10 ** (decibels / 20)).astype(np.float32)
        self._radii, self._angles = sector.grid()
        self._loss = self._fixed_loss()
        shape = (RANGE_SAMPLES, BEAM_SAMPLES)
        texture = self._texture(shape)
        # Same tissue at every phase, then the two sides of the loop through the plane.
        self._carried = tuple(self._speckle(shape) * texture for _ in range(3))
        self._fresh = self._speckle((2 * RANGE_SAMPLES, 3 * BEAM_SAMPLES))
        grain = self._fresh[0, ::-1, ::-1]  # turned round, so that it has nothing to do with the speckle
        self._noise = (10 ** (acoustics.noise / 10) * (0.2 + 1.6 * grain**2)).astype(np.float32)
        self._coarse, self._coarse_shape = self._coarse_grid()
        self._coarse_polar = sector.polar(self._coarse)
        rows, columns = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
        self._rows, self._columns = rows, columns

    def _speckle(self, shape: tuple[int, int]) -> np.ndarray:
        """Complex Gaussian speckle of unit intensity: (2, h, w) float32, real and imaginary."""
        beams, samples = self.acoustics.grain
        field = self._rng.standard_normal((2, *shape), dtype=np.float32)
        smooth = [
            cv2.GaussianBlur(f, (0, 0), sigmaX=beams, sigmaY=samples, borderType=cv2.BORDER_REFLECT)
            for f in field
        ]
        smooth = np.stack(smooth)
        return smooth / np.sqrt(np.mean(smooth**2) * 2)

    def _texture(self, shape: tuple[int, int]) -> np.ndarray:
        """Amplitude factor of brighter and darker patches of tissue, which move with it: (h, w) float32."""
        rough = self._rng.standard_normal((shape[0] // 6, shape[1] // 6)).astype(np.float32)
        return 10 ** (1.8 * cv2.resize(rough, shape[::-1], interpolation=cv2.INTER_CUBIC) / 20)

    def _fixed_loss(self) -> np.ndarray:
        """Power factor of attenuation, drop-outs, fading edges and blotches: (R, B) float32."""
        a, share = self.acoustics, np.linspace(-1, 1, BEAM_SAMPLES, dtype=np.float32)
        loss = a.attenuation * (self._radii[:, None] - 0.5 * self.sector.depth) + np.zeros_like(share)[None]
        loss = loss - a.edge_loss * np.abs(share[None]) ** 4
        deep = np.clip((self._radii - 1.5) / 3.0, 0, 1)[:, None]
        for angle, width, depth in a.dropouts:
            loss = loss - depth * np.exp(-(((share[None] - angle) / width) ** 2)) * deep
        blotches = self._rng.standard_normal((9, 8)).astype(np.float32)
        loss = loss + 2.2 * cv2.resize(blotches, (BEAM_SAMPLES, RANGE_SAMPLES), interpolation=cv2.INTER_CUBIC)
        return (10 ** (loss / 10)).astype(np.float32)

    def _coarse_grid(self) -> tuple[np.ndarray, tuple[int, int]]:
        """Points in cm on which displacement is computed, (N, 2), and their (rows, columns)."""
        # Centres of cells, since that is where cv2.resize takes its samples to stand.
        radii = self._radii.reshape(-1, _CELL).mean(1)
        angles = self._angles.reshape(-1, _CELL).mean(1)
        x, z = radii[:, None] * np.sin(angles), radii[:, None] * np.cos(angles)
        return np.stack((x, z), -1).reshape(-1, 2), x.shape

    def _moved(self, scene: Scene) -> tuple[np.ndarray, np.ndarray]:
        """Where the tissue now at each polar sample stood at end-diastole, as maps for cv2.remap."""
        start, end = scene.axis
        way = end - start
        length = max(float(way @ way), 1e-6)
        share = np.clip((self._coarse - start) @ way / length, 0, 1)
        offset = self._coarse - (start + share[:, None] * way)
        distance = np.maximum(np.linalg.norm(offset, axis=1), 1e-3)
        ratio = distance / scene.radius
        shrunk = scene.rest_radius - scene.radius
        outward = shrunk * np.where(ratio < 1, ratio, np.exp(-(ratio - 1) * 1.3))
        source = self._coarse + offset * (outward / distance)[:, None]
        shift = (self.sector.polar(source) - self._coarse_polar).astype(np.float32)
        shift = np.clip(shift, -25, 25).reshape(*self._coarse_shape, 2)
        full = cv2.resize(shift, (BEAM_SAMPLES, RANGE_SAMPLES), interpolation=cv2.INTER_LINEAR)
        return full[..., 0] + self._columns, full[..., 1] + self._rows

    def frame(self, scene: Scene, phase: float = 0.0) -> np.ndarray:
        """One frame at ``phase`` of the beat, on the polar grid: (RANGE_SAMPLES, BEAM_SAMPLES) uint8."""
        a = self.acoustics
        amplitude = self._amplitude[level_map(scene, self.sector, self._waves)]
        edges = np.abs(cv2.Sobel(amplitude, cv2.CV_32F, 0, 1, ksize=3, scale=0.25))
        amplitude = cv2.addWeighted(amplitude, 0.8, edges, a.specular, 0)
        amplitude = cv2.GaussianBlur(amplitude, (7, 3), sigmaX=1.3, sigmaY=0.6)
        # Side lobes: a faint haze to both sides of bright reflectors.
        amplitude = cv2.addWeighted(amplitude, 1.0, cv2.blur(amplitude, (31, 3)), a.haze, 0)
        speckle = cv2.magnitude(*self._frame_speckle(phase, *self._moved(scene)))
        power = cv2.multiply(amplitude, speckle)
        power = cv2.multiply(power, power)
        top, left = int(self._rng.integers(RANGE_SAMPLES)), int(self._rng.integers(2 * BEAM_SAMPLES))
        noise = self._noise[top : top + RANGE_SAMPLES, left : left + BEAM_SAMPLES]
        power = cv2.multiply(power, self._loss) + noise
        # 255 · (10 log10(power) + gain + range) / range, the log in place
        scale = 255 / a.dynamic_range
        picture = cv2.log(power) * np.float32(10 / np.log(10) * scale) + np.float32(a.gain * scale + 255)
        return np.clip(picture, 0, 255).astype(np.uint8)

    def _tissue_speckle(self, phase: float) -> np.ndarray:
        """(2, R, B) float32: the field that the tissue carries, where the scan plane cuts it at ``phase``."""
        share, angle = self.acoustics.through_plane, 2 * np.pi * phase
        weights = (np.sqrt(1 - share), np.sqrt(share) * np.cos(angle), np.sqrt(share) * np.sin(angle))
        return sum(np.float32(weight) * field for weight, field in zip(weights, self._carried, strict=True))

    def _frame_speckle(self, phase: float, map_x: np.ndarray, map_y: np.ndarray) -> list[np.ndarray]:
        """Speckle of one frame, real and imaginary: the carried field mixed with a fresh one."""
        top, left = int(self._rng.integers(RANGE_SAMPLES)), int(self._rng.integers(2 * BEAM_SAMPLES))
        share = self.acoustics.static_share
        parts = []
        for still, fresh in zip(self._tissue_speckle(phase), self._fresh, strict=True):
            carried = cv2.remap(still, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
            window = fresh[top : top + RANGE_SAMPLES, left : left + BEAM_SAMPLES]
            parts.append(cv2.addWeighted(carried, np.sqrt(share), window, np.sqrt(1 - share), 0))
        return parts


class ScanConverter:
    """Polar frames to a Cartesian picture.

    Parameters
    ----------
    sector
        The fan.
    apex
        (x, y) pixel of the transducer.
    pixels_per_cm
        Scale.
    size
        (height, width) of the picture.
    cut
        (left, right) columns between which the fan is shown, for windows cut at a side.
    """

    def __init__(
        self,
        sector: Sector,
        apex: tuple[float, float],
        pixels_per_cm: float,
        size: tuple[int, int],
        cut: tuple[float, float] | None = None,
    ):
        height, width = size
        y, x = np.mgrid[0:height, 0:width].astype(np.float32)
        points = np.stack(((x - apex[0]) / pixels_per_cm, (y - apex[1]) / pixels_per_cm), -1).reshape(-1, 2)
        polar = sector.polar(points).astype(np.float32).reshape(height, width, 2)
        beam, sample = polar[..., 0], polar[..., 1]
        inside = (beam >= 0) & (beam <= BEAM_SAMPLES - 1) & (sample >= 0) & (sample <= RANGE_SAMPLES - 1)
        inside &= y > apex[1]
        if cut is not None:
            inside &= (x >= cut[0]) & (x <= cut[1])
        self.mask = inside
        beam = np.where(inside, beam, -9)
        self._maps = cv2.convertMaps(beam, sample, cv2.CV_16SC2)

    def __call__(self, polar: np.ndarray) -> np.ndarray:
        """(R, B) or (R, B, 3) uint8 on the polar grid to (H, W) or (H, W, 3) uint8; 0 outside the fan."""
        return cv2.remap(polar, *self._maps, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=0)


def fan_frames(scenes: Sequence[Scene], renderer: Renderer, converter: ScanConverter) -> np.ndarray:
    """Render ``scenes`` in order: (T, H, W) uint8."""
    return np.stack([converter(renderer.frame(scene)) for scene in scenes])
