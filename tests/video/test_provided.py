"""Videos without DICOM: what is written, what is left out and why."""

from fractions import Fraction

import av
import numpy as np
import pytest

from echoclr_core.common.avi_reading import read_avi
from echoclr_core.common.avi_writing import write_avi
from echoclr_core.common.mask_files import read_mask
from echoclr_core.deidentify.settings import DeidentifySettings
from echoclr_core.video.provided import import_video

SETTINGS = DeidentifySettings()


def clip(count=6, height=48, width=64):
    """A bright square that wanders over black."""
    frames = np.zeros((count, height, width), np.uint8)
    for number, frame in enumerate(frames):
        frame[8:40, 8 + number : 40 + number] = 180
    return frames


def write_mp4(path, frames, rate):
    with av.open(str(path), "w") as container:
        container.metadata["title"] = "JANE DOE"
        stream = container.add_stream("mpeg4", rate=rate)
        stream.height, stream.width = frames.shape[1:]
        stream.pix_fmt, stream.bit_rate = "yuv420p", 4_000_000
        for frame in frames:
            picture = av.VideoFrame.from_ndarray(np.repeat(frame[..., None], 3, axis=2), format="rgb24")
            container.mux(stream.encode(picture))
        container.mux(stream.encode())


def test_an_mp4_becomes_a_grey_avi_of_its_rate(tmp_path):
    frames = clip()
    write_mp4(tmp_path / "in.mp4", frames, Fraction(30000, 1001))
    row = import_video(tmp_path / "in.mp4", tmp_path / "v.avi", SETTINGS)
    found, fps = read_avi(tmp_path / "v.avi")
    assert (row["outcome"], row["n_frames"], row["kept_fraction"]) == ("ok", 6, 1.0)
    assert fps == pytest.approx(30000 / 1001)
    assert found.shape == frames.shape
    assert np.abs(found.astype(int) - frames).mean() < 4  # full range again, but for the codec's loss
    assert read_mask(tmp_path / "v.avi").all()
    assert b"JANE" not in (tmp_path / "v.avi").read_bytes()


def test_an_avi_is_kept_bit_by_bit(tmp_path):
    frames = clip(7, 45, 33)
    write_avi(tmp_path / "in.avi", frames, 50)
    row = import_video(tmp_path / "in.avi", tmp_path / "v.avi", DeidentifySettings(max_frames=5))
    assert row["n_frames"] == 5
    np.testing.assert_array_equal(read_avi(tmp_path / "v.avi")[0], frames[:5])


@pytest.mark.parametrize(
    ("frames", "settings", "outcome"),
    [
        (clip(1), {}, "single_frame"),
        (clip(3), {"min_frames": 4}, "too_short"),
        (clip(3), {"min_fps": 25}, "fps_below_limit"),
        (np.zeros((3, 20, 20), np.uint8), {}, "blank"),
        (None, {}, "corrupt"),
    ],
)
def test_what_is_left_out_has_its_reason_and_no_file(tmp_path, frames, settings, outcome):
    if frames is None:
        (tmp_path / "in.avi").write_bytes(b"no video" * 100)
    else:
        write_avi(tmp_path / "in.avi", frames, 20)
    row = import_video(tmp_path / "in.avi", tmp_path / "v.avi", DeidentifySettings(**settings))
    assert row["outcome"] == outcome
    assert [path.name for path in tmp_path.iterdir()] == ["in.avi"]


def test_a_file_that_names_another_video_is_left_out(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_mp4(tmp_path / "other.mp4", clip(), 25)
    for suffix in ("avi", "mp4"):
        path = tmp_path / f"in.{suffix}"
        path.write_text("ffconcat version 1.0\nfile 'other.mp4'\n")
        row = import_video(path, tmp_path / "v.avi", SETTINGS)
        assert row["outcome"] == "corrupt"
        assert not (tmp_path / "v.avi").exists()
