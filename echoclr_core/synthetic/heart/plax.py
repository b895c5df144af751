"""The parasternal long axis: left ventricle, septum, posterior wall, root and cusps, atrium, mitral valve.

Heart coordinates are (s, t) in cm: s along the ventricle's axis, 0 at its base, negative towards the apex
(left on screen); t across it, positive away from the transducer.
"""

from dataclasses import dataclass

import numpy as np

from echoclr_core.synthetic.heart.anatomy import Anatomy
from echoclr_core.synthetic.heart.motion import Beat
from echoclr_core.synthetic.heart.outlines import (
    Placement,
    Shape,
    arc,
    area_between,
    closed_spline,
    ellipse,
    spline,
    stroke,
)
from echoclr_core.synthetic.heart.scene import (
    BLOOD,
    CHEST,
    LEAFLET,
    MYOCARDIUM,
    PERICARDIUM,
    WALL,
    Pose,
    Scene,
    behind_shapes,
    chest_shapes,
)


@dataclass(frozen=True)
class _Ventricle:
    """The left ventricle of one moment: curves over s, from apex to base."""

    s: np.ndarray
    radius: np.ndarray
    septum: float
    posterior: float
    base: float  # s of the base
    base_radius: float
    middle_radius: float
    bulge: np.ndarray  # extra thickness of the basal septum

    @property
    def septal_edge(self) -> np.ndarray:
        return np.stack((self.s, -self.radius + self.bulge), 1)

    @property
    def posterior_edge(self) -> np.ndarray:
        return np.stack((self.s, self.radius), 1)

    @property
    def septal_outside(self) -> np.ndarray:
        taper = np.clip((self.s - self.s[0]) / 1.2, 0, 1) ** 0.5
        # The basal septum thins out into the wall of the root.
        basal = 1 - 0.75 * np.clip((self.s - self.base + 0.9) / 0.9, 0, 1) ** 2
        return np.stack((self.s - 0.7 * (1 - taper), -self.radius - self.septum * taper * basal), 1)

    @property
    def posterior_outside(self) -> np.ndarray:
        taper = np.clip((self.s - self.s[0]) / 1.2, 0, 1) ** 0.5
        return np.stack((self.s - 0.7 * (1 - taper), self.radius + self.posterior * taper), 1)


def _ventricle(anatomy: Anatomy, beat: Beat, pose: Pose) -> _Ventricle:
    """Cavity and walls: the cavity narrows by the shortening, walls thicken, the base descends."""
    length, c = anatomy.lv_length, beat.contraction
    middle = anatomy.lvidd / 2 * (1 - anatomy.shortening * c)
    base, base_radius = -1.1 * c, anatomy.lvidd / 2 * (0.99 - 0.16 * c)
    widest = -0.38 * length
    s = np.concatenate((-length * np.sqrt(np.linspace(1, 0.16, 14)), np.linspace(-0.36 * length, base, 10)))
    towards_apex = np.sqrt(np.clip(1 - ((s - widest) / (0.62 * length)) ** 2, 0, 1)) * middle
    towards_base = middle + (base_radius - middle) * ((s - widest) / (base - widest)) ** 2
    bulge = anatomy.septal_bulge * np.exp(-(((s - base + 1.0) / 0.9) ** 2))
    thicker = 1 + 0.9 * anatomy.shortening * c
    return _Ventricle(
        s=s,
        radius=np.where(s < widest, towards_apex, towards_base),
        septum=anatomy.septum * thicker * pose.wall_obliquity,
        posterior=anatomy.posterior_wall * thicker * pose.wall_obliquity,
        base=base,
        base_radius=base_radius,
        middle_radius=middle,
        bulge=bulge,
    )


@dataclass(frozen=True)
class _Root:
    """The aortic root: its own axis starts at the centre of the annulus and climbs by the root's angle."""

    place: Placement
    u: np.ndarray
    half: np.ndarray

    def edge(self, side: int, extra: float = 0.0) -> np.ndarray:
        """Inner edge of the wall: side -1 anterior, +1 posterior; ``extra`` cm further out."""
        return self.place(np.stack((self.u, side * (self.half + extra)), 1))


def _root(anatomy: Anatomy, lv: _Ventricle) -> _Root:
    start = (lv.base + 0.15, -lv.base_radius + 0.5 * anatomy.annulus - 0.1)
    u = np.array([-0.5, 0, 0.3, 0.7, 1.1, 1.5, 1.9, 2.3, 3.0, 4.0, 5.5, 7.0])
    a, s, d = anatomy.annulus, anatomy.sinus, anatomy.aorta
    full = np.array([a, a, 0.55 * a + 0.45 * s, 0.97 * s, s, 0.95 * s, 0.9 * d, 0.9 * d, 0.97 * d, d, d, d])
    return _Root(Placement(*start, degrees=-anatomy.root_angle), u, full / 2)


