"""A field about the sector: as many pixels as millimetres, or the sector wherever on the screen it stands."""

import cv2
import numpy as np
import pandas as pd
import pytest

from echoclr_core.common.avi_reading import read_avi
from echoclr_core.common.avi_writing import write_avi
from echoclr_core.options.mask import MaskOptions
from echoclr_core.synthetic.rendering.render import Sector
from echoclr_core.synthetic.rendering.video import place_fan
from echoclr_core.video.hull import sector_mask
from echoclr_core.video.mask import mask_shard
from echoclr_core.video.masked_video import mask_video
from echoclr_core.video.scaling import FieldScaler, sector_field

SETTINGS = MaskOptions(mm_per_pixel=1.5)


def sector_video(depth, height=480, width=640, wall=(6.0, 7.0)):
    """A lit fan of ``depth`` cm that fills the screen, with a bright horizontal wall (cm from the top of the
    fan) as thick as stated; frames (2, H, W) uint8 and millimetres a pixel.
    """
    sector = Sector(depth=depth, half_angle=0.6, near=0.5, steer=0.0)
    fan = place_fan(sector, (20, 10, width - 20, height - 10))
    y, x = np.mgrid[:height, :width]
    radius = np.hypot(x - fan.apex[0], y - fan.apex[1]) / fan.scale
    inside = (radius > 0.5) & (radius < depth) & (np.abs(np.arctan2(x - fan.apex[0], y - fan.apex[1])) < 0.6)
    frame = np.where(inside, 40, 0).astype(np.uint8)
    top = np.flatnonzero(inside.any(1))[0]
    rows = slice(round(top + wall[0] * fan.scale), round(top + wall[1] * fan.scale))
    frame[rows] = np.where(inside[rows], 200, 0)
    return np.stack([frame, frame]), 10 / fan.scale


