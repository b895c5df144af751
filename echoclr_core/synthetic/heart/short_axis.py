"""Parasternal short axes: papillary muscles, mitral valve, aortic valve.

Coordinates are (x, y) in cm around the centre of the left ventricle or of the root, y away from the
transducer.
"""

import numpy as np

from echoclr_core.synthetic.heart.anatomy import Anatomy
from echoclr_core.synthetic.heart.motion import Beat
from echoclr_core.synthetic.heart.outlines import (
    Placement,
    Shape,
    arc,
    closed_spline,
    ellipse,
    spline,
    stroke,
)
from echoclr_core.synthetic.heart.scene import (
    BLOOD,
    LEAFLET,
    MYOCARDIUM,
    PERICARDIUM,
    WALL,
    Pose,
    Scene,
    behind_shapes,
    chest_shapes,
)


def _ring(anatomy: Anatomy, beat: Beat, pose: Pose, scale: float) -> tuple[float, float, float]:
    """Cavity radius at rest, cavity radius now, wall thickness now."""
    rest = scale * anatomy.lvidd / 2
    radius = rest * (1 - anatomy.shortening * beat.contraction)
    wall = 0.5 * (anatomy.septum + anatomy.posterior_wall)
    return rest, radius, wall * (1 + 0.9 * anatomy.shortening * beat.contraction) * pose.wall_obliquity


def _ventricle_layers(anatomy: Anatomy, beat: Beat, radius: float, wall: float) -> list[Shape]:
    """Ring of the left ventricle, the right ventricle wrapped around its upper left, pericardium."""
    outer = radius + wall
    height = anatomy.right_ventricle * (1 - 0.25 * beat.contraction)
    chamber = closed_spline(
        [
            (-outer - 0.9, 0.55 * outer),
            (-outer - 0.2, 0.2 * outer),
            (-0.8 * outer, -0.62 * outer),
            (-0.1 * outer, -1.02 * outer),
            (0.5 * outer, -0.98 * outer),
            (0.62 * outer, -outer - 0.3 * height),
            (0.3 * outer, -outer - 0.75 * height),
            (-0.5 * outer, -outer - 0.95 * height),
            (-1.15 * outer, -0.75 * outer - 0.75 * height),
            (-outer - 1.6, -0.4 * outer),
        ]
    )
    angles = np.linspace(np.deg2rad(5), np.deg2rad(165), 30)
    rim = (outer + 0.2) * np.stack((np.cos(angles), np.sin(angles)), 1)
    return [
        *behind_shapes(rim[::-1]),
        Shape("right ventricular wall", stroke(np.concatenate((chamber, chamber[:1])), 0.8), WALL - 3),
        Shape("right ventricle", chamber, BLOOD + 3),
        Shape("myocardium", ellipse((0, 0), (outer, outer)), MYOCARDIUM),
        Shape("pericardium", stroke(rim, 0.28), PERICARDIUM),
        Shape("left ventricle", ellipse((0, 0), (radius, radius)), BLOOD),
    ]


def _placed(
    anatomy: Anatomy,
    pose: Pose,
    rest: float,
    depth: float,
    layers: list[Shape],
    now: tuple[float, float],
    valve: bool,
) -> Scene:
    z = anatomy.chest_wall + 0.5 + 0.75 * anatomy.right_ventricle + anatomy.septum + rest
    place = Placement(0.7 + pose.shift[0], z + pose.shift[1], pose.rotation)
    centre = place(np.zeros((1, 2)))[0]
    shapes = chest_shapes(depth, anatomy.chest_wall)
    shapes += place.shapes(layers)
    return Scene(
        shapes=tuple(shapes),
        axis=np.stack((centre, centre)),
        radius=now[0],
        rest_radius=rest,
        valve=(float(centre[0]), float(centre[1])) if valve else None,
        septum=now[1],
        posterior_wall=now[1],
    )


def papillary_scene(anatomy: Anatomy, beat: Beat, pose: Pose, depth: float) -> Scene:
    """Short axis through both papillary muscles."""
    rest, radius, wall = _ring(anatomy, beat, pose, 0.95)
    layers = _ventricle_layers(anatomy, beat, radius, wall)
    for degrees in (38, 142):
        at = 0.72 * radius * np.array([np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))])
        layers.append(Shape("papillary muscle", ellipse(tuple(at), (0.5, 0.38), degrees), MYOCARDIUM + 1))
    return _placed(anatomy, pose, rest, depth, layers, (radius, wall), False)


def mitral_scene(anatomy: Anatomy, beat: Beat, pose: Pose, depth: float) -> Scene:
    """Short axis through the mitral leaflets: the fish mouth."""
    rest, radius, wall = _ring(anatomy, beat, pose, 1.0)
    layers = _ventricle_layers(anatomy, beat, radius, wall)
    half = 0.68 * radius
    gap = 0.08 + 0.95 * beat.mitral
    for side in (-1, 1):
        lip = arc((-half, 0.3), (half, 0.3), -side * gap * (0.75 if side < 0 else 0.6), 13)
        layers.append(Shape("mitral leaflet", stroke(lip + np.array([0, 0.04 * side]), 0.24), LEAFLET))
    return _placed(anatomy, pose, rest, depth, layers, (radius, wall), False)