def _cusps(anatomy: Anatomy, beat: Beat, pose: Pose, root: _Root) -> list[Shape]:
    """Two cusps: closed, they meet in the middle of the sinus; open, they stand a separation apart."""
    hinge = anatomy.annulus / 2
    half_open = min(anatomy.cusp_separation * pose.valve_obliquity, 0.9 * anatomy.annulus) / 2
    apart = 0.04 + (half_open - 0.04) * beat.aortic
    tip = 0.78 + 0.28 * beat.aortic
    level = min(MYOCARDIUM + anatomy.cusp_level, -1.0)
    shapes = []
    for side in (-1, 1):
        # A stiff cusp domes: it leaves the hinge outwards and turns in late.
        middle = (0.45 * tip, side * (0.45 * hinge + 0.55 * apart + 0.12))
        line = spline([(0.0, side * hinge), middle, (tip, side * apart)], 9)
        thickness = anatomy.cusp_thickness * np.linspace(0.75, 1.15, 9)
        shapes.append(Shape("aortic cusp", root.place(stroke(line, thickness)), level))
    return shapes


def _mitral(
    anatomy: Anatomy, beat: Beat, lv: _Ventricle, curtain: np.ndarray, groove: np.ndarray
) -> list[Shape]:
    """Both leaflets and a chord; they meet a little inside the ventricle, and swing apart when open."""
    m = beat.mitral
    meet = 0.42 * curtain + 0.58 * groove + np.array([-0.85, 0.0])
    anterior_open = curtain + anatomy.anterior_leaflet * np.array([-0.90, -0.44])
    posterior_open = groove + anatomy.posterior_leaflet * np.array([-0.97, -0.24])
    anterior = (1 - m) * meet + m * anterior_open
    posterior = (1 - m) * meet + m * posterior_open
    papillary = np.array([-0.50 * anatomy.lv_length, 0.62 * lv.middle_radius])
    return [
        Shape("chord", stroke(arc(anterior, papillary, 0.1, 6), 0.07), LEAFLET - 10),
        Shape("chord", stroke(arc(posterior, papillary, -0.1, 6), 0.07), LEAFLET - 10),
        Shape(
            "papillary muscle",
            ellipse(tuple(papillary + np.array([-0.55, 0.28])), (0.85, 0.3), 14),
            MYOCARDIUM - 4,
        ),
        Shape(
            "mitral leaflet",
            stroke(arc(curtain, anterior, 0.22 * (1 - m) + 0.1, 9), np.linspace(0.15, 0.2, 9)),
            LEAFLET,
        ),
        Shape("mitral leaflet", stroke(arc(groove, posterior, -0.12, 7), np.linspace(0.15, 0.2, 7)), LEAFLET),
    ]


def _atrium(anatomy: Anatomy, beat: Beat, root: _Root, curtain: np.ndarray, groove: np.ndarray) -> np.ndarray:
    """Outline of the left atrium, below the root."""
    size = anatomy.atrium * (0.86 + 0.2 * beat.filling)
    roof = root.edge(1, 0.34)
    floor = curtain[1] + size
    right = 1.0 + 0.95 * anatomy.atrium
    points = [
        tuple(groove + np.array([0.3, 0.1])),
        tuple(curtain + np.array([0.35, 0.3])),
        tuple(roof[5]),
        tuple(roof[7] + np.array([0.2, 0.1])),
        (right, 0.45 * floor),
        (0.92 * right, 0.8 * floor),
        (0.6 * right, floor),
        (0.28 * right, 0.98 * floor),
    ]
    return closed_spline(points)


def _right_ventricle(
    anatomy: Anatomy, beat: Beat, lv: _Ventricle, root: _Root
) -> tuple[np.ndarray, np.ndarray]:
    """Cavity of the right ventricle with its outflow above the root, and its free wall's inner edge."""
    rest = -(anatomy.lvidd / 2 + anatomy.septum)
    height = anatomy.right_ventricle * (1 - 0.22 * beat.contraction)
    free = spline(
        [
            (-7.2, 0.55 * rest),
            (-5.6, rest - 0.35 * height),
            (-3.6, rest - 0.72 * height),
            (-1.4, rest - 0.95 * height),
            (0.8, rest - 1.0 * height),
            (3.2, rest - 0.95 * height),
            (6.5, rest - 1.1 * height),
        ],
        28,
    )
    septal = lv.septal_outside[4:] + np.array([0, -0.05])
    floor = np.concatenate((septal, root.edge(-1, 0.3)[1:]))
    return area_between(free, floor), free


