"""AVI files: what is written is what is read, and what is damaged says so."""

from fractions import Fraction

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from echoclr_core.common.avi_reading import avi_info, iter_avi, read_avi
from echoclr_core.common.avi_writing import frame_rate, write_avi


def speckle(count=5, height=24, width=32, seed=0):
    rng = np.random.default_rng(seed)
    noise = rng.integers(0, 256, (count, height, width)).astype(np.float32)
    return np.stack([cv2.GaussianBlur(frame, (5, 5), 2) for frame in noise]).astype(np.uint8)


def by_opencv(path):
    """Frames and rate as cv2.VideoCapture gives them."""
    capture = cv2.VideoCapture(str(path))
    frames = []
    while True:
        found, frame = capture.read()
        if not found:
            return np.array(frames), capture.get(cv2.CAP_PROP_FPS)
        frames.append(frame)


@pytest.mark.parametrize("shape", [(112, 112), (1, 1), (7, 13), (113, 111), (2, 3), (480, 639)])
def test_ffv1_is_bit_exact_also_in_odd_sizes(tmp_path, shape):
    frames = np.random.default_rng(1).integers(0, 256, (3, *shape), dtype=np.uint8)
    assert write_avi(tmp_path / "v.avi", iter(frames), 30) == 3
    found, fps = read_avi(tmp_path / "v.avi")
    assert found.dtype == np.uint8
    assert fps == 30.0
    np.testing.assert_array_equal(found, frames)


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 4), st.integers(0, 255))
def test_ffv1_keeps_any_size_and_value(tmp_path_factory, height, width, count, value):
    path = tmp_path_factory.mktemp("any") / "v.avi"
    frames = np.full((count, height, width), value, np.uint8)
    write_avi(path, frames, 25)
    np.testing.assert_array_equal(read_avi(path)[0], frames)


@pytest.mark.parametrize("shape", [(112, 112), (7, 13), (113, 111)])
@pytest.mark.parametrize("codec", ["ffv1", "mjpeg"])
def test_opencv_reads_the_same_frames_size_and_rate(tmp_path, codec, shape):
    frames = speckle(4, *shape)
    write_avi(tmp_path / "v.avi", frames, 29.97, codec)
    ours, fps = read_avi(tmp_path / "v.avi")
    theirs, their_fps = by_opencv(tmp_path / "v.avi")
    assert ours.shape == frames.shape
    assert theirs.shape == (*frames.shape, 3)
    assert np.abs(theirs[..., 0].astype(int) - ours).max() <= (0 if codec == "ffv1" else 1)
    assert fps == 30000 / 1001
    assert their_fps == pytest.approx(29.97, abs=1e-3)


def test_mjpeg_quality_trades_size_for_error(tmp_path):
    frames = speckle(3, 64, 64)
    size, error = [], []
    for quality in (10, 50, 95):
        write_avi(tmp_path / "v.avi", frames, 30, "mjpeg", quality)
        size.append((tmp_path / "v.avi").stat().st_size)
        error.append(np.abs(read_avi(tmp_path / "v.avi")[0].astype(int) - frames).mean())
    assert size[0] < size[1] < size[2]
    assert error[0] > error[1] > error[2]
    assert error[2] < 1.5


def test_mjpeg_frames_are_the_jpegs_of_that_quality(tmp_path):
    frames = speckle(3, 33, 45)
    write_avi(tmp_path / "v.avi", frames, 30, "mjpeg", 80)
    jpegs = [cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, 80])[1] for frame in frames]
    expected = np.stack([cv2.imdecode(jpeg, cv2.IMREAD_GRAYSCALE) for jpeg in jpegs])
    assert np.abs(read_avi(tmp_path / "v.avi")[0].astype(int) - expected).max() <= 1


@pytest.mark.parametrize(
    ("fps", "rate"),
    [
        (30.0, Fraction(30)),
        (1000 / 33.333, Fraction(30)),  # a frame time of 33.333 ms
        (1000 / 16.667, Fraction(60)),
        (30000 / 1001, Fraction(30000, 1001)),
        (29.97, Fraction(30000, 1001)),
        (29.9, Fraction(299, 10)),
        (Fraction(123457, 4001), Fraction(123457, 4001)),
        (0.5, Fraction(1, 2)),
        (61.37, Fraction(6137, 100)),
    ],
)
def test_frame_rates_are_sensible_rationals_and_come_back(tmp_path, fps, rate):
    assert frame_rate(fps) == rate
    for codec in ("ffv1", "mjpeg"):
        for count in (1, 3):
            write_avi(tmp_path / "v.avi", speckle(count), fps, codec)
            assert read_avi(tmp_path / "v.avi")[1] == pytest.approx(float(rate), rel=1e-9)


@pytest.mark.parametrize("fps", [0, -1.0, float("nan"), float("inf"), Fraction(0)])
def test_impossible_rates_are_refused(tmp_path, fps):
    with pytest.raises(ValueError, match="fps must be a positive"):
        write_avi(tmp_path / "v.avi", speckle(1), fps)


def test_equal_frames_give_equal_bytes(tmp_path):
    for codec in ("ffv1", "mjpeg"):
        write_avi(tmp_path / "a.avi", speckle(), 30, codec)
        write_avi(tmp_path / "b.avi", speckle(), 30, codec)
        assert (tmp_path / "a.avi").read_bytes() == (tmp_path / "b.avi").read_bytes()
        assert b"Lavf" not in (tmp_path / "a.avi").read_bytes()


