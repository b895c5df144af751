"""The patient's heart: sizes that all videos of a study share, and the two labels that follow from them."""

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

SEVERE_AREA = 1.0  # cm²; severe aortic stenosis lies below
MASS_LIMIT = {"F": 95.0, "M": 115.0}  # g/m²; hypertrophy lies above


@dataclass(frozen=True, kw_only=True)
class Anatomy:
    """One heart at end-diastole; lengths in cm, areas in cm², levels in dB.

    Labels follow from ``valve_area`` (severe below 1.0) and from ``septum``, ``lvidd``, ``posterior_wall``
    and the body; what stands after them carries no label.
    """

    sex: str  # 'F' or 'M'
    height: float
    weight: float  # kg
    valve_area: float
    cusp_separation: float
    cusp_thickness: float
    cusp_level: float  # dB over myocardium
    septum: float
    posterior_wall: float
    lvidd: float
    shortening: float  # share of lvidd lost at end-systole
    lv_length: float
    axis: float  # degrees, long axis against the horizontal of the parasternal window
    annulus: float
    sinus: float
    aorta: float
    root_angle: float  # degrees, root against the long axis
    atrium: float
    right_ventricle: float
    anterior_leaflet: float
    posterior_leaflet: float
    septal_bulge: float
    descending_aorta: float
    chest_wall: float
    heart_rate: float  # beats a minute
    penetration: float  # dB, the patient's acoustic window
    unevenness: tuple[tuple[float, float, float, float, float], ...] = ()
    """Waves that make outlines uneven: (kx, kz) in radians a cm, phase, and amplitude in x and z, cm."""

    @property
    def body_surface(self) -> float:
        """Body surface area by DuBois, m²."""
        return 0.007184 * self.height**0.725 * self.weight**0.425

    @property
    def mass_index(self) -> float:
        """Left-ventricular mass by the cube formula (Devereux) over body surface, g/m²."""
        outer = self.septum + self.lvidd + self.posterior_wall
        return (0.8 * 1.04 * (outer**3 - self.lvidd**3) + 0.6) / self.body_surface

    @property
    def hypertrophy(self) -> bool:
        """Whether the mass index exceeds the limit of the sex."""
        return self.mass_index > MASS_LIMIT[self.sex]

    @property
    def severe_stenosis(self) -> bool:
        """Whether the valve area is below 1.0 cm²."""
        return self.valve_area < SEVERE_AREA


def draw_anatomy(
    rng: np.random.Generator,
    *,
    severe_share: float = 0.40,
    hypertrophy_shares: tuple[float, float] = (0.50, 0.33),
) -> Anatomy:
    """Draw one patient's heart.

    Distributions overlap between the classes on purpose: cusp opening and calcification are noisy functions
    of the valve area, and hypertrophy depends on cavity and body as well as on the wall.

    Parameters
    ----------
    rng
        The patient's generator.
    severe_share
        Probability of a valve area below 1.0 cm².
    hypertrophy_shares
        Probability of a thick wall with and without severe stenosis.
    """
    woman = rng.random() < 0.5
    body_surface = np.clip(rng.normal(1.75 if woman else 2.00, 0.15), 1.35, 2.6)
    height = np.clip(rng.normal(163 if woman else 176, 6.5), 145, 200)
    weight = (body_surface / (0.007184 * height**0.725)) ** (1 / 0.425)
    severe = rng.random() < severe_share
    area = _clipped(rng, 0.78, 0.15, 0.35, 0.995) if severe else _clipped(rng, 2.1, 0.60, 1.0, 3.6)
    calcification = np.clip(rng.normal(0.70 if severe else 0.33, 0.19), 0, 1)
    thick = rng.random() < hypertrophy_shares[0 if severe else 1]
    wall = (rng.normal(1.33, 0.16) if thick else rng.normal(0.95, 0.10)) * (0.94 if woman else 1.0)
    lvidd = rng.normal(4.40 if woman else 4.85, 0.40) - 0.5 * (wall - 1.05)
    return Anatomy(
        sex="F" if woman else "M",
        height=round(float(height), 1),
        weight=round(float(weight), 1),
        valve_area=float(area),
        cusp_separation=_separation(float(area), rng.normal(0, 0.14)),
        cusp_thickness=float(0.09 + 0.26 * calcification),
        cusp_level=float(2 + 14 * calcification),
        septum=float(max(wall + rng.normal(0.03, 0.04), 0.6)),
        posterior_wall=float(max(wall - 0.03 + rng.normal(0, 0.04), 0.55)),
        lvidd=float(np.clip(lvidd, 3.3, 6.3)),
        **_unlabelled(rng, woman),
    )


