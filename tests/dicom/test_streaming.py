"""One frame at a time, as often as asked, from any process."""

import io
import pickle
import subprocess
import sys
import zlib

import numpy as np
import pytest

from echoclr_core.dicom.inflate import PIECE, open_inflated
from echoclr_core.dicom.reading import read_cine

DEFLATED = "1.2.840.10008.1.2.1.99"


@pytest.fixture
def deflated(tmp_path):
    content = np.random.default_rng(0).integers(0, 4, 3 * PIECE + 17, dtype=np.uint8).tobytes()
    packer = zlib.compressobj(wbits=-15)
    path = tmp_path / "x"
    path.write_bytes(b"head" + packer.compress(content) + packer.flush())
    return path, content


def test_inflated_file_reads_like_any_other(deflated):
    path, content = deflated
    oracle = io.BytesIO(content)
    rng = np.random.default_rng(1)
    with open_inflated(path, 4) as file:
        for _ in range(60):
            offset, size = int(rng.integers(0, len(content))), int(rng.integers(0, PIECE + 99))
            assert file.seek(offset) == oracle.seek(offset)
            assert file.read(size) == oracle.read(size)
            assert file.tell() == oracle.tell()
            step = int(rng.integers(-min(50, file.tell()), 50))
            if file.tell() + step <= len(content):
                assert file.seek(step, 1) == oracle.seek(step, 1)
        assert file.seek(-5, 2) == len(content) - 5
        assert file.read() == content[-5:]
        assert file.seek(len(content) + 100) == len(content)


def test_cut_stream_ends_early(deflated):
    path, content = deflated
    path.write_bytes(path.read_bytes()[:-1000])
    with open_inflated(path, 4) as file:
        assert content.startswith(file.read())
        assert 0 < file.tell() < len(content)


def test_passes_are_independent_and_a_cine_travels(make_dicom, moving):
    cine = read_cine(make_dicom(moving, syntax=DEFLATED))
    first, second = cine.frames(), cine.frames()
    next(first)
    next(first)
    np.testing.assert_array_equal(next(second), next(cine.frames()))
    copy = pickle.loads(pickle.dumps(cine))
    np.testing.assert_array_equal(list(copy.frames()), list(cine.frames()))


def test_frames_may_be_written_to(make_dicom, moving):
    for frames in (moving, moving[..., 0]):
        cine = read_cine(make_dicom(frames))
        for frame in (*cine.frames(), *cine.colour_frames()):
            frame[:] = 0


READ = """
import sys
import psutil
from echoclr_core.dicom import read_cine
used = psutil.Process().memory_info  # not ru_maxrss: a child inherits its parent's peak
before = used().rss
cine = read_cine(sys.argv[1])
peaks = [used().rss for _ in cine.frames()]
print(len(peaks), (max(peaks) - before) >> 20)
"""


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2.1", DEFLATED])
def test_memory_does_not_grow_with_the_loop(make_dicom, syntax):
    """68 MB of colour frames (30 of 1024 x 768) are read with less than 30 MB on top of the imports."""
    frames = np.zeros((30, 768, 1024, 3), np.uint8)
    frames[:, 100:200] = np.arange(30, dtype=np.uint8)[:, None, None, None]
    path = make_dicom(frames, syntax=syntax)
    done = subprocess.run(
        [sys.executable, "-c", READ, str(path)], capture_output=True, text=True, check=True, timeout=60
    )
    count, grown = map(int, done.stdout.split())
    assert count == 30
    assert grown < 30
