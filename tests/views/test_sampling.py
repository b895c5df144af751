"""Frames for the view decision: exact, reproducible, uniform."""

import av
import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from echoclr_core.common.avi_reading import read_avi
from echoclr_core.common.avi_writing import write_avi
from echoclr_core.common.randomness import generator
from echoclr_core.views.sampling import ViewSettings, reservoir, sample_frames, sample_indices, shrink


def numbered_video(path, n_frames, shape=(40, 52), codec="ffv1"):
    """Frame k has the value 2k everywhere."""
    write_avi(path, (np.full(shape, 2 * k, np.uint8) for k in range(n_frames)), 30.0, codec)
    return path


@pytest.mark.parametrize("codec", ["magicyuv", "ffv1", "mjpeg"])
def test_each_drawn_frame_is_the_frame_of_that_number(tmp_path, codec):
    path = numbered_video(tmp_path / "v.avi", 90, codec=codec)
    frames = sample_frames(path, "v_1", seed=3)
    indices = sample_indices(90, "v_1", seed=3)
    assert frames.shape == (10, 224, 224)
    assert frames.dtype == np.uint8
    assert np.array_equal(frames, np.broadcast_to(2 * indices[:, None, None], frames.shape))


def test_ten_frames_are_drawn_without_replacement_in_order_of_time():
    indices = sample_indices(500, "v_1")
    assert len(indices) == 10  # the paper's number
    assert (np.diff(indices) > 0).all()
    assert indices[0] >= 0
    assert indices[-1] < 500


def test_the_draw_depends_on_seed_and_video_alone(tmp_path):
    path = numbered_video(tmp_path / "v.avi", 80)
    first = sample_frames(path, "v_1", seed=1)
    assert np.array_equal(first, sample_frames(path, "v_1", seed=1))
    assert not np.array_equal(first, sample_frames(path, "v_2", seed=1))
    assert not np.array_equal(first, sample_frames(path, "v_1", seed=2))


@pytest.mark.parametrize("n_frames", [1, 2, 9, 10])
def test_a_short_video_gives_all_its_frames(tmp_path, n_frames):
    frames = sample_frames(numbered_video(tmp_path / "v.avi", n_frames), "v_1")
    assert frames[:, 0, 0].tolist() == [2 * k for k in range(n_frames)]


def test_resizing_averages_areas(tmp_path):
    """448 × 672 to 224 × 224: every pixel is the mean of 2 × 3."""
    frame = np.random.default_rng(0).integers(0, 256, (448, 672)).astype(np.uint8)
    write_avi(tmp_path / "v.avi", [frame], 30.0)
    expected = frame.reshape(224, 2, 224, 3).mean(axis=(1, 3))
    assert np.abs(sample_frames(tmp_path / "v.avi", "v_1")[0] - expected).max() <= 0.5


def test_resizing_to_another_size_is_that_of_the_settings(tmp_path):
    frame = np.random.default_rng(0).integers(0, 256, (60, 80)).astype(np.uint8)
    write_avi(tmp_path / "v.avi", [frame], 30.0)
    small = sample_frames(tmp_path / "v.avi", "v_1", size=20)[0]
    assert np.array_equal(small, cv2.resize(frame, (20, 20), interpolation=cv2.INTER_AREA))
    assert shrink(small).shape == (224, 224)


@given(n=st.integers(0, 60), count=st.integers(1, 20), seed=st.integers(0, 1000))
def test_a_reservoir_holds_different_items_in_order(n, count, seed):
    kept = reservoir(iter("x" * n), count, generator(seed))
    positions = [position for position, _ in kept]
    assert len(positions) == min(n, count)
    assert positions == sorted(set(positions))
    assert all(0 <= position < n for position in positions)


def test_every_frame_and_every_pair_is_equally_likely():
    """3 of 6 frames: each frame in 1/2 of the draws, each pair in 1/5."""
    draws = np.zeros((4000, 6))
    for seed in range(len(draws)):
        draws[seed, sample_indices(6, "v_1", count=3, seed=seed)] = 1
    together = draws.T @ draws / len(draws)
    expected = np.full((6, 6), 1 / 5) + np.eye(6) * (1 / 2 - 1 / 5)
    assert np.abs(together - expected).max() < 0.035  # more than four standard errors


def test_an_unreadable_file_is_named_by_its_pseudonym(tmp_path):
    path = tmp_path / "secret name.avi"
    path.write_bytes(b"no video")
    with pytest.raises(ValueError, match=r"^video v_1: its file cannot be decoded$"):
        sample_frames(path, "v_1")


def test_a_file_cut_short_is_refused(tmp_path):
    path = numbered_video(tmp_path / "v.avi", 40)
    path.write_bytes(path.read_bytes()[:-2000])
    with pytest.raises(ValueError, match="v_1"):
        sample_frames(path, "v_1")


@pytest.mark.parametrize("option", [{"frames": 0}, {"seed": -1}])
def test_settings_name_the_field_that_is_wrong(option):
    with pytest.raises(ValueError, match=next(iter(option))):
        ViewSettings(**option)


@pytest.mark.parametrize("codec", ["magicyuv", "mjpeg"])
def test_drawn_frames_are_those_of_full_decoding(tmp_path, codec):
    """Only the drawn frames of these codecs are decoded: they must be the same as from reading all of it."""
    rng = np.random.default_rng(0)
    write_avi(tmp_path / "v.avi", rng.integers(0, 256, (30, 45, 67)).astype(np.uint8), 30.0, codec)
    everything, _ = read_avi(tmp_path / "v.avi")
    expected = [shrink(everything[i]) for i in sample_indices(30, "v_1", seed=4)]
    assert np.array_equal(sample_frames(tmp_path / "v.avi", "v_1", seed=4), expected)


def test_colour_mjpeg_gives_its_luma(tmp_path):
    frames = np.random.default_rng(0).integers(0, 256, (5, 48, 64, 3)).astype(np.uint8)
    with av.open(str(tmp_path / "v.avi"), "w") as container:
        stream = container.add_stream("mjpeg", rate=30)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuvj420p"
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode(None))
    luma, _ = read_avi(tmp_path / "v.avi")
    assert np.array_equal(sample_frames(tmp_path / "v.avi", "v_1"), [shrink(frame) for frame in luma])


def test_a_damaged_jpeg_that_is_drawn_is_refused(tmp_path):
    path = numbered_video(tmp_path / "v.avi", 5, shape=(200, 300), codec="mjpeg")
    data = path.read_bytes()
    second = data.index(b"\xff\xd8", data.index(b"\xff\xd8") + 2)
    path.write_bytes(data[:second] + b"\x00" * 300 + data[second + 300 :])
    with pytest.raises(ValueError, match="v_1"):
        sample_frames(path, "v_1")


def test_a_file_that_names_another_video_is_no_video(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_avi(tmp_path / "other.avi", np.full((3, 45, 67), 9, np.uint8), 30.0, "mjpeg")
    (tmp_path / "v.avi").write_text("ffconcat version 1.0\nfile 'other.avi'\n")
    with pytest.raises(ValueError, match="v_1"):
        sample_frames(tmp_path / "v.avi", "v_1")
