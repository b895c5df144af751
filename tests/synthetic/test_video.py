"""Videos of one study: one heart, different pictures; and what the settings do to them."""

import dataclasses

import numpy as np
import pytest

from echoclr_core.common.randomness import generator
from echoclr_core.synthetic.heart.views import VIEWS
from echoclr_core.synthetic.plan.acquisition import draw_acquisition
from echoclr_core.synthetic.plan.cohort import plan_studies, study_anatomy
from echoclr_core.synthetic.plan.patients import make_patient
from echoclr_core.synthetic.plan.settings import SyntheticSettings
from echoclr_core.synthetic.rendering.video import fan_video, make_video_spec, screen_video

SETTINGS = SyntheticSettings(
    development_studies=3,
    external_studies=0,
    view_studies=0,
    frames=3,
    screens=((240, 320),),
    edge_text_share=0.0,
    inside_text_share=0.0,
)


def drawn(settings, view="plax"):
    plan = plan_studies(settings)[0]
    video = dataclasses.replace(plan.videos[0], view=view)
    patient = make_patient(settings, plan.patient)
    return screen_video(settings, plan, video, patient, study_anatomy(settings, plan))


def test_two_videos_of_a_study_share_the_heart_and_nothing_else():
    anatomy = make_patient(SETTINGS, 0).anatomy
    one, two = (make_video_spec(SETTINGS, anatomy, 0, number, "plax", 4, 15.0) for number in (1, 2))
    assert one.anatomy == two.anatomy
    assert one.acquisition.sector != two.acquisition.sector
    assert one.acquisition.acoustics != two.acquisition.acoustics
    assert one.phases[0] != two.phases[0]
    assert fan_video(one).shape == (4, 112, 112)


def test_without_difficulty_all_videos_are_taken_alike():
    takes = [draw_acquisition(generator(0, i), VIEWS["plax"], difficulty=0.0) for i in range(2)]
    assert takes[0].sector == takes[1].sector
    assert takes[0].pose == takes[1].pose
    assert takes[0].acoustics.gain == takes[1].acoustics.gain == 0.0
    hard = [draw_acquisition(generator(0, i), VIEWS["plax"]) for i in range(200)]
    depths = [spec.sector.depth for spec in hard]
    assert 12.5 <= min(depths) < 13 < 15.5 < max(depths) <= 16
    assert np.std([spec.pose.rotation for spec in hard]) == pytest.approx(4.0, rel=0.2)


def test_every_nuisance_differs_between_the_videos_of_a_heart_and_none_knows_it():
    """They hang on the video's generator, the view and the acoustic window: equal for any valve and wall."""
    takes = [draw_acquisition(generator(0, i), VIEWS["plax"]) for i in range(150)]
    numbers = {
        "depth": [t.sector.depth for t in takes],
        "sector angle": [t.sector.half_angle for t in takes],
        "rotation": [t.pose.rotation for t in takes],
        "translation x": [t.pose.shift[0] for t in takes],
        "translation z": [t.pose.shift[1] for t in takes],
        "wall obliquity": [t.pose.wall_obliquity for t in takes],
        "valve obliquity": [t.pose.valve_obliquity for t in takes],
        "gain": [t.acoustics.gain for t in takes],
        "time gain": [t.acoustics.attenuation for t in takes],
        "dynamic range": [t.acoustics.dynamic_range for t in takes],
        "noise": [t.acoustics.noise for t in takes],
        "grain": [t.acoustics.grain[0] for t in takes],
        "static speckle": [t.acoustics.static_share for t in takes],
        "drop-outs": [len(t.acoustics.dropouts) for t in takes],
        "heart rate": [t.heart_rate_factor for t in takes],
        "phase": [t.first_phase for t in takes],
        "cut": [t.cut for t in takes],
    }
    assert {name for name, values in numbers.items() if np.std(values) < 1e-3} == set()
    sick = dataclasses.replace(make_patient(SETTINGS, 0).anatomy, valve_area=0.5, septum=1.9, penetration=0.0)
    well = dataclasses.replace(sick, valve_area=3.0, septum=0.8)
    pair = [make_video_spec(SETTINGS, anatomy, 0, 1, "plax", 2, 15.0) for anatomy in (sick, well)]
    assert pair[0].acquisition == pair[1].acquisition
    np.testing.assert_array_equal(pair[0].phases, pair[1].phases)


def test_text_is_written_where_the_settings_put_it():
    plain = drawn(SETTINGS)
    inside = drawn(dataclasses.replace(SETTINGS, inside_text_share=1.0))
    changed = (plain.frames != inside.frames).any((0, 3))
    assert plain.overlay.items == ()
    assert inside.overlay.inside_text
    assert plain.mask[changed].all()
    assert changed.sum() > 20
    touching = drawn(dataclasses.replace(SETTINGS, edge_text_share=1.0))
    changed = (plain.frames != touching.frames).any((0, 3))
    assert 0 < plain.mask[changed].mean() < 0.6


def test_the_truth_of_each_frame_follows_the_beat():
    video = drawn(dataclasses.replace(SETTINGS, frames=24))
    frame_truths = video.frame_truths
    assert [m.beat.phase for m in frame_truths] == pytest.approx(list(video.spec.phases))
    contraction = np.array([m.beat.contraction for m in frame_truths])
    walls = np.array([m.septum for m in frame_truths])
    assert np.corrcoef(contraction, walls)[0, 1] > 0.999  # walls thicken as the ventricle contracts
    for frame_truth in frame_truths:
        x0, y0, x1, y1 = frame_truth.cusps
        assert x0 < frame_truth.valve[0] < x1
        assert y0 < frame_truth.valve[1] < y1
        assert video.mask[round(frame_truth.valve[1]), round(frame_truth.valve[0])]
    assert all(m.valve is None and m.cusps is None for m in drawn(SETTINGS, "a4c").frame_truths)


def test_colour_doppler_is_coloured_inside_and_the_others_are_grey():
    def coloured(video):
        spread = np.ptp(video.frames[:, video.mask].astype(int), axis=-1)
        return (spread > 60).mean()

    assert 0.04 < coloured(drawn(SETTINGS, "plax_colour")) < 0.3
    assert coloured(drawn(SETTINGS)) == 0


def test_a_video_is_a_pure_function_of_its_settings():
    np.testing.assert_array_equal(drawn(SETTINGS).frames, drawn(SETTINGS).frames)
    other = drawn(dataclasses.replace(SETTINGS, seed=5))
    assert (drawn(SETTINGS).frames != other.frames).mean() > 0.1
