"""One file: what is written, what is refused, what of the header comes out."""

import dataclasses

import cv2
import numpy as np
import pydicom
import pytest
from cine_files import phantom, write_cine

from echoclr_core.common.avi_reading import read_avi
from echoclr_core.common.mask_files import read_mask
from echoclr_core.deidentify.identifiers import header_allowlist
from echoclr_core.deidentify.sector.boundary import boundary_mask
from echoclr_core.deidentify.sector.colour_doppler import colour_share
from echoclr_core.deidentify.settings import DeidentifySettings
from echoclr_core.deidentify.video_file import deidentify_video, whole_blocks
from echoclr_core.dicom.cine import Cine
from echoclr_core.dicom.colour import Converter


@pytest.fixture
def source(tmp_path):
    frames, _ = phantom()
    write_cine(tmp_path / "loop", frames, uid="1.2.3.4")
    return tmp_path / "loop"


def test_ffv1_holds_the_masked_frames_exactly(source, tmp_path):
    frames, _ = phantom()
    row = deidentify_video(source, tmp_path / "v.avi", DeidentifySettings())
    written, fps = read_avi(tmp_path / "v.avi")
    mask = read_mask(tmp_path / "v.avi")
    assert (mask == boundary_mask(Cine.from_array(frames))).all()
    np.testing.assert_array_equal(written, frames * mask)
    assert row["outcome"] == "ok"
    assert (row["n_frames"], row["frames_declared"], row["height"], row["width"]) == (8, 8, 120, 160)
    assert row["fps"] == fps == 25.0
    assert row["fps_source"] == "FrameTime"
    assert row["kept_fraction"] == mask.mean()
    assert row["colour_share"] == 0
    assert row["bytes"] == (tmp_path / "v.avi").stat().st_size
    assert (row["manufacturer"], row["model"]) == ("philips", "epiq")


def test_a_number_of_frames_that_is_none_does_not_come_out(source, tmp_path):
    data = pydicom.dcmread(source)
    data.NumberOfFrames = 4711471147
    data.save_as(source)
    row = deidentify_video(source, tmp_path / "v.avi", DeidentifySettings())
    assert row["outcome"] == "truncated"
    assert row.get("frames_declared") is None


def test_a_refusal_names_the_file_whoever_noticed(tmp_path):
    still, _ = phantom()
    for name, frames in {"still": np.repeat(still[:1], 8, axis=0), "dark": np.zeros_like(still)}.items():
        write_cine(tmp_path / name, frames, uid="1.2.3.4")
        row = deidentify_video(tmp_path / name, tmp_path / "v.avi", DeidentifySettings())
        assert row["outcome"] in ("no_sector", "blank")
        assert row["detail"].startswith(f"{tmp_path / name}: {row['outcome']}: ")
        assert not (tmp_path / "v.avi").exists()


@pytest.mark.parametrize("quality", [40, 95])
def test_mjpeg_too_reads_back_as_exactly_0_outside_the_mask(source, tmp_path, quality):
    row = deidentify_video(source, tmp_path / "v.avi", DeidentifySettings(codec="mjpeg", quality=quality))
    written, _ = read_avi(tmp_path / "v.avi")
    mask = read_mask(tmp_path / "v.avi")
    assert row["outcome"] == "ok"
    assert mask.any()
    assert not written[:, ~mask].any()
    assert not (mask & ~boundary_mask(Cine.from_array(phantom()[0]))).any()


def test_whole_blocks_are_those_that_the_mask_fills():
    mask = np.random.default_rng(0).random((21, 30)) > 0.01
    blocks = whole_blocks(mask)
    for row in range(0, 21, 8):
        for column in range(0, 30, 8):
            full = mask[row : row + 8, column : column + 8].all()
            assert (blocks[row : row + 8, column : column + 8] == full).all()


@pytest.mark.parametrize(
    ("options", "outcome"),
    [
        ({"min_fps": 26.0}, "fps_below_limit"),
        ({"min_frames": 9}, "too_short"),
        ({"boundary": "rectangle"}, "ok"),
        ({"max_colour_share": 0.0}, "ok"),
    ],
)
def test_filters_are_outcomes(source, tmp_path, options, outcome):
    row = deidentify_video(source, tmp_path / "v.avi", DeidentifySettings(**options))
    assert row["outcome"] == outcome
    assert (tmp_path / "v.avi").exists() == (outcome == "ok")