def _cusps(anatomy: Anatomy, beat: Beat, pose: Pose, radius: float) -> list[Shape]:
    """Three cusps: a star when closed, a triangle as wide as the separation when open."""
    level = min(MYOCARDIUM + anatomy.cusp_level, -1.0)
    reach = min(0.5 * anatomy.cusp_separation * pose.valve_obliquity, 0.85 * radius) * beat.aortic
    corners = np.deg2rad([-90, 30, 150])
    commissures = 0.94 * radius * np.stack((np.cos(corners), np.sin(corners)), 1)
    shapes = []
    for i in range(3):
        a, b = commissures[i], commissures[(i + 1) % 3]
        middle = corners[i] + np.deg2rad(60)
        tip = reach * np.array([np.cos(middle), np.sin(middle)])
        line = spline(
            [
                tuple(a),
                tuple(0.5 * a * (1 - beat.aortic) + beat.aortic * 0.5 * (a + tip)),
                tuple(tip),
                tuple(0.5 * b * (1 - beat.aortic) + beat.aortic * 0.5 * (b + tip)),
                tuple(b),
            ],
            15,
        )
        shapes.append(Shape("aortic cusp", stroke(line, 0.8 * anatomy.cusp_thickness), level))
    return shapes


def aortic_scene(anatomy: Anatomy, beat: Beat, pose: Pose, depth: float) -> Scene:
    """Short axis at the aortic valve: root in the middle, outflow above, atria below, trunk on the right."""
    radius = anatomy.sinus / 2
    height = anatomy.right_ventricle * (1 - 0.2 * beat.contraction)
    size = anatomy.atrium * (0.86 + 0.18 * beat.filling)
    outflow = closed_spline(
        [
            (-radius - 2.6, 0.7),
            (-radius - 0.35, 0.5),
            (-0.8 * radius, -0.85 * radius),
            (0, -radius - 0.25),
            (0.9 * radius, -0.85 * radius),
            (radius + 0.4, 0.6),
            (radius + 0.7, 2.4),
            (radius + 2.2, 2.2),
            (radius + 1.9, -0.4),
            (radius + 0.4, -radius - 0.7 * height),
            (-0.6, -radius - height),
            (-radius - 1.6, -0.6 * radius - 0.6 * height),
        ],
        64,
    )
    left = closed_spline(
        [
            (-0.55 * size, radius + 0.5),
            (0, radius + 0.3),
            (0.6 * size, radius + 0.7),
            (0.7 * size, radius + 0.6 * size),
            (0, radius + 0.95 * size),
            (-0.6 * size, radius + 0.7 * size),
        ]
    )
    right = ellipse((-radius - 1.5, radius + 0.75), (1.35, 1.5), 30)
    m = beat.mitral
    tip = np.array([-radius - 1.3, 0.2 - 1.0 * m])
    angles = np.linspace(np.deg2rad(20), np.deg2rad(160), 24)
    rim = np.stack((1.0 * size * np.cos(angles), radius + 1.02 * size * np.sin(angles) + 0.15), 1)
    layers = [
        *behind_shapes(rim[::-1]),
        Shape("right ventricular wall", stroke(np.concatenate((outflow, outflow[:1])), 0.7), WALL - 3),
        Shape("right heart", outflow, BLOOD + 3),
        Shape("atrial wall", stroke(np.concatenate((right, right[:1])), 0.4), WALL - 2),
        Shape("right atrium", right, BLOOD + 1),
        Shape("atrial wall", stroke(np.concatenate((left, left[:1])), 0.4), WALL - 2),
        Shape("left atrium", left, BLOOD),
        Shape("pericardium", stroke(rim, 0.25), PERICARDIUM),
        Shape("tricuspid leaflet", stroke(arc((-radius - 0.3, 0.6), tip, 0.1, 6), 0.18), LEAFLET - 2),
        Shape(
            "pulmonary cusp",
            stroke(arc((radius + 0.45, 0.2), (radius + 1.1, 0.55), 0.1, 6), 0.15),
            LEAFLET - 4,
        ),
        Shape("aortic wall", ellipse((0, 0), (radius + 0.25, radius + 0.25)), WALL + 4),
        Shape("aorta", ellipse((0, 0), (radius, radius)), BLOOD),
        *_cusps(anatomy, beat, pose, radius),
    ]
    wall = 0.5 * (anatomy.septum + anatomy.posterior_wall)
    # The tissue's displacement around the root is small: a tenth of the ventricle's.
    moved = radius * (1 - 0.1 * anatomy.shortening * beat.contraction)
    return _placed(anatomy, pose, radius, depth, layers, (moved, wall), True)
