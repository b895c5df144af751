"""How one video is taken: everything that differs between two videos of one heart."""

from dataclasses import dataclass

import numpy as np

from echoclr_core.synthetic.heart.scene import Pose
from echoclr_core.synthetic.heart.views import View
from echoclr_core.synthetic.rendering.render import Acoustics, Sector


@dataclass(frozen=True, kw_only=True)
class Acquisition:
    """Nuisance of one video; nothing here depends on the valve or the walls.

    Parameters
    ----------
    sector, acoustics, pose
        Geometry, signal, scan plane.
    heart_rate_factor
        Against the patient's usual rate.
    first_phase
        Phase of the first frame.
    cut
        Share of the fan's width that is cut off at the right side (0 for a whole fan).
    """

    sector: Sector
    acoustics: Acoustics
    pose: Pose
    heart_rate_factor: float
    first_phase: float
    cut: float


def draw_acquisition(
    rng: np.random.Generator, view: View, *, penetration: float = 0.0, difficulty: float = 1.0
) -> Acquisition:
    """Draw one video's acquisition.

    Parameters
    ----------
    rng
        The video's generator.
    view
        Depths and angles that are usual for it.
    penetration
        dB of the patient's acoustic window.
    difficulty
        Factor on every spread.
    """
    d = difficulty
    depth = _between(rng, view.depths, d)
    half_angle = np.deg2rad(_between(rng, view.half_angles, d))
    near = _between(rng, view.near, d) * depth
    steer = np.deg2rad(_between(rng, view.steer, d))
    pose = Pose(
        shift=(d * rng.normal(0, 0.45), d * rng.normal(0, 0.35)),
        rotation=d * rng.normal(0, 4.0),
        wall_obliquity=1 + d * abs(rng.normal(0, 0.05)),
        valve_obliquity=float(np.clip(1 + d * rng.normal(0, 0.08), 0.7, 1.3)),
    )
    shadows = tuple(
        (rng.uniform(-0.9, 0.9), rng.uniform(0.06, 0.2), d * rng.uniform(5, 16))
        for _ in range(int(rng.integers(0, 3)))
    )
    acoustics = Acoustics(
        gain=penetration + d * rng.normal(0, 3.0),
        dynamic_range=53 + d * rng.uniform(-7, 7),
        noise=-66 + d * rng.uniform(-5, 6),
        attenuation=d * rng.normal(0, 0.35),
        dropouts=shadows,
        static_share=float(np.clip(0.97 + d * rng.uniform(-0.01, 0.01), 0.9, 0.99)),
        through_plane=float(np.clip(0.4 + d * rng.uniform(-0.1, 0.1), 0.0, 0.8)),
        grain=(1.9 * (1 + d * rng.uniform(-0.2, 0.25)), 0.75 * (1 + d * rng.uniform(-0.2, 0.25))),
        edge_loss=7 + d * rng.uniform(-5, 7),
        specular=1.3 + d * rng.uniform(-0.5, 0.5),
        haze=0.06 * (1 + d * rng.uniform(-0.7, 0.9)),
    )
    return Acquisition(
        sector=Sector(depth=depth, half_angle=float(half_angle), near=near, steer=float(steer)),
        acoustics=acoustics,
        pose=pose,
        heart_rate_factor=float(np.clip(1 + d * rng.normal(0, 0.04), 0.8, 1.25)),
        first_phase=float(rng.random()),
        cut=float(rng.uniform(0.02, 0.08)) if d and rng.random() < 0.08 else 0.0,
    )


def _between(rng: np.random.Generator, limits: tuple[float, float], difficulty: float) -> float:
    """Uniform around the middle of ``limits``; ``difficulty`` narrows the spread but never widens it."""
    middle, half = (limits[0] + limits[1]) / 2, (limits[1] - limits[0]) / 2
    return float(middle + half * min(difficulty, 1.0) * rng.uniform(-1, 1))
