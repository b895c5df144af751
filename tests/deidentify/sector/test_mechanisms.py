"""The fit against the geometry of the synthetic cohort, and each of its mechanisms on loops that need it."""

import numpy as np
import pytest
from phantom_screens import random_shape, screen

from echoclr_core.deidentify.sector.boundary import boundary_mask
from echoclr_core.deidentify.sector.fit import fit_sector
from echoclr_core.deidentify.sector.geometry import SectorShape
from echoclr_core.deidentify.sector.temporal_activity import temporal_activity
from echoclr_core.dicom.cine import Cine
from echoclr_core.dicom.regions import Region
from echoclr_core.synthetic.plan.cohort import plan_studies, study_anatomy
from echoclr_core.synthetic.plan.patients import make_patient
from echoclr_core.synthetic.plan.settings import SyntheticSettings
from echoclr_core.synthetic.rendering.video import screen_video

COHORT = SyntheticSettings(
    seed=5,
    development_studies=8,
    external_studies=0,
    view_studies=0,
    plax_videos=(1, 1),
    other_videos=(1, 1),
    frames=8,
    screens=((240, 320),),
    distractor_files=False,
)


def fitted(frames):
    return fit_sector(temporal_activity(Cine.from_array(frames).sample(32))).shape


def iou(one, other):
    return (one & other).sum() / (one | other).sum()


@pytest.fixture(scope="module")
def phantoms():
    """(fitted shape, drawn fan) of a loop of each study."""
    found = []
    for plan in plan_studies(COHORT):
        drawn = screen_video(
            COHORT, plan, plan.videos[0], make_patient(COHORT, plan.patient), study_anatomy(COHORT, plan)
        )
        found.append((fitted(drawn.frames), drawn.fan))
    return found


def test_apex_angles_and_depth_are_those_that_were_drawn(phantoms):
    """Tolerances are in px of a picture of 240 x 320, and in degrees."""
    for shape, fan in phantoms:
        sides = fan.sector.steer + np.array([-1, 1]) * fan.sector.half_angle
        assert shape.family == "fan"
        assert (shape.x, shape.y) == pytest.approx(fan.apex, abs=1.5)
        assert np.degrees([shape.u0, shape.u1]) == pytest.approx(np.degrees(sides), abs=0.5)
        assert shape.v1 == pytest.approx(fan.sector.depth * fan.scale, rel=0.015)
        assert shape.v0 == pytest.approx(fan.sector.near * fan.scale, abs=4.5)


def test_a_fan_is_symmetric_unless_it_is_steered(phantoms):
    assert [shape.u0 + shape.u1 for shape, fan in phantoms if not fan.sector.steer] == [0.0] * len(phantoms)
    rng = np.random.default_rng(3)
    steered = random_shape(rng, "steered", 300, 401)
    frames, _ = screen(rng, steered, 300, 401, count=8)
    shape = fitted(frames)
    assert np.degrees([shape.u0, shape.u1]) == pytest.approx(np.degrees([steered.u0, steered.u1]), abs=1.5)


@pytest.mark.parametrize("band", [(0.2, 0.35), (0.45, 0.6), (0.6, 0.8)])
def test_a_fan_that_is_split_by_a_dark_depth_is_found_whole(band):
    rng = np.random.default_rng([1, 7])
    frames, truth = screen(rng, random_shape(rng, "phased", 300, 400), 300, 400, count=8)
    rows = np.nonzero(truth.any(1))[0]
    top, bottom = (int(rows[0] + share * np.ptp(rows)) for share in band)
    frames[:, top:bottom] = np.where(truth[top:bottom], 0, frames[:, top:bottom])
    assert iou(boundary_mask(Cine.from_array(frames)), truth) >= 0.97


@pytest.mark.parametrize(("kind", "seed"), [("phased", 1), ("phased", 3), ("trapezoid", 1), ("trapezoid", 2)])
def test_a_small_picture_that_changes_beside_the_sector_is_left_out(kind, seed):
    """It is dense, as graphics are; what is dark of a sector is sparse."""
    rng = np.random.default_rng([seed, 5])
    frames, truth = screen(rng, random_shape(rng, kind, 300, 400), 300, 400, count=8, trace=False)
    left = min(int(np.nonzero(truth.any(0))[0].max()) + 3, 375)
    frames[:, 100:220, left:398] = rng.integers(0, 255, (8, 120, 398 - left))
    mask = boundary_mask(Cine.from_array(frames))
    assert iou(mask, truth) >= 0.97
    assert not mask[100:220, left:398].any()


@pytest.mark.parametrize("seed", range(3))
def test_a_rectangle_stands_upright(seed):
    rng = np.random.default_rng([seed, 11])
    frames, _ = screen(rng, random_shape(rng, "rectangle", 240, 320), 240, 320, count=8)
    shape = fitted(frames)
    assert (shape.family, shape.x) == ("parallelogram", 0.0)


def tagged(frames, box):
    """The mask of a loop with a tag of one two-dimensional region, x0, y0, x1, y1."""
    tag = Region(x0=box[0], y0=box[1], x1=box[2], y1=box[3], spatial_format=1, data_type=1)
    return boundary_mask(Cine.from_array(frames, regions=[tag]))


def box_of(truth, *, deeper=0):
    rows, columns = np.nonzero(truth.any(1))[0], np.nonzero(truth.any(0))[0]
    return columns[0], rows[0], columns[-1] + 1, rows[-1] + 1 + deeper


FAN = SectorShape(family="fan", x=200.0, y=30.0, u0=-0.7, u1=0.7, v0=0.0, v1=230.0)


def narrow_fan(brightness):
    """A fan of 300 x 400 px without graphics, as bright as ``brightness`` of (angle, depth) in 0 to 1."""
    frames, truth = screen(np.random.default_rng(3), FAN, 300, 400, count=8, trace=False)
    y, x = np.mgrid[0.5:300, 0.5:400]
    fading = brightness(np.arctan2(x - FAN.x, y - FAN.y) / FAN.u1, np.hypot(x - FAN.x, y - FAN.y) / FAN.v1)
    return np.where(truth, frames * fading, 0).astype(np.uint8), truth


def test_a_loop_that_shows_its_fan_needs_no_tag():
    """A tag that is a few pixels too large moves no edge."""
    frames, truth = narrow_fan(lambda angle, depth: np.ones_like(angle))
    free = boundary_mask(Cine.from_array(frames))
    assert iou(free, truth) >= 0.98
    x0, y0, x1, y1 = box_of(truth)
    assert (tagged(frames, (x0 - 4, y0 - 4, x1 + 4, y1 + 4)) == free).all()


def test_a_tag_shows_dark_sides_unless_the_bottom_contradicts_it():
    frames, truth = narrow_fan(lambda angle, depth: np.clip(1.2 - 2 * np.abs(angle), 0, 1))
    free = boundary_mask(Cine.from_array(frames))
    assert iou(tagged(frames, box_of(truth)), truth) >= 0.96 > 0.8 > iou(free, truth)
    assert (tagged(frames, box_of(truth, deeper=30)) == free).all()


def test_a_tag_of_the_whole_screen_shows_nothing():
    frames, _ = narrow_fan(lambda angle, depth: np.exp(-(angle**2) * 3 - (depth - 0.5) ** 2 * 12))
    free = boundary_mask(Cine.from_array(frames))
    assert (tagged(frames, (4, 2, 396, 298)) == free).all()
