"""Damage inside a video file whose length is whole: an error, never frames that are not those written."""

import itertools

import av
import numpy as np
import pytest

from echoclr_core.common.avi_reading import read_avi
from echoclr_core.common.avi_writing import write_avi


def speckle(count=8, height=64, width=80):
    base = np.random.default_rng(0).gamma(2.0, 30.0, (height + count, width)).clip(0, 255).astype(np.uint8)
    return np.stack([base[t : t + height] for t in range(count)])


def write_ffv1(path, **options):
    """FFV1 as other programs write it: without checksums, or of an older version."""
    with av.open(str(path), "w", format="avi") as container:
        stream = container.add_stream("ffv1", rate=30, options=options)
        stream.height, stream.width, stream.pix_fmt = 64, 80, "gray"
        for frame in speckle():
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="gray")))
        container.mux(stream.encode())


WRITERS = {
    "ffv1": lambda path: write_avi(path, speckle(), 30, "ffv1"),
    "ffv1 without checksums": lambda path: write_ffv1(path, level="3", slicecrc="0"),
    "ffv1 version 1": lambda path: write_ffv1(path, level="1"),
    "magicyuv": lambda path: write_avi(path, speckle(), 30, "magicyuv"),
    "mjpeg": lambda path: write_avi(path, speckle(), 30, "mjpeg"),
}


def chunks(data):
    """(offset of the value, its length) of each frame."""
    at, found = data.index(b"movi") + 4, []
    while data[at : at + 4] in (b"00dc", b"00db"):
        length = int.from_bytes(data[at + 4 : at + 8], "little")
        found.append((at + 8, length))
        at += 8 + length + length % 2
    return found


def rewritten(data, numbers, change):
    """The file with the values of some frames changed in place."""
    for at, length in (chunks(data)[number] for number in numbers):
        value = change(data[at : at + length])
        assert len(value) == length
        data = data[:at] + value + data[at + length :]
    return data


def zeros(value):
    return bytes(len(value))


def half_zeros(value):
    return value[: len(value) // 2].ljust(len(value), b"\0")


def half_a_scan(value):
    return (value[: len(value) // 2] + b"\xff\xd9").ljust(len(value), b"\0")


@pytest.mark.parametrize("numbers", [[3], [7], range(3, 8), range(8)])
@pytest.mark.parametrize("writer", WRITERS)
def test_packets_of_zeros(tmp_path, writer, numbers):
    WRITERS[writer](tmp_path / "v.avi")
    data = (tmp_path / "v.avi").read_bytes()
    np.testing.assert_allclose(
        read_avi(tmp_path / "v.avi")[0], speckle(), atol=0 if writer != "mjpeg" else 40
    )
    (tmp_path / "v.avi").write_bytes(rewritten(data, numbers, zeros))
    with pytest.raises(ValueError, match=r"v\.avi"):
        read_avi(tmp_path / "v.avi")


@pytest.mark.parametrize(
    ("writer", "change"),
    [
        ("ffv1", half_zeros),
        ("ffv1 without checksums", half_zeros),
        ("mjpeg", half_a_scan),
        ("mjpeg", lambda value: value[: len(value) // 3] + value[len(value) // 3 + 300 :] + bytes(300)),
    ],
)
def test_half_a_frame(tmp_path, writer, change):
    WRITERS[writer](tmp_path / "v.avi")
    data = (tmp_path / "v.avi").read_bytes()
    for number in (0, 4, 7):
        (tmp_path / "v.avi").write_bytes(rewritten(data, [number], change))
        with pytest.raises(ValueError, match=r"v\.avi"):
            read_avi(tmp_path / "v.avi")


@pytest.mark.parametrize("writer", ["ffv1", "magicyuv"])
def test_an_empty_chunk_is_a_missing_frame(tmp_path, writer):
    WRITERS[writer](tmp_path / "v.avi")
    data = (tmp_path / "v.avi").read_bytes()
    at, _ = chunks(data)[3]
    (tmp_path / "v.avi").write_bytes(data[: at - 4] + bytes(4) + data[at:])
    with pytest.raises(ValueError, match=r"v\.avi"):
        read_avi(tmp_path / "v.avi")


@pytest.mark.parametrize("codec", ["ffv1", "magicyuv", "mjpeg"])
def test_whole_videos_of_any_content_stay_good(tmp_path, codec):
    shapes = itertools.product((1, 9, 64), (2, 80))
    for frames in ([np.zeros(shape, np.uint8)] * 3 + [np.full(shape, 255, np.uint8)] for shape in shapes):
        write_avi(tmp_path / "v.avi", frames, 30, codec)
        np.testing.assert_array_equal(read_avi(tmp_path / "v.avi")[0], frames)
