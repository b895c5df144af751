"""Apical four and two chambers, and the subcostal four chambers.

Heart coordinates are (x, y) in cm: the apex of the left ventricle at (0, 0), its axis along y towards the
base, the right heart at negative x (left on screen).
"""

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
    LEAFLET,
    LIVER,
    MYOCARDIUM,
    PERICARDIUM,
    WALL,
    Pose,
    Scene,
    behind_shapes,
    chest_shapes,
)


class _Chambers:
    """Outlines of one moment in heart coordinates."""

    def __init__(self, anatomy: Anatomy, beat: Beat, pose: Pose):
        c = beat.contraction
        self.base = anatomy.lv_length - 1.3 * c
        self.radius = 0.98 * anatomy.lvidd / 2 * (1 - anatomy.shortening * c)
        thicker = (1 + 0.9 * anatomy.shortening * c) * pose.wall_obliquity
        self.septum, self.lateral = anatomy.septum * thicker, anatomy.posterior_wall * thicker
        y = np.linspace(0, 1, 22) ** 1.6 * (self.base - 0.25 * c) + 0.25 * c
        widest = 0.62 * self.base
        towards_apex = np.sqrt(np.clip(1 - ((y - widest) / (widest - 0.25 * c)) ** 2, 0, 1))
        towards_base = 1 - 0.22 * ((y - widest) / (self.base - widest)) ** 2
        half = self.radius * np.where(y < widest, towards_apex, towards_base)
        self.left, self.right = np.stack((-half, y), 1), np.stack((half, y), 1)
        apex = np.clip(y / 1.5, 0.15, 1) ** 0.5
        lift = 0.8 * (1 - apex)
        self.left_outside = np.stack((-half - self.septum * apex, y - lift), 1)
        self.right_outside = np.stack((half + self.lateral * apex, y - lift), 1)
        self.hinge_left, self.hinge_right = self.left[-1], self.right[-1]
        self.right_width = 1.25 * anatomy.right_ventricle * (1 - 0.25 * c)
        atrium = anatomy.atrium * (0.88 + 0.18 * beat.filling)
        self.atrium = atrium
        self.floor = self.base + 1.3 * atrium
        # Both atria share the thin septum that goes on where the ventricles' septum ends.
        self.divide = self.hinge_left + np.array([-0.45, 0.5])


def _left_layers(anatomy: Anatomy, beat: Beat, c: _Chambers) -> list[Shape]:
    """Left ventricle, left atrium and mitral valve."""
    right = c.divide[0] + 1.25 * c.atrium
    atrium = closed_spline(
        [
            tuple(c.divide + np.array([0.3, 0.0])),
            (c.divide[0] + 0.5 * c.atrium, c.base + 0.15),
            tuple(c.hinge_right + np.array([-0.1, 0.45])),
            (right, c.base + 0.62 * c.atrium),
            (right - 0.35 * c.atrium, c.floor - 0.15),
            (c.divide[0] + 0.45 * c.atrium, c.floor),
            (c.divide[0] + 0.28, c.base + 0.85 * c.atrium),
        ]
    )
    m = beat.mitral
    meet = 0.55 * c.hinge_left + 0.45 * c.hinge_right + np.array([0.1, -0.5])
    first = (1 - m) * meet + m * (c.hinge_left + np.array([0.35, -0.95 * anatomy.anterior_leaflet]))
    second = (1 - m) * meet + m * (c.hinge_right + np.array([-0.25, -0.95 * anatomy.posterior_leaflet]))
    rim = np.concatenate((c.left_outside[::-1], c.right_outside))
    return [
        Shape("pericardium", stroke(c.right_outside[4:], 0.3), WALL + 5),
        Shape("myocardium", rim, MYOCARDIUM + 2),
        Shape("atrial wall", stroke(np.concatenate((atrium, atrium[:1])), 0.32), WALL - 1),
        Shape("left atrium", atrium, BLOOD),
        Shape("left ventricle", area_between(c.left, c.right), BLOOD + 4),
        Shape("annulus", ellipse(tuple(c.hinge_left), (0.3, 0.25)), WALL + 2),
        Shape("annulus", ellipse(tuple(c.hinge_right), (0.35, 0.3)), WALL + 2),
        Shape("mitral leaflet", stroke(arc(c.hinge_left, first, -0.15, 8), 0.18), LEAFLET),
        Shape("mitral leaflet", stroke(arc(c.hinge_right, second, 0.12, 7), 0.18), LEAFLET),
    ]


