"""Positions follow the pixels through masking and resizing, and shares are what they say."""

import numpy as np
import pandas as pd
import pytest

from echoclr_core.explain.regions import (
    Fitting,
    disc,
    map_valve_landmarks,
    peak_inside,
    sector_of,
    share_inside,
)
from echoclr_core.video.hull import fit_frames
from echoclr_core.video.tables import MASKED_VIDEOS


@pytest.mark.parametrize("keep_aspect", [False, True])
@pytest.mark.parametrize(("height", "width"), [(240, 320), (600, 800), (481, 333), (112, 112), (50, 70)])
def test_a_point_goes_where_its_pixels_go(height, width, keep_aspect):
    """The oracle: resize a picture with a bright square, and take the square's centre of mass."""
    x, y = 0.6 * width, 0.3 * height
    x, y = round(x), round(y)
    frame = np.zeros((height, width), np.uint8)
    frame[y - 6 : y + 7, x - 6 : x + 7] = 200
    small = fit_frames(frame, 112, keep_aspect).astype(np.float64)
    rows, columns = np.mgrid[:112, :112]
    centre = (columns * small).sum() / small.sum(), (rows * small).sum() / small.sum()
    fitting = Fitting(height=height, width=width, size=112, keep_aspect=keep_aspect)
    assert fitting.point(x, y) == pytest.approx(centre, abs=0.06)
    across, down = fitting.scale
    assert small.sum() / 200 == pytest.approx(169 * across * down, rel=0.02)


def test_the_picture_s_edges_stay_edges():
    fitting = Fitting(height=240, width=320, size=112)
    assert fitting.point(-0.5, -0.5) == (-0.5, -0.5)
    assert fitting.point(319.5, 239.5) == pytest.approx((111.5, 111.5))


def test_valves_of_masked_videos():
    truth = pd.DataFrame(
        {
            "video_id": ["v_b", "v_a", "v_c", "v_d"],
            "valve_x": [159.5, 10.0, np.nan, 4.0],
            "valve_y": [119.5, 20.0, np.nan, 4.0],
            "px_per_cm": [16.0, 8.0, 8.0, 8.0],
        }
    )
    masked = pd.DataFrame(
        {
            "video_id": ["v_a", "v_b", "v_c", "v_d"],
            "outcome": ["ok", "ok", "ok", "blank"],
            "height": [240] * 4,
            "width": [320] * 4,
        }
    ).reindex(columns=list(MASKED_VIDEOS.columns))
    found = map_valve_landmarks(truth, masked, size=112, keep_aspect=False)
    assert found["video_id"].tolist() == ["v_a", "v_b"]
    middle = found.iloc[1]
    assert (middle["valve_x"], middle["valve_y"]) == pytest.approx((55.5, 55.5))
    assert (middle["px_per_cm_x"], middle["px_per_cm_y"]) == pytest.approx((5.6, 16 * 112 / 240))
    assert len(map_valve_landmarks(truth.iloc[:0], masked, size=112, keep_aspect=False)) == 0
    scaled = masked.assign(field_left=40.0, field_top=20.0, field_step_x=2.0, field_step_y=2.5)
    middle = map_valve_landmarks(truth, scaled, size=112, keep_aspect=False).iloc[1]
    assert (middle["valve_x"], middle["valve_y"]) == pytest.approx((59.5, 39.5))
    assert (middle["px_per_cm_x"], middle["px_per_cm_y"]) == pytest.approx((8.0, 6.4))


def test_sector_is_the_hull_of_what_is_lit():
    clip = np.zeros((2, 8, 8), np.uint8)
    clip[0, 1:7, 1] = 9
    clip[1, 1:7, 5] = 9
    sector = sector_of(clip)
    assert sector.sum() == 6  # two strokes apart: the larger part alone
    clip[0, 1, 1:6] = clip[0, 6, 1:6] = 9
    sector = sector_of(clip)
    assert sector[1:7, 1:6].all(), "what is black inside the sector belongs to it"
    assert sector.sum() == 30
    assert sector_of(np.zeros((2, 4, 4), np.uint8)).all()


def test_disc():
    found = disc((9, 12), (7.0, 4.0), (3.0, 2.0))
    assert found.shape == (9, 12)
    assert found[4, 4:11].all()
    assert found[2:7, 7].all()
    assert not found[4, 3]
    assert not found[1, 7]
    assert not disc((4, 4), (50.0, 50.0), (1.0, 1.0)).any()


def test_shares():
    saliency = np.ones((4, 4), np.float32)
    saliency[:, 0] = 5
    left = np.zeros((4, 4), bool)
    left[:, :2] = True
    assert share_inside(saliency, left) == pytest.approx((20 + 4) / 32)
    assert share_inside(np.where(left, saliency, 0), left) == 1
    assert np.isnan(share_inside(np.zeros((4, 4)), left))
    assert peak_inside(saliency, left) == 1
    assert peak_inside(saliency, ~left) == 0
    assert np.isnan(peak_inside(np.zeros((4, 4)), left))