def thickness(frame):
    """Pixels of the bright wall, down the middle column."""
    column = frame[:, frame.shape[1] // 2].astype(float)
    return ((column - 40) / 160).clip(0, 1).sum()


def test_a_wall_is_as_many_pixels_as_millimetres_whatever_the_depth(tmp_path):
    scaled, fitted = [], []
    for depth in (11.0, 14.0, 17.0):
        frames, spacing = sector_video(depth)
        write_avi(tmp_path / "in.avi", frames, 30)
        row = mask_video(tmp_path / "in.avi", tmp_path / "out.avi", SETTINGS, (spacing, spacing))
        assert (row["outcome"], row["mm_per_pixel"]) == ("ok", 1.5)
        scaled.append(thickness(read_avi(tmp_path / "out.avi")[0][0]))
        mask_video(tmp_path / "in.avi", tmp_path / "out.avi", MaskOptions())
        fitted.append(thickness(read_avi(tmp_path / "out.avi")[0][0]))
    np.testing.assert_allclose(scaled, 10 / 1.5, rtol=0.03)
    assert max(fitted) / min(fitted) > 1.4


@pytest.mark.parametrize("spacing", [(0.3, 0.3), (0.6, 0.3), (2.0, 2.0)])
def test_pixels_need_not_be_square_nor_finer(spacing):
    """A disc of 30 mm radius is round and of its size."""
    height, width = round(150 / spacing[1]), round(150 / spacing[0])
    y, x = np.mgrid[:height, :width]
    disc = np.hypot((x + 0.5) * spacing[0] - 75, (y + 0.5) * spacing[1] - 75) < 30
    frame = np.where(disc, 200, 0).astype(np.uint8)
    field = sector_field(disc, spacing, 112, 1.0)
    found = FieldScaler(field, height, width)(frame).astype(float) / 200
    assert found.sum() == pytest.approx(np.pi * 30**2, rel=0.02)
    rows, columns = np.mgrid[:112, :112]
    centre = (columns * found).sum() / found.sum(), (rows * found).sum() / found.sum()
    assert centre == pytest.approx((55.5, 29.5), abs=spacing[0])
    assert field.point(74.5 / spacing[0], 74.5 / spacing[1]) == pytest.approx(centre, abs=1.5 * spacing[0])


def test_the_mean_over_areas_is_that_of_the_slow_way():
    frame = np.random.default_rng(0).integers(0, 256, (40, 50), dtype=np.uint8)
    hull = np.zeros((40, 50), bool)
    hull[4:30, 10:41] = True
    field = sector_field(hull, (1.0, 1.0), 12, 3.0)  # begins at row 4 and column 25.5 - 18
    assert (field.top, field.left) == (4.0, 7.5)
    fine = np.repeat(np.repeat(frame, 2, 0), 2, 1).astype(float)  # half pixels
    fine = fine[8 : 8 + 72, 15 : 15 + 72]
    fine = np.pad(fine, ((0, 72 - fine.shape[0]), (0, 72 - fine.shape[1])))
    expected = fine.reshape(12, 6, 12, 6).mean((1, 3))
    assert np.abs(FieldScaler(field, 40, 50)(frame) - expected).max() <= 0.51


def test_fitted_to_the_sector_the_screen_cannot_be_told(tmp_path):
    """The same heart on two screens of other sizes, the sector at another place and of another size."""
    heart = sector_video(14.0)[0][0]
    lit = cv2.boundingRect(heart)
    heart = heart[lit[1] : lit[1] + lit[3], lit[0] : lit[0] + lit[2]]
    shown = {"frame": [], "sector": []}
    for (height, width), (left, top), share in (((480, 640), (10, 70), 0.8), ((768, 1024), (150, 20), 1.4)):
        size = round(heart.shape[1] * share), round(heart.shape[0] * share)
        frame = np.zeros((height, width), np.uint8)
        frame[top : top + size[1], left : left + size[0]] = cv2.resize(
            heart, size, interpolation=cv2.INTER_NEAREST
        )
        write_avi(tmp_path / "in.avi", np.stack([frame, frame]), 30)
        for fit, pictures in shown.items():
            row = mask_video(tmp_path / "in.avi", tmp_path / "out.avi", MaskOptions(fit=fit))
            pictures.append(read_avi(tmp_path / "out.avi")[0][0].astype(float))
        assert row["mm_per_pixel"] is None
        assert (row["field_left"], row["field_top"]) == pytest.approx(
            (left + size[0] / 2 - max(size) / 2, top), abs=1
        )
    apart = {fit: np.abs(first - second).mean() for fit, (first, second) in shown.items()}
    assert apart["sector"] < 1.5 < 10 < apart["frame"]
    lit = cv2.boundingRect(shown["sector"][0].astype(np.uint8))
    assert max(lit[2:]) == 112
    assert lit[2] / lit[3] == pytest.approx(heart.shape[1] / heart.shape[0], abs=0.02), "not squeezed"


def test_a_scale_in_millimetres_goes_before_the_fit(tmp_path):
    frames, spacing = sector_video(14.0)
    write_avi(tmp_path / "in.avi", frames, 30)
    rows = []
    for fit in ("frame", "sector"):
        settings = MaskOptions(mm_per_pixel=1.5, missing_calibration="fit", fit=fit)
        known, unknown = (
            mask_video(tmp_path / "in.avi", tmp_path / f"{fit}.avi", settings, spacings)
            for spacings in ((spacing, spacing), None)
        )
        rows.append(known)
        assert ("field_left" in unknown) == (fit == "sector")
    assert rows[0] == rows[1]


def test_what_is_deeper_than_the_field_is_cut_and_what_is_not_there_is_black(tmp_path):
    frames, spacing = sector_video(16.0)
    write_avi(tmp_path / "in.avi", frames, 30)
    mask_video(tmp_path / "in.avi", tmp_path / "out.avi", MaskOptions(mm_per_pixel=1.0), (spacing, spacing))
    assert read_avi(tmp_path / "out.avi")[0][0, -1].any()  # 112 mm of 155
    row = mask_video(tmp_path / "in.avi", tmp_path / "out.avi", MaskOptions(mm_per_pixel=2.0), (spacing,) * 2)
    shown = read_avi(tmp_path / "out.avi")[0][0]
    lit = np.flatnonzero(sector_mask(shown[None]).any(1))
    assert lit[0] == 0
    assert (lit[-1] + 1) * 2.0 == pytest.approx(10 * (16.0 - 0.5 * np.cos(0.6)), abs=4)
    assert row["field_step_x"] == pytest.approx(2.0 / spacing)


@pytest.mark.parametrize(("missing", "outcome"), [("exclude", "no_calibration"), ("fit", "ok")])
def test_a_video_without_calibration_is_left_out_or_fitted(tmp_path, missing, outcome):
    frames, spacing = sector_video(14.0)
    for name in ("v_a", "v_b"):
        write_avi(tmp_path / "in" / f"{name}.avi", frames, 30)
    videos = pd.DataFrame({"video_id": ["v_a", "v_b"], "study_id": "s_a"})
    videos = videos.assign(mm_per_pixel_x=[spacing, None], mm_per_pixel_y=[spacing, None])
    settings = MaskOptions(mm_per_pixel=1.5, missing_calibration=missing)
    rows = mask_shard(videos, tmp_path / "in", tmp_path / "out", settings=settings)
    assert list(rows["outcome"]) == ["ok", outcome]
    assert list(rows["mm_per_pixel"].isna()) == [False, True]
    if missing == "fit":
        mask_video(tmp_path / "in" / "v_b.avi", tmp_path / "fitted.avi", MaskOptions())
        np.testing.assert_array_equal(
            read_avi(tmp_path / "out" / "v_b.avi")[0], read_avi(tmp_path / "fitted.avi")[0]
        )


def test_without_a_scale_the_calibration_counts_for_nothing(tmp_path):
    frames, spacing = sector_video(14.0)
    write_avi(tmp_path / "in.avi", frames, 30)
    rows = [
        mask_video(tmp_path / "in.avi", tmp_path / "out.avi", MaskOptions(), known)
        for known in (None, (spacing, spacing))
    ]
    assert rows[0] == rows[1]


@pytest.mark.parametrize("value", [0.0, 0.01, 11.0])
def test_impossible_scales_are_refused(value):
    with pytest.raises(ValueError, match=r"mm_per_pixel\n.*(greater|less) than or equal to"):
        MaskOptions(mm_per_pixel=value)
