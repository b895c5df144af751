"""The clip store gives back exactly the frames of the AVIs."""

import pickle
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from echoclr_core.common.avi_reading import read_avi
from echoclr_core.common.avi_writing import write_avi
from echoclr_core.common.digest import file_digest
from echoclr_core.common.isolation import Job, run_isolated
from echoclr_core.video.store import ClipStore
from echoclr_core.video.store_building import build_store
from echoclr_core.video.tables import CLIP_INDEX

SIZE = 12


def write_shard(folder, lengths, seed=0):
    """Random videos (video_id: frames) and their MASKED_VIDEOS rows; returns the frames too."""
    rng = np.random.default_rng(seed)
    rows, videos = [], {}
    for number, (video_id, length) in enumerate(lengths.items()):
        videos[video_id] = rng.integers(0, 256, (length, SIZE, SIZE), dtype=np.uint8)
        write_avi(folder / f"{video_id}.avi", videos[video_id], 30 + number)
        digest = file_digest(folder / f"{video_id}.avi")
        rows.append((video_id, f"s_{number // 2}", "ok", length, 30.0 + number, digest))
    columns = ["video_id", "study_id", "outcome", "n_frames", "fps", "sha256"]
    frame = pd.DataFrame(rows, columns=columns)
    frame["n_frames"] = frame["n_frames"].astype("Int64")
    return frame, videos


@pytest.fixture
def shards(tmp_path):
    """Two shards with videos and one without; returns (paths of indexes, of arrays, videos)."""
    indexes, arrays, videos = [], [], {}
    for name, lengths in (("0", {"v_c": 9, "v_a": 5, "v_b": 3}), ("1", {}), ("2", {"v_d": 7})):
        masked, made = write_shard(tmp_path / name, lengths, seed=int(name))
        indexes.append(tmp_path / f"{name}.parquet")
        arrays.append(tmp_path / f"{name}.npy")
        build_store(masked, tmp_path / name, arrays[-1], indexes[-1], size=SIZE)
        videos |= made
    return indexes, arrays, videos


def test_every_video_and_clip_is_what_the_avi_holds(tmp_path, shards):
    store = ClipStore.open(*shards[:2])
    assert len(store) == 4
    assert store.size == (SIZE, SIZE)
    assert set(store.index["video_id"]) == set(shards[2])
    for video_id, frames in shards[2].items():
        np.testing.assert_array_equal(store.video(video_id), frames)
        assert store.n_frames(video_id) == len(frames)
        for start in range(len(frames) - 2):
            clip = store.clip(video_id, start, 3)
            assert clip.dtype == np.uint8
            np.testing.assert_array_equal(clip, frames[start : start + 3])
    avi, fps = read_avi(tmp_path / "0" / "v_a.avi")
    np.testing.assert_array_equal(store.video("v_a"), avi)
    assert store.index.set_index("video_id").loc["v_a", "fps"] == fps


def test_a_short_video_is_repeated_as_a_loop(shards):
    store = ClipStore.open(*shards[:2])
    frames = shards[2]["v_b"]
    np.testing.assert_array_equal(store.clip("v_b", 0, 8), frames[[0, 1, 2, 0, 1, 2, 0, 1]])
    np.testing.assert_array_equal(store.clip("v_b", 2, 4), frames[[2, 0, 1, 2]])


def test_a_batch_is_its_clips(shards):
    store = ClipStore.open(*shards[:2])
    batch = store.clips(["v_b", "v_d", "v_b"], np.array([0, 3, 1]), 4)
    single = [store.clip("v_b", 0, 4), store.clip("v_d", 3, 4), store.clip("v_b", 1, 4)]
    np.testing.assert_array_equal(batch, np.stack(single))


@pytest.mark.parametrize(("video_id", "start"), [("v_c", 6), ("v_c", -1), ("v_b", 3), ("v_x", 0)])
def test_clips_that_are_not_there_are_refused(shards, video_id, start):
    with pytest.raises(ValueError, match=f"'{video_id}'"):
        ClipStore.open(*shards[:2]).clip(video_id, start, 4)


def test_clips_are_copies_and_the_store_cannot_be_written(shards):
    store = ClipStore.open(*shards[:2])
    store.clip("v_c", 0, 2)[:] = 0
    store.video("v_c")[:] = 0
    np.testing.assert_array_equal(store.video("v_c"), shards[2]["v_c"])
    assert not store._view("v_c").flags.writeable


def test_it_opens_from_read_only_files(tmp_path, shards):
    for path in tmp_path.glob("*.*"):
        path.chmod(stat.S_IRUSR)
    tmp_path.chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        np.testing.assert_array_equal(ClipStore.open(*shards[:2]).video("v_d"), shards[2]["v_d"])
    finally:
        tmp_path.chmod(stat.S_IRWXU)