def _unlabelled(rng: np.random.Generator, woman: bool) -> dict[str, Any]:
    """Sizes that tell two patients apart but not the classes."""
    drawn = {
        "shortening": (0.34, 0.05, 0.14, 0.46),
        "lv_length": (8.6, 0.5, 7.2, 10.0),
        "axis": (-5.0, 5.0, -18, 10),
        "annulus": (2.15, 0.15, 1.7, 2.6),
        "sinus": (3.25, 0.28, 2.5, 4.1),
        "aorta": (2.95, 0.28, 2.2, 3.8),
        "root_angle": (9.0, 4.0, 0, 20),
        "atrium": (3.8, 0.5, 2.6, 5.4),
        "right_ventricle": (2.3, 0.32, 1.5, 3.3),
        "anterior_leaflet": (2.35, 0.2, 1.8, 2.9),
        "posterior_leaflet": (1.35, 0.15, 0.9, 1.8),
        "septal_bulge": (0.08, 0.12, 0, 0.5),
        "descending_aorta": (1.15, 0.15, 0.8, 1.6),
        "chest_wall": (1.75, 0.3, 1.1, 2.8),
        "heart_rate": (70, 10, 50, 98),
        "penetration": (0.0, 2.5, -6, 5),
    }
    size = 0.95 if woman else 1.03
    scaled = {"lv_length", "annulus", "sinus", "aorta", "atrium", "right_ventricle"}
    values = {
        name: float(np.clip(rng.normal(mean, sd), low, high) * (size if name in scaled else 1))
        for name, (mean, sd, low, high) in drawn.items()
    }
    return {**values, "unevenness": _waves(rng)}


def _waves(rng: np.random.Generator, count: int = 5) -> tuple[tuple[float, float, float, float, float], ...]:
    """Plane waves of 1.6 to 5 cm, 0.02 to 0.1 cm high: long ones higher."""
    waves = []
    for length in np.geomspace(1.6, 5.0, count):
        angle, phase, way = rng.uniform(0, 2 * np.pi, 3)
        k, height = 2 * np.pi / length, 0.02 * length
        waves.append(
            (k * np.cos(angle), k * np.sin(angle), phase, height * np.cos(way), height * np.sin(way))
        )
    return tuple(tuple(float(v) for v in wave) for wave in waves)


def progress_disease(anatomy: Anatomy, years: float) -> Anatomy:
    """The same heart ``years`` later: the valve narrows by 0.05 cm² a year, its cusps open less."""
    area = max(anatomy.valve_area - 0.05 * years, 0.35)
    separation = anatomy.cusp_separation - 0.70 * (anatomy.valve_area - area)
    return replace(anatomy, valve_area=area, cusp_separation=max(separation, 0.2))


def _separation(area: float, noise: float) -> float:
    return float(np.clip(0.10 + 0.70 * area + noise, 0.2, 1.95))


def _clipped(rng: np.random.Generator, mean: float, sd: float, low: float, high: float) -> float:
    """A normal draw within [low, high), by rejection: clipping would heap values on the limit."""
    while True:
        value = rng.normal(mean, sd)
        if low <= value < high and math.isfinite(value):
            return float(value)