def test_long_loops_are_cut_and_colour_doppler_is_left_out(tmp_path):
    frames, truth = phantom()
    colour = np.repeat(frames[..., None], 3, axis=3)
    red = truth.copy()
    red[:, :80] = False
    colour[:, red, 0] = 100 + frames[:, red] // 2
    colour[:, red, 1:] = frames[:, red, None] // 8
    write_cine(tmp_path / "loop", colour, uid="1.2.3.4")
    row = deidentify_video(tmp_path / "loop", tmp_path / "v.avi", DeidentifySettings(max_frames=3))
    assert row["n_frames"] == len(read_avi(tmp_path / "v.avi")[0]) == 3
    assert row["colour_share"] == pytest.approx((red & truth).sum() / truth.sum(), abs=0.05)
    limit = row["colour_share"] - 0.01
    left = deidentify_video(tmp_path / "loop", tmp_path / "w.avi", DeidentifySettings(max_colour_share=limit))
    assert left["outcome"] == "colour_doppler"
    assert left["kept_fraction"] > 0
    assert not (tmp_path / "w.avi").exists()


def test_a_missing_rate_is_stated_or_refused(tmp_path):
    write_cine(tmp_path / "loop", phantom()[0], uid="1.2.3.4", fps=None)
    row = deidentify_video(tmp_path / "loop", tmp_path / "v.avi", DeidentifySettings(default_fps=12.5))
    assert (row["fps"], row["fps_source"]) == (12.5, "default")
    row = deidentify_video(tmp_path / "loop", tmp_path / "w.avi", DeidentifySettings(default_fps=None))
    assert row["outcome"] == "no_frame_rate"


def test_a_cut_file_leaves_no_video_behind(source, tmp_path):
    data = source.read_bytes()
    source.write_bytes(data[: len(data) * 2 // 3])
    row = deidentify_video(source, tmp_path / "v.avi", DeidentifySettings())
    assert row["outcome"] == "truncated"
    assert not (tmp_path / "v.avi").exists()
    assert not (tmp_path / "v.mask.png").exists()


def _no_memory_for_opencv():
    cv2.copyMakeBorder(np.zeros((1, 1), np.uint8), 0, 2**30, 0, 2**30, cv2.BORDER_CONSTANT)


def _no_memory_for_numpy():
    np.empty(2**62, np.uint8)


@pytest.mark.parametrize("exhaust", [_no_memory_for_opencv, _no_memory_for_numpy])
def test_a_decoder_without_memory_tells_whoever_keeps_the_process(source, tmp_path, monkeypatch, exhaust):
    def convert(*_, **__):
        exhaust()

    monkeypatch.setattr(Converter, "convert", convert)
    with pytest.raises(MemoryError):
        deidentify_video(source, tmp_path / "v.avi", DeidentifySettings())
    assert [path.name for path in tmp_path.iterdir()] == [source.name]


def test_colour_share_counts_strong_colours_inside_the_mask():
    frames = np.zeros((2, 4, 5, 3), np.uint8)
    frames[0, 1, 1] = (200, 136, 150)  # 64 apart
    frames[1, 1, 2] = (200, 137, 150)
    frames[:, 3, 3] = (255, 0, 0)  # outside
    mask = np.zeros((4, 5), bool)
    mask[:2] = True
    assert colour_share(frames, mask) == 1 / 20


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("Philips Medical Systems", "philips"),
        ("GE Vingmed Ultrasound", "ge"),
        ("G.E. Medical Systems", "ge"),
        ("SonoSite, Inc.", "sonosite"),
        ("Clinic of Dr. Gerber", "other"),
        ("", None),
        (None, None),
    ],
)
def test_vendors_are_known_words_only(text, word):
    assert header_allowlist.vendor(text) == word


def test_other_header_values_come_from_fixed_lists():
    assert header_allowlist.model("Vivid E95 Smith") == "vivid e95"
    assert header_allowlist.model("room of J. Smith") == "other"
    assert header_allowlist.photometric("YBR_FULL_422") == "YBR_FULL_422"
    assert header_allowlist.photometric("SMITH") == "other"
    assert header_allowlist.transfer_syntax("1.2.840.10008.1.2.4.50") == "1.2.840.10008.1.2.4.50"
    assert header_allowlist.transfer_syntax("1.2.826.7.42") == "other"
    assert header_allowlist.transfer_syntax("1.2.840.10008.5.1.4.1.1.7") == "other"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("boundary", "circle"),
        ("codec", "h264"),
        ("quality", 0),
        ("min_frames", 1),
        ("default_fps", 0),
        ("max_frames", 1),
        ("max_colour_share", 1.5),
        ("timeout_seconds", 0),
    ],
)
def test_settings_that_make_no_sense_are_refused(field, value):
    with pytest.raises(ValueError, match=field):
        dataclasses.replace(DeidentifySettings(), **{field: value})
