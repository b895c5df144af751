"""Masked videos: one file, a shard, the preview."""

import os
import threading
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
from pydicom.pixels import pixel_array

from echoclr_core.common import resume
from echoclr_core.common.avi_reading import read_avi
from echoclr_core.common.avi_writing import write_avi
from echoclr_core.common.digest import file_digest
from echoclr_core.common.folder_lock import FolderHeldError, hold_folder
from echoclr_core.common.shard_cache import ShardCache
from echoclr_core.options.mask import MaskOptions
from echoclr_core.video import masked_video as room
from echoclr_core.video.hull import sector_mask
from echoclr_core.video.mask import mask_preview, mask_shard
from echoclr_core.video.masked_video import mask_video
from echoclr_core.video.tables import MASKED_VIDEOS


def fan(count=6, height=90, width=121, seed=0, label=250):
    """A speckled triangle with a separate label in the corner; 0 for none."""
    rng = np.random.default_rng(seed)
    inside = np.zeros((height, width), np.uint8)
    corners = np.array([[width // 2, 2], [5, height - 5], [width - 6, height - 5]])
    cv2.fillConvexPoly(inside, corners, 1)
    frames = rng.integers(1, 150, (count, height, width), dtype=np.uint8) * inside
    frames[:, 3:8, 3:20] = label
    return frames


def masked_slowly(frames, size, keep_aspect=False):
    """Frame by frame from the definition."""
    hull = sector_mask(frames)
    out = []
    for frame in frames:
        kept = np.where(hull, frame, 0).astype(np.uint8)
        if keep_aspect:
            side = max(kept.shape)
            rows, columns = side - kept.shape[0], side - kept.shape[1]
            kept = np.pad(kept, ((rows // 2, rows - rows // 2), (columns // 2, columns - columns // 2)))
        out.append(cv2.resize(kept, (size, size), interpolation=cv2.INTER_AREA))
    return np.stack(out)


@pytest.mark.parametrize("keep_aspect", [False, True])
def test_a_video_is_masked_resized_and_kept_exactly(tmp_path, keep_aspect):
    frames = fan()
    write_avi(tmp_path / "in.avi", frames, 33.5)
    row = mask_video(tmp_path / "in.avi", tmp_path / "out.avi", MaskOptions(keep_aspect=keep_aspect))
    found, fps = read_avi(tmp_path / "out.avi")
    np.testing.assert_array_equal(found, masked_slowly(frames, 112, keep_aspect))
    assert fps == row["fps"] == 33.5
    assert (row["outcome"], row["n_frames"], row["height"], row["width"]) == ("ok", 6, 90, 121)
    assert row["hull_fraction"] == pytest.approx(sector_mask(frames).mean())
    assert row["sha256"] == file_digest(tmp_path / "out.avi")
    if not keep_aspect:
        assert found[:, 4:9, 4:18].max() == 0  # the label is gone


@pytest.mark.parametrize(("label", "times"), [(0, 1), (250, 2)])
def test_a_video_is_decoded_again_only_if_something_was_lit_beyond_the_hull(
    tmp_path, monkeypatch, label, times
):
    frames, decoded = fan(height=90, width=160, label=label), []
    write_avi(tmp_path / "in.avi", frames, 30)
    original = room.iter_avi
    monkeypatch.setattr(room, "iter_avi", lambda path: decoded.append(path) or original(path))
    mask_video(tmp_path / "in.avi", tmp_path / "out.avi", MaskOptions())
    assert len(decoded) == times
    np.testing.assert_array_equal(read_avi(tmp_path / "out.avi")[0], masked_slowly(frames, 112))


def test_every_setting_changes_the_result(tmp_path):
    frames = fan()
    write_avi(tmp_path / "in.avi", frames, 30)
    results = set()
    changes = ({}, {"size": 56}, {"binarise": "literal", "threshold": 120}, {"binarise": "literal"})
    more = ({"keep_aspect": True}, {"codec": "mjpeg"}, {"codec": "mjpeg", "quality": 50})
    for change in (*changes, *more):
        mask_video(tmp_path / "in.avi", tmp_path / "out.avi", MaskOptions(**change))
        results.add(file_digest(tmp_path / "out.avi"))
    assert len(results) == 7


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"size": 0}, r"size\n.*greater than or equal to 16"),
        ({"codec": "h264"}, "'ffv1' or 'mjpeg'.*h264"),
        ({"quality": 101}, r"quality\n.*less than or equal to 100.*101"),
        ({"binarise": "x"}, "nonzero"),
        ({"threshold": 255}, r"threshold\n.*less than or equal to 254"),
    ],
)
def test_wrong_settings_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        MaskOptions(**change)


@pytest.mark.parametrize("lit", [0, 1])
def test_a_video_with_nothing_to_keep_is_blank_and_has_no_file(tmp_path, lit):
    frames = np.zeros((3, 301, 299), np.uint8)
    frames[1, 150, 150] = lit  # one dim pixel is nothing in the area mean
    write_avi(tmp_path / "in.avi", frames, 30)
    write_avi(tmp_path / "out.avi", frames, 30)  # left from an earlier run
    row = mask_video(tmp_path / "in.avi", tmp_path / "out.avi", MaskOptions())
    assert row["outcome"] == "blank"
    assert row["sha256"] is None
    assert not (tmp_path / "out.avi").exists()


def test_a_one_colour_video_is_kept(tmp_path):
    write_avi(tmp_path / "in.avi", np.full((2, 11, 13), 77, np.uint8), 30)
    assert mask_video(tmp_path / "in.avi", tmp_path / "out.avi", MaskOptions())["hull_fraction"] == 1.0
    assert (read_avi(tmp_path / "out.avi")[0] == 77).all()


@pytest.mark.parametrize("codec", ["ffv1", "mjpeg"])
def test_a_file_that_does_not_read_back_is_never_ok(tmp_path, monkeypatch, codec):
    def lossy(path, frames, fps, codec, quality):
        frames = np.array(frames)
        frames[-1, 50:58, 50:58] ^= 64
        return write_avi(path, frames, fps, codec, quality)

    write_avi(tmp_path / "in.avi", fan(), 30)
    monkeypatch.setattr(room, "write_avi", lossy)
    with pytest.raises(OSError, match=r"out\.avi: does not read back"):
        mask_video(tmp_path / "in.avi", tmp_path / "out.avi", MaskOptions(codec=codec))
    assert [path.name for path in tmp_path.iterdir()] == ["in.avi"]


@pytest.fixture
def shard(tmp_path):
    """Five videos: two good, one blank, one cut short, one not there."""
    source = tmp_path / "in"
    write_avi(source / "v_b.avi", fan(seed=1), 30)
    write_avi(source / "v_a.avi", fan(4, 60, 60, seed=2), 25, "mjpeg")
    write_avi(source / "v_blank.avi", np.zeros((3, 20, 20), np.uint8), 30)
    write_avi(source / "v_cut.avi", fan(seed=3), 30)
    (source / "v_cut.avi").write_bytes((source / "v_cut.avi").read_bytes()[:5000])
    ids = ["v_b", "v_cut", "v_blank", "v_a", "v_gone"]
    return pd.DataFrame({"video_id": ids, "study_id": ["s_1", "s_1", "s_2", "s_2", "s_2"], "view": "PLAX"})


def test_a_shard_has_one_row_a_video_in_order(tmp_path, shard, caplog):
    rows = mask_shard(shard, tmp_path / "in", tmp_path / "out", settings=MaskOptions())
    assert list(rows.columns) == list(MASKED_VIDEOS.columns)
    assert list(rows["video_id"]) == list(shard["video_id"])
    assert list(rows["study_id"]) == list(shard["study_id"])
    assert list(rows["outcome"]) == ["ok", "unreadable", "blank", "ok", "unreadable"]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["v_a.avi", "v_b.avi"]
    assert list(rows["n_frames"].fillna(-1)) == [6, -1, 3, 4, -1]
    assert str(tmp_path) not in caplog.text
    MASKED_VIDEOS.write(rows, tmp_path / "rows.parquet")
    pd.testing.assert_frame_equal(MASKED_VIDEOS.read(tmp_path / "rows.parquet"), rows)


def test_processes_change_nothing(tmp_path, shard):
    one = mask_shard(shard, tmp_path / "in", tmp_path / "one", settings=MaskOptions(), workers=1)
    two = mask_shard(shard, tmp_path / "in", tmp_path / "two", settings=MaskOptions(), workers=2)
    pd.testing.assert_frame_equal(one, two)
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


def test_a_second_run_ends_like_the_first(tmp_path, shard):
    first = mask_shard(shard, tmp_path / "in", tmp_path / "out", settings=MaskOptions())
    (tmp_path / "out" / ".v_b.1.tmp.avi").write_bytes(b"killed here")
    (tmp_path / "out" / "v_blank.avi").write_bytes(b"old")
    (tmp_path / "out" / "v_a.avi").write_bytes(b"half")
    second = mask_shard(shard, tmp_path / "in", tmp_path / "out", settings=MaskOptions())
    pd.testing.assert_frame_equal(first, second)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["v_a.avi", "v_b.avi"]


def test_a_shard_without_videos_is_an_empty_table(tmp_path):
    videos = pd.DataFrame({"video_id": [], "study_id": []})
    rows = mask_shard(videos, tmp_path, tmp_path / "out", settings=MaskOptions(), workers=2)
    assert len(rows) == 0
    assert (tmp_path / "out").is_dir()
    assert mask_preview(rows, tmp_path, tmp_path)[0] == []


def test_preview_shows_the_middle_frame_before_and_after(tmp_path, shard):
    rows = mask_shard(shard, tmp_path / "in", tmp_path / "out", settings=MaskOptions(size=64))
    ids, before, after = mask_preview(rows, tmp_path / "in", tmp_path / "out")
    assert ids == ["v_b", "v_a"]
    assert before.shape == after.shape == (2, 64, 64)
    np.testing.assert_array_equal(after[0], read_avi(tmp_path / "out" / "v_b.avi")[0][3])
    expected = cv2.resize(fan(seed=1)[3], (64, 64), interpolation=cv2.INTER_AREA)
    np.testing.assert_array_equal(before[0], expected)
    assert mask_preview(rows, tmp_path / "in", tmp_path / "out", videos=1)[0] == ["v_b"]
    _, padded, _ = mask_preview(rows, tmp_path / "in", tmp_path / "out", keep_aspect=True)
    assert not padded[0][:8].any()  # 90 rows of 121: zeros above and below
    assert padded[0][12].any()


def test_a_video_that_brings_its_process_down_costs_itself_only(tmp_path, shard):
    rows = mask_shard(
        shard, tmp_path / "in", tmp_path / "out", settings=MaskOptions(), process="faulty_masks:mask"
    )
    assert list(rows["outcome"]) == ["unreadable", "unreadable", "blank", "ok", "unreadable"]
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["v_a.avi"]


def test_a_failing_disk_ends_the_shard(tmp_path, shard):
    with pytest.raises(OSError, match="does not read back"):
        mask_shard(
            shard, tmp_path / "in", tmp_path / "out", settings=MaskOptions(), process="faulty_masks:disk"
        )
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("bit", [100, 4000, -2000])
def test_a_flipped_bit_is_seen(tmp_path, bit):
    """MagicYUV carries no checksum: most flipped bits decode to another picture without a word."""
    frames = fan()
    write_avi(tmp_path / "in" / "v_a.avi", frames, 30, "magicyuv")
    digest = file_digest(tmp_path / "in" / "v_a.avi")
    data = bytearray((tmp_path / "in" / "v_a.avi").read_bytes())
    data[bit] ^= 4
    (tmp_path / "in" / "v_a.avi").write_bytes(data)
    videos = pd.DataFrame({"video_id": ["v_a"], "study_id": ["s_1"], "sha256": [digest]})
    rows = mask_shard(videos, tmp_path / "in", tmp_path / "out", settings=MaskOptions())
    assert list(rows["outcome"]) == ["unreadable"]


@pytest.mark.parametrize("change", ["nothing", "settings", "source", "code"])
def test_a_stopped_shard_goes_on_where_it_was(tmp_path, monkeypatch, shard, change):
    def stop(*_):
        raise InterruptedError

    shard = shard[shard["video_id"] != "v_gone"]
    options = {"workers": 1, "process": "faulty_masks:counted"}
    monkeypatch.setenv("ECHOCLR_TEST_CALLS", str(tmp_path / "calls"))
    with monkeypatch.context() as patched:
        patched.setattr(ShardCache, "publish", stop)
        with pytest.raises(InterruptedError):
            mask_shard(shard, tmp_path / "in", tmp_path / "out", settings=MaskOptions(), **options)
    (tmp_path / "calls").write_text("")
    settings = MaskOptions(size=56) if change == "settings" else MaskOptions()
    if change == "source":
        os.utime(tmp_path / "in" / "v_a.avi", ns=(1, 1))
    if change == "code":
        monkeypatch.setattr(resume, "function_digest", lambda *_: "edited")
    rows = mask_shard(shard, tmp_path / "in", tmp_path / "out", settings=settings, **options)
    assert list(rows["outcome"]) == ["ok", "unreadable", "blank", "ok"]
    made = {"nothing": {"v_cut"}, "source": {"v_cut", "v_a"}}.get(change, set(shard["video_id"]))
    assert set((tmp_path / "calls").read_text().split()) == made


def test_two_jobs_do_not_work_on_one_shard(tmp_path, shard, monkeypatch):
    monkeypatch.setattr("echoclr_core.video.mask.hold_folder", partial(hold_folder, wait_seconds=0))
    refused = []

    def second():
        try:
            mask_shard(shard, tmp_path / "in", tmp_path / "out", tmp_path / "work", settings=MaskOptions())
        except FolderHeldError:
            refused.append(True)

    with hold_folder(tmp_path / "work"):
        thread = threading.Thread(target=second)
        thread.start()
        thread.join()
    assert refused == [True]


def test_real_ultrasound_keeps_its_sector_when_there(tmp_path):
    path = Path(__file__).parents[2] / "../shared/real/us_acuson_a4c_65f.dcm"
    if not path.exists():
        pytest.skip("no real files beside the repository")
    frames = np.stack([pixel_array(path, index=index)[..., 0] for index in (0, 30)])
    write_avi(tmp_path / "in.avi", frames, 30)
    row = mask_video(tmp_path / "in.avi", tmp_path / "out.avi", MaskOptions())
    assert row["outcome"] == "ok"
    literal = mask_video(tmp_path / "in.avi", tmp_path / "out.avi", MaskOptions(binarise="literal"))
    assert literal["hull_fraction"] < 0.1 < row["hull_fraction"]
