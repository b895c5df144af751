"""The audit sees what it is there to see."""

import cv2
import numpy as np
import pandas as pd
import pytest
from cine_files import archive, phantom

from echoclr_core.common.avi_reading import read_avi
from echoclr_core.common.avi_writing import write_avi
from echoclr_core.common.mask_files import write_mask
from echoclr_core.deidentify.audit.shard import audit_shard, audit_video, contact_picture, text_share
from echoclr_core.deidentify.sector.boundary import boundary_mask
from echoclr_core.deidentify.shard import deidentify_shard
from echoclr_core.deidentify.tables import AUDIT, SOURCE_FILES
from echoclr_core.deidentify.text.ocr import read_text
from echoclr_core.dicom.cine import Cine


@pytest.fixture
def shard(tmp_path):
    rows = archive(tmp_path / "dicom", ["a", "b"], count=6)
    table = deidentify_shard(rows, tmp_path / "dicom", tmp_path / "out", tmp_path / "work")
    return table, tmp_path / "out"


def test_written_videos_are_clean_and_a_lit_pixel_is_found(shard):
    table, folder = shard
    rows, pictures = audit_shard(table, folder, sample=9, seed=1)
    assert list(rows["outcome"]) == ["clean", "clean"]
    assert (rows["outside_energy"] == 0).all()
    assert pictures.shape == (2, 480, 640)
    assert pictures.max() > 60
    video = folder / f"{table['video_id'][0]}.avi"
    frames, fps = read_avi(video)
    frames[3, 0, 0] = 10
    write_avi(video, frames, fps)
    row, _ = audit_video(video)
    assert (row["outcome"], row["outside_pixels"]) == ("lit_outside", 1)
    assert row["outside_energy"] > 0


def test_what_cannot_be_read_is_a_row(shard):
    table, folder = shard
    (folder / f"{table['video_id'][0]}.avi").write_bytes(b"RIFF")
    (folder / f"{table['video_id'][1]}.mask.png").unlink()
    rows, _ = audit_shard(table, folder, sample=2, seed=0)
    assert list(rows["outcome"]) == ["unreadable", "unreadable"]
    AUDIT.check(rows)


def test_text_inside_the_window_is_measured():
    frames, _ = phantom(1, height=240, width=320)
    mask = boundary_mask(Cine.from_array(frames))
    marked = frames.copy()
    for frame in marked:
        cv2.putText(frame, "DOE JANE", (110, 120), cv2.FONT_HERSHEY_SIMPLEX, 0.6, 255, 1)
    assert text_share(frames, mask) < 0.0005
    assert text_share(marked, mask) > 0.005
    assert text_share(marked[:1], mask) is None


def test_the_sample_takes_turns_between_vendors():
    count = 40
    table = SOURCE_FILES.check(
        pd.DataFrame(
            {
                "video_id": [f"v_{number:02d}" for number in range(count)],
                "outcome": ["ok"] * (count - 1) + ["blank"],
                "manufacturer": ["ge"] * (count - 3) + ["philips"] * 3,
            }
        ).reindex(columns=list(SOURCE_FILES.columns))
    )
    from echoclr_core.deidentify.audit.shard import _stratified

    draws = [_stratified(table, 4, seed) for seed in range(5)]
    assert all(set(draw["manufacturer"]) == {"ge", "philips"} for draw in draws)
    assert all(len(draw) == 4 for draw in draws)
    assert len({tuple(draw["video_id"]) for draw in draws}) > 1
    assert _stratified(table, 4, 0)["video_id"].tolist() == draws[0]["video_id"].tolist()
    assert "v_39" not in set(_stratified(table, 99, 0)["video_id"])


def test_an_empty_sample_is_empty(shard):
    rows, pictures = audit_shard(shard[0].iloc[:0], shard[1], sample=3, seed=0)
    assert len(rows) == 0
    assert pictures.shape == (0, 480, 640)


def test_a_contact_picture_shows_the_mask_enlarged_and_keeps_the_aspect():
    brightest, mask = np.zeros((100, 400), np.uint8), np.zeros((100, 400), bool)
    mask[20:40, 100:180] = True
    brightest[mask] = 200
    picture = contact_picture(brightest, mask)
    assert (picture[160:320] == 200).all()
    assert not picture[:160].any()
    assert not picture[320:].any()
    brightest[0, 0] = 9  # lit outside the mask: it must not fall out of the picture
    assert contact_picture(brightest, mask).any(1).sum() < 160
    assert not contact_picture(np.zeros((5, 5), np.uint8), np.zeros((5, 5), bool)).any()


def test_text_of_one_frame_can_be_read_in_the_contact_picture(tmp_path):
    frames, mask = phantom(1, height=480, width=640, count=8)
    cv2.putText(frames[2], "DOE JANE", (270, 240), cv2.FONT_HERSHEY_SIMPLEX, 0.6, 255, 1, cv2.LINE_AA)
    write_avi(tmp_path / "v.avi", frames * mask, 30.0)
    write_mask(mask, tmp_path / "v.avi")
    row, picture = audit_video(tmp_path / "v.avi")
    assert row["outcome"] == "text"
    assert any("DOE" in line.text for line in read_text(picture))
