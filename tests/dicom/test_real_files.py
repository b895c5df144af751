"""What each of the real files gives; they are not part of the repository, and skipped where missing."""

import pydicom
import pytest

from echoclr_core.dicom.catalogue import scan_archive
from echoclr_core.dicom.outcomes import UnusableFile
from echoclr_core.dicom.reading import read_cine
from echoclr_core.dicom.values import quiet_pydicom

# name: frames, width, height, frames/s, its source, regions in bounds
LOOPS = {
    "us_acuson_a4c_65f": (65, 576, 456, 26.2476, "FrameTimeVector", 2),
    "us_cx50_palette_rle_2f": (2, 800, 600, None, "missing", 2),
    "us_palette_plax_cf_10f": (10, 600, 430, 13.1579, "FrameTime", 0),
    "us_palette_plax_cf_10f_jls": (10, 600, 430, 13.1579, "FrameTime", 0),
    "us_philips_plax_cf_12f_dfl": (12, 800, 600, 18.4362, "FrameTime", 1),
    "us_philips_plax_cf_2f_native": (2, 800, 600, 18.4362, "FrameTime", 1),
    "us_sonosite_a4c_120f": (120, 640, 480, 30.0003, "FrameTime", 1),
    "us_sonosite_a4c_30f_small": (30, 320, 240, 30.0003, "FrameTime", 0),  # its region is stale
    "us_terason_shoulder_6f_dfl": (6, 1016, 672, 17.2512, "FrameTimeVector", 1),
    "us_voluson_24f": (24, 975, 743, 28.5774, "FrameTime", 1),
    "w_bigendian_rgb16_2f": (2, 100, 100, None, "missing", 0),
    "w_us_h264_30f": (30, 640, 480, 30.0003, "FrameTime", 1),
}
# name: outcome of the default call, outcome of the frames if stills are let pass
UNUSABLE = {
    "us_aloka_pal16_dual": ("single_frame", "ok"),
    "us_epicard_bigendian": ("single_frame", "ok"),
    "us_epiq_tte_still_jpll": ("single_frame", "ok"),
    "us_esaote_ybr422_raw": ("single_frame", "ok"),
    "us_hdi_cf_still_raw_ybr": ("single_frame", "ok"),
    "w_deflated": ("single_frame", "ok"),
    "w_explicit_vr_un": ("single_frame", "ok"),
    "w_j2k_embedded_delimiter": ("single_frame", "corrupt"),
    "w_no_file_meta": ("single_frame", "ok"),  # one stray byte before the first element
    "w_rgb_3x3_odd_jpeg": ("single_frame", "ok"),
    "w_sr_no_pixels": ("no_pixels", "no_pixels"),
    "w_truncated_pixels": ("single_frame", "truncated"),
    "w_us_jpeg_truncated": ("truncated", "truncated"),
}


def outcome_of(path, **options):
    try:
        for _ in read_cine(path, **options).frames():
            pass
    except UnusableFile as error:
        return error.outcome
    return "ok"


@pytest.mark.parametrize("name", LOOPS)
def test_loops(real_folder, name):
    cine = read_cine(real_folder / f"{name}.dcm")
    count, width, height, fps, source, regions = LOOPS[name]
    assert (cine.frame_count, cine.width, cine.height) == (count, width, height)
    assert cine.fps == (None if fps is None else pytest.approx(fps, abs=1e-4))
    assert (cine.fps_source, len(cine.regions)) == (source, regions)
    assert sum(1 for _ in cine.frames()) == count
    assert cine.sample(4).shape == (min(4, count), height, width)


@pytest.mark.parametrize("name", UNUSABLE)
def test_unusable(real_folder, name):
    path = real_folder / f"{name}.dcm"
    assert (outcome_of(path), outcome_of(path, min_frames=1)) == UNUSABLE[name]


def test_stray_delimiter_is_there_and_survived(real_folder):
    """The trap is real: a loop over all elements of this file raises."""
    path = real_folder / "us_acuson_a4c_65f.dcm"
    with quiet_pydicom():
        dataset = pydicom.dcmread(path)
        with pytest.raises(Exception, match=r"E0DD|delimiter|Unknown|not found"):
            [element.value for element in dataset]
    assert outcome_of(path) == "ok"


def test_catalogue_has_one_row_each(real_folder):
    table = scan_archive(real_folder).set_index("path")
    assert len([path for path in table.index if path.endswith(".dcm")]) == len(LOOPS) + len(UNUSABLE)
    assert table.outcome["manifest.tsv"] == "not_dicom"
    assert table.study_date["us_palette_plax_cf_10f.dcm"] == "19940130"  # written with dots
