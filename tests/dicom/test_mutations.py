"""Whatever is done to a file, it ends in an outcome: no other exception, no crash, in bounded time."""

import time
from pathlib import Path

import data_store
import numpy as np
import pydicom
import pytest

from echoclr_core.common import generator
from echoclr_core.dicom import OUTCOMES, UnusableFile, read_cine
from echoclr_core.dicom.catalogue import describe_file

FOLDERS = (Path(pydicom.__file__).parent / "data/test_files", Path(data_store.__file__).parent / "data")
SEEDS = (
    *(
        "SC_rgb_small_odd_jpeg.dcm",
        "SC_rgb_rle_2frame.dcm",
        "SC_rgb_jls_lossy_line.dcm",
        "GDCMJ2K_TextGBR.dcm",
    ),
    *("SC_rgb_gdcm_KY.dcm", "SC_jpeg_no_color_transform.dcm", "JPGExtended.dcm", "image_dfl.dcm"),
    *("MR_small_expb.dcm", "MR_small_implicit.dcm", "MR_small_jpeg_ls_lossless.dcm", "reportsi.dcm"),
    *("examples_ybr_color.dcm", "SC_ybr_full_422_uncompressed.dcm", "OBXXXX1A_rle_2frame.dcm", "JPEG-LL.dcm"),
    *("SC_rgb_expb_16bit_2frame.dcm", "emri_small_jpeg_2k_lossless.dcm", "bad_sequence.dcm"),
)
HEADER_BYTES = 3000


def flip_bits(data, rng):
    for at in rng.integers(0, len(data), rng.integers(1, 30)):
        data[at] ^= 1 << int(rng.integers(8))


def cut(data, rng):
    del data[int(rng.integers(len(data))) :]


def swap_words(data, rng):
    for _ in range(rng.integers(1, 4)):
        a, b = (int(at) for at in rng.integers(0, min(len(data) - 4, HEADER_BYTES), 2))
        data[a : a + 4], data[b : b + 4] = data[b : b + 4], data[a : a + 4]


def overwrite_header(data, rng):
    for at in rng.integers(0, min(len(data), HEADER_BYTES), rng.integers(1, 12)):
        data[at] = int(rng.integers(256))


def remove_piece(data, rng):
    at = int(rng.integers(len(data)))
    del data[at : at + int(rng.integers(1, 200))]


def mutated(number):
    """The file of a number: equal on every machine."""
    rng = generator(2024, "mutation", number)
    name = SEEDS[int(rng.integers(len(SEEDS)))]
    data = bytearray(next(folder / name for folder in FOLDERS if (folder / name).exists()).read_bytes())
    how = (flip_bits, cut, swap_words, overwrite_header, remove_piece)[int(rng.integers(5))]
    how(data, rng)
    return bytes(data)


@pytest.mark.parametrize("part", range(4))
def test_every_mutated_file_has_an_outcome(tmp_path, part):
    path = tmp_path / "mutated.dcm"
    outcomes = set()
    for number in range(part * 100, part * 100 + 100):
        path.write_bytes(mutated(number))
        start = time.perf_counter()
        for colour in (False, True):
            try:
                cine = read_cine(path, min_frames=1)
                for frame in cine.colour_frames() if colour else cine.frames():
                    assert frame.dtype == np.uint8
                    assert frame.shape[:2] == (cine.height, cine.width)
                outcomes.add("ok")
            except UnusableFile as error:
                outcomes.add(error.outcome if error.path == path else "without its path")
        assert describe_file(path)["outcome"] in OUTCOMES
        assert time.perf_counter() - start < 20, number
    assert {"ok", "corrupt", "truncated"} <= outcomes <= set(OUTCOMES)