def _far_wall(lv: _Ventricle, floor: float) -> np.ndarray:
    """The pericardium, from the ventricle's posterior wall along the atrium's floor: (36, 2)."""
    outside = lv.posterior_outside
    along_ventricle = [tuple(outside[i] + np.array([0, 0.12])) for i in (6, 10, 14, 18, 20)]
    at_groove = (lv.base + 0.3, max(outside[-1, 1], 0.96 * floor) + 0.15)
    return spline([*along_ventricle, at_groove, (2.2, floor + 0.3), (4.2, 0.93 * floor + 0.3)], 36)


def _layers(anatomy: Anatomy, beat: Beat, pose: Pose, lv: _Ventricle, root: _Root) -> list[Shape]:
    """All structures in heart coordinates, in painter's order."""
    curtain = root.place(np.array([[0.05, anatomy.annulus / 2 + 0.08]]))[0]
    groove = np.array([lv.base - 0.45, lv.base_radius])
    atrium = _atrium(anatomy, beat, root, curtain, groove)
    chamber, free = _right_ventricle(anatomy, beat, lv, root)
    floor = float(atrium[:, 1].max())
    far_wall = _far_wall(lv, floor)
    before = np.concatenate((free, free[::-1] - np.array([0, 1.6])))
    inlet = np.array([[-0.6, 0.05], [0.7, 0.45], [0.75, 0.05], [0.0, -0.05]])
    orifice = np.stack((curtain, curtain, groove, groove)) + inlet
    aorta, size = (0.9, floor + 0.75 + anatomy.descending_aorta), anatomy.descending_aorta
    return [
        *behind_shapes(far_wall),
        Shape("before", before, CHEST - 5, soft=True),
        Shape("right ventricular wall", stroke(free, 0.42), WALL - 1),
        Shape("right ventricle", chamber, BLOOD + 3),
        Shape("myocardium", area_between(lv.septal_outside, lv.posterior_outside), MYOCARDIUM),
        Shape("atrial wall", stroke(np.concatenate((atrium, atrium[:1])), 0.3), WALL - 2),
        Shape("left atrium", atrium, BLOOD),
        Shape("mitral orifice", orifice, BLOOD),
        Shape("left ventricle", area_between(lv.septal_edge, lv.posterior_edge), BLOOD),
        Shape("aortic wall", stroke(root.edge(-1, 0.09)[1:], 0.2), WALL + 2),
        Shape("aortic wall", stroke(root.edge(1, 0.09)[1:], 0.2), WALL + 2),
        Shape("aorta", area_between(root.edge(-1), root.edge(1)), BLOOD),
        Shape("groove", ellipse(tuple(groove + np.array([0.1, 0.35])), (0.5, 0.4)), WALL + 1),
        Shape("pericardium", stroke(far_wall, np.linspace(0.34, 0.2, 36)), PERICARDIUM),
        Shape("aortic wall", ellipse(aorta, (size + 0.15, size + 0.15)), WALL - 2),
        Shape("descending aorta", ellipse(aorta, (size, size)), BLOOD),
        *_mitral(anatomy, beat, lv, curtain, groove),
        *_cusps(anatomy, beat, pose, root),
    ]


def plax_scene(anatomy: Anatomy, beat: Beat, pose: Pose, depth: float) -> Scene:
    """The view at one moment.

    Parameters
    ----------
    anatomy, beat, pose
        Patient, moment, scan plane.
    depth
        Of the fan, cm.
    """
    lv = _ventricle(anatomy, beat, pose)
    root = _root(anatomy, lv)
    above = anatomy.chest_wall + 0.45 + anatomy.right_ventricle + anatomy.septum + anatomy.lvidd / 2
    place = Placement(1.5 + pose.shift[0], above + pose.shift[1], anatomy.axis + pose.rotation)
    heart = place.shapes(_layers(anatomy, beat, pose, lv, root))
    valve = place(root.place(np.array([[0.7, 0.0]])))[0]
    return Scene(
        shapes=(*chest_shapes(depth, anatomy.chest_wall), *heart),
        axis=place(np.array([[-0.75 * anatomy.lv_length, 0.0], [-0.2 * anatomy.lv_length, 0.0]])),
        radius=lv.middle_radius,
        rest_radius=anatomy.lvidd / 2,
        valve=(float(valve[0]), float(valve[1])),
        septum=lv.septum,
        posterior_wall=lv.posterior,
    )