def test_frames_are_taken_one_at_a_time(tmp_path):
    taken = []

    def frames():
        for frame in speckle(4):
            taken.append(len(taken))
            yield frame
            frame[:] = 0  # the caller may use its buffer again

    write_avi(tmp_path / "v.avi", frames(), 30)
    assert taken == [0, 1, 2, 3]
    np.testing.assert_array_equal(np.stack(list(iter_avi(tmp_path / "v.avi"))), speckle(4))


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path):
    write_avi(tmp_path / "v.avi", speckle(), 30)
    before = (tmp_path / "v.avi").read_bytes()

    def broken():
        yield from speckle(2)
        raise RuntimeError("the source ends")

    with pytest.raises(RuntimeError):
        write_avi(tmp_path / "v.avi", broken(), 30)
    assert [path.name for path in tmp_path.iterdir()] == ["v.avi"]
    assert (tmp_path / "v.avi").read_bytes() == before


@pytest.mark.parametrize(
    ("frames", "message"),
    [
        ([], "no frame to write"),
        (
            [np.zeros((4, 4), np.uint8), np.zeros((4, 5), np.uint8)],
            r"frame 1 is \(4, 5\), the first is \(4, 4\)",
        ),
        ([np.zeros((4, 4), np.float32)], "float32"),
        ([np.zeros((4, 4, 3), np.uint8)], r"\(4, 4, 3\)"),
        ([np.zeros((0, 4), np.uint8)], r"\(0, 4\)"),
    ],
)
def test_wrong_frames_are_refused_by_name(tmp_path, frames, message):
    with pytest.raises(ValueError, match=rf"v\.avi.*{message}"):
        write_avi(tmp_path / "v.avi", frames, 30)
    assert not list(tmp_path.iterdir())


def test_wrong_options_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"codec 'h264'.*ffv1"):
        write_avi(tmp_path / "v.avi", speckle(), 30, "h264")
    with pytest.raises(ValueError, match=r"quality 0.*1 to 100"):
        write_avi(tmp_path / "v.avi", speckle(), 30, "mjpeg", 0)


@pytest.mark.parametrize("codec", ["ffv1", "mjpeg"])
def test_a_file_cut_short_anywhere_is_an_error(tmp_path, codec):
    write_avi(tmp_path / "whole.avi", speckle(), 30, codec)
    whole = (tmp_path / "whole.avi").read_bytes()
    for length in (0, 3, 100, len(whole) // 3, len(whole) // 2, len(whole) - 1):
        (tmp_path / "cut.avi").write_bytes(whole[:length])
        for read in (read_avi, avi_info, lambda path: list(iter_avi(path))):
            with pytest.raises(ValueError, match=r"cut\.avi"):
                read(tmp_path / "cut.avi")


def test_a_flipped_byte_in_ffv1_is_an_error(tmp_path):
    frames = speckle(4, 64, 64)
    write_avi(tmp_path / "whole.avi", frames, 30)
    whole = (tmp_path / "whole.avi").read_bytes()
    start, rng = whole.index(b"movi"), np.random.default_rng(0)
    for _ in range(20):
        place = int(rng.integers(start + 100, start + 4 * 64 * 64 // 2))
        (tmp_path / "bad.avi").write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        with pytest.raises(ValueError, match=r"bad\.avi"):
            read_avi(tmp_path / "bad.avi")


def test_what_is_no_video_is_an_error_that_tells_only_the_name(tmp_path):
    (tmp_path / "junk.avi").write_bytes(np.random.default_rng(0).bytes(4000))
    for name in ("junk.avi", "missing.avi"):
        with pytest.raises(ValueError, match=name) as caught:
            read_avi(tmp_path / name)
        assert str(tmp_path) not in str(caught.value)


@pytest.mark.parametrize(("suffix", "code"), [("avi", "MJPG"), ("mp4", "mp4v")])
def test_videos_of_other_writers_are_read_as_grey(tmp_path, suffix, code):
    frames = speckle(6, 64, 48)
    path = tmp_path / f"v.{suffix}"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*code), 50, (48, 64))
    for frame in frames:
        writer.write(cv2.cvtColor(frame, cv2.COLOR_GRAY2BGR))
    writer.release()
    found, fps = read_avi(path)
    assert found.shape == frames.shape
    assert fps == 50.0
    # Full grey range: limited-range luma (16 to 235) left as it is would be off by 10 and more.
    assert abs(found.astype(float).mean() - frames.mean()) < 2
    assert np.abs(found.astype(int) - frames).mean() < 8


def test_info_says_what_the_header_says(tmp_path):
    write_avi(tmp_path / "v.avi", speckle(5, 7, 9), 25, "mjpeg")
    info = avi_info(tmp_path / "v.avi")
    assert (info.height, info.width, info.fps, info.codec, info.frames_declared) == (7, 9, 25.0, "mjpeg", 5)


def test_frames_are_counted_by_decoding_not_by_the_header(tmp_path):
    write_avi(tmp_path / "v.avi", speckle(5), 30)
    data = bytearray((tmp_path / "v.avi").read_bytes())
    data[48:52] = (99).to_bytes(4, "little")  # dwTotalFrames of the main header
    header = data.index(b"strh") + 8
    data[header + 32 : header + 36] = (99).to_bytes(4, "little")  # dwLength of the stream
    (tmp_path / "v.avi").write_bytes(data)
    assert avi_info(tmp_path / "v.avi").frames_declared == 99
    assert len(read_avi(tmp_path / "v.avi")[0]) == 5