def _right_layers(anatomy: Anatomy, beat: Beat, c: _Chambers) -> list[Shape]:
    """Right ventricle, right atrium, tricuspid valve and the atrial septum."""
    top = int(np.searchsorted(c.left_outside[:, 1], 0.24 * c.base))
    septal = c.left_outside[top:]
    free_base = septal[-1] + np.array([-c.right_width - 0.3, -0.7])
    free = spline(
        [
            tuple(septal[0]),
            (septal[0, 0] - 0.55 * c.right_width, 0.42 * c.base),
            (septal[0, 0] - 1.0 * c.right_width, 0.68 * c.base),
            tuple(free_base),
        ],
        18,
    )
    size = 0.95 * anatomy.atrium * (0.9 + 0.15 * beat.filling)
    left = c.divide[0] - 0.95 * size - 0.2
    atrium = closed_spline(
        [
            tuple(c.divide + np.array([-0.25, -0.2])),
            tuple(c.divide + np.array([-0.22, 0.5 * size])),
            (c.divide[0] - 0.4 * size, c.base + 1.12 * size),
            (left + 0.25 * size, c.base + 1.0 * size),
            (left, c.base + 0.5 * size),
            tuple(free_base + np.array([0.25, 0.45])),
            (c.divide[0] - 0.5 * size, c.base - 0.35),
        ]
    )
    hinge = septal[-1] + np.array([0.1, -0.55])
    m = beat.mitral
    meet = 0.5 * (hinge + free_base) + np.array([0, -0.2])
    first = (1 - m) * meet + m * (hinge + np.array([-0.35, -1.5]))
    second = (1 - m) * meet + m * (free_base + np.array([0.4, -1.7]))
    between = c.divide + np.stack((np.zeros(6), np.linspace(-0.3, size, 6)), 1)
    return [
        Shape("right ventricular wall", stroke(free, 0.75), MYOCARDIUM + 1),
        Shape("atrial wall", stroke(np.concatenate((atrium, atrium[:1])), 0.32), WALL - 1),
        Shape("right atrium", atrium, BLOOD),
        Shape("right ventricle", area_between(free, septal), BLOOD + 3),
        Shape("atrial septum", stroke(between, 0.28), WALL - 4),
        Shape("annulus", ellipse(tuple(hinge), (0.28, 0.25)), WALL + 1),
        Shape("tricuspid leaflet", stroke(arc(hinge, first, 0.12, 7), 0.16), LEAFLET - 1),
        Shape("tricuspid leaflet", stroke(arc(free_base, second, -0.15, 7), 0.16), LEAFLET - 1),
    ]


def _scene(
    anatomy: Anatomy, c: _Chambers, place: Placement, before: list[Shape], layers: list[Shape]
) -> Scene:
    placed = place.shapes(layers)
    return Scene(
        shapes=(*before, *placed),
        axis=place(np.array([[0.0, 2.0], [0.0, 0.8 * c.base]])),
        radius=c.radius,
        rest_radius=0.98 * anatomy.lvidd / 2,
        valve=None,
        septum=c.septum,
        posterior_wall=c.lateral,
    )


def a4c_scene(anatomy: Anatomy, beat: Beat, pose: Pose, depth: float) -> Scene:
    """Apical four chambers: apex up, left heart on the right of the screen."""
    c = _Chambers(anatomy, beat, pose)
    place = Placement(0.7 + pose.shift[0], anatomy.chest_wall + 0.9 + pose.shift[1], pose.rotation - 3)
    floor = c.floor + 0.2
    back = spline(
        [(-6.5, floor - 2.4), (-3.5, floor + 0.2), (0, floor + 0.5), (3.2, floor - 0.4), (5.5, floor - 2.6)],
        24,
    )
    around = [
        *behind_shapes(back),
        Shape("pericardium", stroke(back, 0.35), PERICARDIUM - 5),
    ]
    layers = around + _right_layers(anatomy, beat, c) + _left_layers(anatomy, beat, c)
    return _scene(anatomy, c, place, chest_shapes(depth, anatomy.chest_wall), layers)


def a2c_scene(anatomy: Anatomy, beat: Beat, pose: Pose, depth: float) -> Scene:
    """Apical two chambers: left ventricle and atrium alone, with the coronary sinus."""
    c = _Chambers(anatomy, beat, pose)
    place = Placement(pose.shift[0], anatomy.chest_wall + 0.9 + pose.shift[1], pose.rotation - 6)
    sinus = ellipse((-c.radius - 0.5, c.base + 0.5), (0.4, 0.32))
    floor = c.floor + 0.3
    back = spline([(-4.5, floor - 1.6), (0, floor + 0.3), (4.2, floor - 1.4)], 20)
    layers = [
        *behind_shapes(back),
        Shape("pericardium", stroke(c.left_outside[4:], 0.3), WALL + 5),
        *_left_layers(anatomy, beat, c),
        Shape("coronary sinus wall", ellipse((-c.radius - 0.5, c.base + 0.5), (0.6, 0.5)), WALL),
        Shape("coronary sinus", sinus, BLOOD),
        Shape("pericardium", stroke(back, 0.3), PERICARDIUM - 4),
    ]
    return _scene(anatomy, c, place, chest_shapes(depth, anatomy.chest_wall), layers)


def subcostal_scene(anatomy: Anatomy, beat: Beat, pose: Pose, depth: float) -> Scene:
    """Subcostal four chambers: through the liver, the right heart nearest, the apex to the upper right."""
    c = _Chambers(anatomy, beat, pose)
    place = Placement(5.4 + pose.shift[0], anatomy.chest_wall + 5.2 + pose.shift[1], 64 + pose.rotation)
    near = anatomy.chest_wall
    liver = closed_spline(
        [
            (-9, near),
            (-3, near),
            (4, near),
            (6, near + 1.8),
            (1.5, near + 2.6),
            (-4, near + 4.2),
            (-10, near + 7),
        ]
    )
    vessel = ellipse((-3.2 + pose.shift[0], near + 2.0), (0.9, 0.25), 25)
    before = chest_shapes(depth, anatomy.chest_wall)
    before += [Shape("liver", liver, LIVER + 3), Shape("hepatic vein", vessel, BLOOD + 8)]
    capsule = spline(
        [(8, near + 1.6), (4.5, near + 2.2), (1.5, near + 2.7), (-4, near + 4.3), (-9, near + 6.5)], 24
    )
    before.append(Shape("diaphragm", stroke(capsule, 0.25), PERICARDIUM - 7))
    return _scene(anatomy, c, place, before, _right_layers(anatomy, beat, c) + _left_layers(anatomy, beat, c))
