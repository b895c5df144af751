"""The audit's sums over frames are those of the whole array, and few frames stay in memory."""

import tracemalloc

import numpy as np
import pytest

from echoclr_core.common.avi_writing import write_avi
from echoclr_core.common.mask_files import write_mask
from echoclr_core.deidentify.audit import shard as audit
from echoclr_core.deidentify.audit.frame_totals import FrameTotals
from echoclr_core.deidentify.audit.shard import audit_video


@pytest.mark.parametrize("count", [1, 2, 15, 16, 17, 50])
def test_sums_and_frames_are_those_of_the_array(count):
    rng = np.random.default_rng(count)
    frames = rng.integers(0, 256, (count, 9, 11), dtype=np.uint8) * (rng.random((count, 9, 11)) < 0.3)
    mask = rng.random((9, 11)) < 0.5
    totals = FrameTotals(mask, count)
    for frame in frames:
        totals.add(frame)
    beyond = frames[:, ~mask].astype(float)
    places = np.unique(np.linspace(0, count - 1, 16).round().astype(int))
    assert totals.count == count
    assert totals.outside_pixels == np.count_nonzero(beyond)
    assert totals.outside_energy == pytest.approx((beyond**2).mean())
    np.testing.assert_array_equal(totals.brightest, frames.max(0))
    np.testing.assert_array_equal(totals.compared, frames[places])
    np.testing.assert_array_equal(totals.middle, frames[count // 2])


def test_another_size_is_refused():
    with pytest.raises(ValueError, match=r"\(4, 5\), the mask is \(4, 4\)"):
        FrameTotals(np.ones((4, 4), bool), 1).add(np.zeros((4, 5), np.uint8))


@pytest.fixture
def video(tmp_path, monkeypatch):
    monkeypatch.setattr(audit, "residual_text", lambda *pictures: 0)
    frame = np.random.default_rng(0).integers(0, 256, (240, 320), dtype=np.uint8)
    write_avi(tmp_path / "v.avi", (np.roll(frame, shift, axis=1) for shift in range(400)), 30, "magicyuv")
    write_mask(np.ones((240, 320), bool), tmp_path / "v.avi")
    return tmp_path / "v.avi"


def test_memory_does_not_grow_with_the_length_of_a_video(video):
    audit_video(video)
    tracemalloc.start()
    row, _ = audit_video(video)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (row["outcome"], row["n_frames"]) == ("clean", 400)
    assert peak < 60 * 240 * 320  # of 400 frames


@pytest.mark.parametrize("wrong", [{"sha256": "0" * 64}, {"n_frames": 399}])
def test_a_video_that_is_not_what_its_row_says_is_unreadable(video, wrong):
    row, _ = audit_video(video, row_values={"n_frames": 400} | wrong)
    assert row["outcome"] == "unreadable"
