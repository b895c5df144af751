"""What of an AVI is no picture."""

import numpy as np
import pytest

from echoclr_core.common.avi_structure import structure_of
from echoclr_core.common.avi_writing import write_avi


@pytest.mark.parametrize("codec", ["magicyuv", "ffv1", "mjpeg"])
def test_pictures_are_left_out_and_all_else_is_kept(tmp_path, codec):
    frames = np.random.default_rng(0).integers(0, 256, (5, 64, 80), dtype=np.uint8)
    write_avi(tmp_path / "v.avi", frames, 30, codec)
    whole = (tmp_path / "v.avi").read_bytes()
    found = structure_of(tmp_path / "v.avi")
    assert len(found) < len(whole) - 5 * 64 * 80 // 2
    assert found.count(b"00dc") >= 10  # five heads of chunks, five entries of the index
    for name in (b"RIFF", b"hdrl", b"strf", b"movi", b"idx1"):
        assert name in found


@pytest.mark.parametrize("place", ["end", "junk", "list"])
def test_a_text_beside_the_pictures_is_kept(tmp_path, place):
    write_avi(tmp_path / "v.avi", np.ones((2, 16, 16), np.uint8), 30, "magicyuv")
    whole = (tmp_path / "v.avi").read_bytes()
    text = {
        "end": b"12345",
        "junk": b"JUNK\x06\0\0\x0012345\0",
        "list": b"LIST\x12\0\0\0INFOIART\x06\0\0\x0012345\0",
    }
    (tmp_path / "v.avi").write_bytes(whole + text[place])
    assert b"12345" in structure_of(tmp_path / "v.avi")


def test_what_is_no_avi_is_kept_whole(tmp_path):
    (tmp_path / "v.png").write_bytes(b"\x89PNG 12345")
    assert structure_of(tmp_path / "v.png") == b"\x89PNG 12345"