def test_it_is_small_to_pickle_and_reads_in_another_process(shards):
    store = ClipStore.open(*shards[:2])
    expected = store.clip("v_c", 2, 4)
    assert len(pickle.dumps(store)) < 10_000
    (there,) = run_isolated("store_clips:clip", [Job(0, (store, "v_c", 2, 4))], workers=1)
    np.testing.assert_array_equal(there[2], expected)


def test_the_array_is_a_plain_npy_and_the_index_says_where(shards):
    frames = np.load(shards[1][0])
    index = CLIP_INDEX.read(shards[0][0])
    assert frames.shape == (17, SIZE, SIZE)
    for row in index.itertuples():
        np.testing.assert_array_equal(frames[row.first : row.first + row.n_frames], shards[2][row.video_id])


def test_equal_videos_give_equal_bytes_whatever_the_order_of_rows(tmp_path):
    masked, _ = write_shard(tmp_path / "avi", {"v_a": 4, "v_b": 5, "v_c": 3})
    for name, rows in (("one", masked), ("two", masked.iloc[::-1])):
        build_store(rows, tmp_path / "avi", tmp_path / f"{name}.npy", tmp_path / f"{name}.parquet", size=SIZE)
    assert (tmp_path / "one.npy").read_bytes() == (tmp_path / "two.npy").read_bytes()
    assert (tmp_path / "one.parquet").read_bytes() == (tmp_path / "two.parquet").read_bytes()


def test_a_shard_without_videos_is_a_valid_empty_store(tmp_path, shards):
    assert np.load(shards[1][1]).shape == (0, SIZE, SIZE)
    empty = ClipStore.open([shards[0][1]], [shards[1][1]])
    assert len(empty) == 0
    assert empty.size == (SIZE, SIZE)
    empty.verify()
    masked, _ = write_shard(tmp_path / "avi", {})
    build_store(masked, tmp_path / "avi", tmp_path / "e.npy", tmp_path / "e.parquet")
    assert np.load(tmp_path / "e.npy").shape == (0, 112, 112)


def test_videos_that_are_not_ok_are_not_in_the_store(tmp_path):
    masked, _ = write_shard(tmp_path / "avi", {"v_a": 4, "v_b": 5})
    masked.loc[0, "outcome"], masked.loc[0, "n_frames"] = "unreadable", pd.NA
    build_store(masked, tmp_path / "avi", tmp_path / "s.npy", tmp_path / "s.parquet", size=SIZE)
    assert list(ClipStore.open([tmp_path / "s.parquet"], [tmp_path / "s.npy"]).index["video_id"]) == ["v_b"]


def test_verify_finds_a_changed_byte(shards):
    store = ClipStore.open(*shards[:2])
    store.verify()
    data = bytearray(shards[1][2].read_bytes())
    data[-1] ^= 1
    shards[1][2].write_bytes(data)
    with pytest.raises(ValueError, match=r"1 videos have changed.*v_d"):
        ClipStore.open(*shards[:2]).verify()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n_frames": 6}, "4 frames decode, its row says 6"),
        ({"sha256": "0" * 64}, "changed since it was masked"),
        ({"video_id": "v_x"}, "v_x.avi.*not there"),
    ],
)
def test_a_video_that_is_not_what_its_row_says_stops_the_build(tmp_path, change, message):
    masked, _ = write_shard(tmp_path / "avi", {"v_a": 4})
    for name, value in change.items():
        masked.loc[0, name] = value
    with pytest.raises(ValueError, match=message):
        build_store(masked, tmp_path / "avi", tmp_path / "s.npy", tmp_path / "s.parquet", size=SIZE)
    assert [path.name for path in tmp_path.iterdir()] == ["avi"]


def test_wrong_shards_are_refused(tmp_path, shards):
    indexes, arrays, _ = shards
    with pytest.raises(ValueError, match="one array for each index"):
        ClipStore.open(indexes, arrays[:2])
    with pytest.raises(ValueError, match="one array for each index"):
        ClipStore.open([], [])
    with pytest.raises(ValueError, match=r"2.npy: holds uint8"):
        ClipStore.open([indexes[0]], [arrays[2]])
    with pytest.raises(ValueError, match="stands in two shards"):
        ClipStore.open([indexes[2]] * 2, [arrays[2]] * 2)
    arrays[2].write_bytes(arrays[2].read_bytes()[:-5])
    with pytest.raises(ValueError, match=r"2.npy: not a readable array"):
        ClipStore.open(indexes, arrays)
    masked, _ = write_shard(tmp_path / "avi", {"v_big": 2})
    with pytest.raises(ValueError, match=r"the store holds \(13, 13\)"):
        build_store(masked, tmp_path / "avi", tmp_path / "b.npy", tmp_path / "b.parquet", size=13)


def test_the_room_and_its_store_do_not_need_torch():
    program = "import sys, echoclr_core.video; sys.exit('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], cwd=Path(__file__).parents[2], check=False)
    assert done.returncode == 0
