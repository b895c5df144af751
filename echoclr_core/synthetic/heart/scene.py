"""One moment of one view: the structures in painter's order, and how the tissue has moved."""

from dataclasses import dataclass

import numpy as np

from echoclr_core.synthetic.heart.outlines import Shape

# Echo levels in dB below the brightest reflector.
BLOOD = -50.0
SURROUND = -37.0
BEHIND = -16.0
MYOCARDIUM = -19.0
WALL = -15.0  # atrial, aortic and right-ventricular walls
LEAFLET = -12.0
PERICARDIUM = -4.0
CHEST = -17.0
LIVER = -22.0


@dataclass(frozen=True, kw_only=True)
class Pose:
    """How one video looks at the heart: nuisance of the scan plane, in cm, degrees and shares.

    Parameters
    ----------
    shift
        (x, z) of the heart in the fan, cm.
    rotation
        Degrees, clockwise on screen.
    wall_obliquity, valve_obliquity
        Factors on wall thickness and on cusp opening, from a plane that is not quite the axis.
    """

    shift: tuple[float, float] = (0.0, 0.0)
    rotation: float = 0.0
    wall_obliquity: float = 1.0
    valve_obliquity: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Scene:
    """What the renderer draws, in fan coordinates: cm, the transducer at (0, 0), z downwards.

    Parameters
    ----------
    shapes
        Structures, the later ones over the earlier ones.
    axis
        (2, 2) two ends of the ventricle's axis (equal points in short axis).
    radius, rest_radius
        Half the cavity now and at end-diastole: the tissue's displacement follows from them.
    valve
        (x, z) of the aortic valve, None where the view has none.
    septum, posterior_wall
        Wall thickness as drawn, cm, of this moment.
    """

    shapes: tuple[Shape, ...]
    axis: np.ndarray
    radius: float
    rest_radius: float
    valve: tuple[float, float] | None
    septum: float
    posterior_wall: float


def chest_shapes(depth: float, chest_wall: float) -> list[Shape]:
    """Near field and the tissue around the heart, for any view; ``depth`` of the fan in cm."""
    angles = np.linspace(-1.3, 1.3, 24)
    ring = np.stack((np.sin(angles), np.cos(angles)), 1)

    def shell(near: float, far: float, level: float) -> Shape:
        return Shape("chest wall", np.concatenate((near * ring, far * ring[::-1])), level, soft=True)

    return [
        shell(0.0, 1.1 * depth, SURROUND),
        shell(0.05, 0.5 * chest_wall, CHEST + 1),
        shell(0.5 * chest_wall, 0.65 * chest_wall, CHEST + 10),
        shell(0.65 * chest_wall, 0.9 * chest_wall, CHEST - 9),
        shell(0.9 * chest_wall, chest_wall, CHEST + 8),
        shell(chest_wall, 1.5 * chest_wall, CHEST - 6),
    ]


def behind_shapes(rim: np.ndarray, thickness: float = 1.5) -> list[Shape]:
    """Lung and mediastinum beyond the far wall ``rim`` (points from left to right): bright, then fading."""
    steps = [(0.0, 1.0, BEHIND), (1.0, 2.0, BEHIND - 5), (2.0, 3.2, BEHIND - 9)]
    down = np.array([0.0, thickness])
    return [
        Shape("behind", np.concatenate((rim + near * down, rim[::-1] + far * down)), level, soft=True)
        for near, far, level in steps
    ]
