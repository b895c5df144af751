"""The same heart gives the same clip, whatever frame rate it was filmed with."""

import numpy as np
import pandas as pd
import pytest
from test_store import SIZE, write_shard

from echoclr_core.options.clip import ClipOptions
from echoclr_core.synthetic.plan.patients import make_patient
from echoclr_core.synthetic.plan.settings import SyntheticSettings
from echoclr_core.synthetic.rendering.video import fan_video, make_video_spec
from echoclr_core.video.resampling import nearest_frames, unknown_frame_rates
from echoclr_core.video.store import ClipStore
from echoclr_core.video.store_building import build_store
from echoclr_core.video.tables import CLIP_INDEX, RESAMPLED_INDEX, read_clip_index

FILMED = (15, 30, 60)
GREY_LEVELS = 2.6  # mean difference of two clips of one heart: the phantom's electronic noise
GREY_LEVELS_BETWEEN = 4.0  # where a frame wanted lies between two filmed ones


@pytest.mark.parametrize(
    ("n_frames", "fps", "rate", "expected"),
    [
        (4, 30, 30, [0, 1, 2, 3]),
        (6, 60, 30, [0, 2, 4]),
        (3, 15, 30, [0, 0, 1, 1, 2, 2]),  # of two equally near frames the earlier one
        (5, 50, 30, [0, 2, 3]),
        (9, 29.97, 30, range(9)),
        (1, 60, 15, [0]),
        (2, 60, 15, [0]),
    ],
)
def test_the_nearest_frames_are_taken(n_frames, fps, rate, expected):
    np.testing.assert_array_equal(nearest_frames(n_frames, fps, rate), list(expected))


def test_a_frame_lies_within_half_a_frame_of_its_time_and_the_video_keeps_its_length():
    rng = np.random.default_rng(0)
    for _ in range(300):
        n_frames, fps, rate = int(rng.integers(1, 200)), rng.uniform(5, 120), rng.uniform(5, 120)
        found = nearest_frames(n_frames, fps, rate)
        late = np.abs(found / fps - np.arange(len(found)) / rate)
        inside = np.arange(len(found)) / rate <= (n_frames - 1) / fps
        assert (late[inside] <= 0.5 / fps + 1e-6).all()
        assert (late <= 1 / fps + 0.5 / rate + 1e-6).all()
        assert abs(len(found) / rate - n_frames / fps) <= 1 / rate


@pytest.mark.parametrize(
    ("n_frames", "fps", "rate"), [(0, 30, 30), (4, 0, 30), (4, 30, 0), (4, float("nan"), 30)]
)
def test_rates_and_lengths_must_be_positive(n_frames, fps, rate):
    with pytest.raises(ValueError, match="must be above 0"):
        nearest_frames(n_frames, fps, rate)


@pytest.fixture(scope="module")
def filmed():
    """The same moments of one phantom heart, 0.8 s, filmed at three rates."""
    settings = SyntheticSettings(development_studies=1, external_studies=0, view_studies=0)
    anatomy = make_patient(settings, 0).anatomy
    specs = {
        fps: make_video_spec(settings, anatomy, 0, 1, "plax", round(0.8 * fps), float(fps)) for fps in FILMED
    }
    return {fps: fan_video(spec, size=48) for fps, spec in specs.items()}


def mean_difference(one, two):
    return float(np.abs(one.astype(float) - two).mean())


@pytest.mark.parametrize(("rate", "limit"), [(15, GREY_LEVELS), (30, GREY_LEVELS_BETWEEN)])
def test_one_heart_gives_one_clip_whatever_its_frame_rate(filmed, rate, limit):
    clips = {fps: video[nearest_frames(len(video), fps, rate)] for fps, video in filmed.items()}
    for fps in FILMED[1:]:
        assert mean_difference(clips[15], clips[fps]) < limit
    # without it, the frames of the same numbers are other moments
    assert mean_difference(filmed[15][:12], filmed[60][:12]) > 2 * limit


def shard(tmp_path, rates, settings, unknown=()):
    masked, videos = write_shard(tmp_path / "avi", dict.fromkeys(rates, 12))
    masked["fps"] = [float(rate) for rate in rates.values()]
    paths = (tmp_path / "s.npy", tmp_path / "s.parquet")
    build_store(masked, tmp_path / "avi", *paths, size=SIZE, settings=settings, unknown_rates=unknown)
    return ClipStore.open([paths[1]], [paths[0]]), videos


def test_the_store_holds_the_nearest_frames_and_their_rate(tmp_path):
    rates = {"v_a": 15, "v_b": 30, "v_c": 60}
    store, videos = shard(tmp_path, rates, ClipOptions(frame_rate=30))
    for video, fps in rates.items():
        np.testing.assert_array_equal(store.video(video), videos[video][nearest_frames(12, fps, 30)])
    assert list(store.index["n_frames"]) == [24, 12, 6]
    assert set(store.index["fps"]) == {30.0}
    np.testing.assert_allclose(store.source_steps(["v_c", "v_a"]), [2.0, 0.5])
    RESAMPLED_INDEX.check(store.index)
    store.verify()


@pytest.mark.parametrize(("missing", "kept"), [("every_frame", ["v_a", "v_b"]), ("exclude", ["v_b"])])
def test_a_video_without_a_known_rate_is_whole_or_not_there(tmp_path, missing, kept):
    settings = ClipOptions(frame_rate=15, missing_frame_rate=missing)
    store, videos = shard(tmp_path, {"v_a": 30, "v_b": 30}, settings, unknown={"v_a"})
    assert list(store.index["video_id"]) == kept
    assert store.n_frames("v_b") == 6
    if missing == "every_frame":
        np.testing.assert_array_equal(store.video("v_a"), videos["v_a"])
        assert store.source_steps(["v_a"]) == [1.0]


def test_without_a_rate_no_byte_changes(tmp_path):
    masked, _ = write_shard(tmp_path / "avi", {"v_a": 4, "v_b": 5})
    found = []
    for name, settings in (("one", None), ("two", ClipOptions(missing_frame_rate="exclude"))):
        paths = (tmp_path / f"{name}.npy", tmp_path / f"{name}.parquet")
        build_store(masked, tmp_path / "avi", *paths, size=SIZE, settings=settings, unknown_rates={"v_a"})
        found.append([path.read_bytes() for path in paths])
    assert found[0] == found[1]
    assert list(pd.read_parquet(paths[1]).columns) == list(CLIP_INDEX.columns)
    assert list(read_clip_index(paths[1])["n_frames"]) == [4, 5]


def test_the_rate_of_a_file_without_one_is_not_known():
    sources = pd.DataFrame({"fps_source": ["FrameTime", "default", "missing", "file", None]})
    assert list(unknown_frame_rates(sources)) == [False, True, True, False, True]
