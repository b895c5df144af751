"""Streams inside DICOM: the format is named by the syntax, and a stream delivers its own frames alone."""

import io

import av
import numpy as np
import pytest

from echoclr_core.dicom.outcomes import UnusableFile
from echoclr_core.dicom.reading import read_cine

MPEG2, H264, HEVC = (f"1.2.840.10008.1.2.4.{end}" for end in (100, 102, 107))
TEXTS = {
    "ffconcat": "ffconcat version 1.0\nfile '{name}'\n",
    "ffconcat_after_zeros": "\0\0\1ffconcat version 1.0\nfile '{name}'\n",
    "hls": "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{path}\n#EXT-X-ENDLIST\n",
    "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n"
    "a=rtpmap:96 H264/90000\n",
    "dash": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><Period>'
    '<AdaptationSet mimeType="video/mp4"><Representation id="1" bandwidth="1"><BaseURL>file://{path}</BaseURL>'
    "</Representation></AdaptationSet></Period></MPD>",
}


def stream_of(codec, container, frames=6):
    """Bytes of a stream of even greys."""
    file = io.BytesIO()
    with av.open(file, "w", format=container) as output:
        stream = output.add_stream(codec, rate=25, width=64, height=48, pix_fmt="yuv420p")
        for number in range(frames):
            grey = av.VideoFrame.from_ndarray(np.full((48, 64), 60 + 10 * number, np.uint8), format="gray")
            output.mux(stream.encode(grey.reformat(format="yuv420p")))
        output.mux(stream.encode())
    return file.getvalue()


def cine_file(make_dicom, data, syntax, **tags):
    even = data + b"\0" * (len(data) % 2)
    shape = (6, 48, 64, 3)
    described = {"PhotometricInterpretation": "YBR_PARTIAL_420", "NumberOfFrames": 6}
    return make_dicom([even], shape=shape, syntax=syntax, **(described | tags))


@pytest.mark.parametrize("syntax", [MPEG2, H264, HEVC])
@pytest.mark.parametrize("kind", TEXTS)
def test_a_stream_that_names_another_file_is_corrupt(make_dicom, tmp_path, monkeypatch, kind, syntax):
    monkeypatch.chdir(tmp_path)
    other = tmp_path / "other.ts"
    other.write_bytes(stream_of("libx264", "mpegts"))
    text = TEXTS[kind].format(name=other.name, path=other).encode()
    path = cine_file(make_dicom, text, syntax)
    for frames in (read_cine(path).frames, read_cine(path).colour_frames):
        with pytest.raises(UnusableFile) as caught:
            list(frames())
        assert caught.value.outcome == "corrupt"
    with pytest.raises(UnusableFile) as caught:
        read_cine(cine_file(make_dicom, text, syntax, NumberOfFrames=None))
    assert caught.value.outcome in ("corrupt", "single_frame")


def test_the_ffconcat_stream_is_an_attack(tmp_path, monkeypatch):
    """FFmpeg, left to guess, delivers the other loop."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "other.ts").write_bytes(stream_of("libx264", "mpegts"))
    text = TEXTS["ffconcat"].format(name="other.ts").encode()
    with av.open(io.BytesIO(text)) as container:
        assert sum(1 for _ in container.decode(video=0)) == 6


@pytest.mark.parametrize(
    ("codec", "container", "syntax"),
    [
        ("mpeg2video", "mpeg2video", MPEG2),
        ("mpeg2video", "mpeg", MPEG2),
        ("mpeg2video", "mpegts", MPEG2),
        ("libx264", "h264", H264),
        ("libx264", "mp4", H264),
        ("libx264", "mov", H264),
        ("libx264", "mpegts", H264),
        ("libx265", "hevc", HEVC),
        ("libx265", "mp4", HEVC),
        # the syntax is that of another stream
        ("mpeg2video", "mpeg2video", H264),
        ("libx265", "hevc", H264),
    ],
)
def test_streams_and_the_containers_that_the_standard_allows(make_dicom, codec, container, syntax):
    path = cine_file(make_dicom, stream_of(codec, container), syntax)
    means = [frame.mean() for frame in read_cine(path).frames()]
    np.testing.assert_allclose(means, 60 + 10 * np.arange(6), atol=3)
    assert (
        read_cine(cine_file(make_dicom, stream_of(codec, container), syntax, NumberOfFrames=None)).frame_count
        == 6
    )


def moving_stream(codec, container):
    """Bytes of a stream of 24 frames of speckle that moves."""
    base = np.random.default_rng(0).gamma(2.0, 30.0, (72, 64)).clip(0, 255).astype(np.uint8)
    file = io.BytesIO()
    with av.open(file, "w", format=container) as output:
        stream = output.add_stream(codec, rate=25, width=64, height=48, pix_fmt="yuv420p")
        for number in range(24):
            grey = av.VideoFrame.from_ndarray(base[number : number + 48].copy(), format="gray")
            output.mux(stream.encode(grey.reformat(format="yuv420p")))
        output.mux(stream.encode())
    return file.getvalue()


STREAMS = [("libx264", "h264", H264), ("mpeg2video", "mpeg2video", MPEG2)]


@pytest.mark.parametrize(("codec", "container", "syntax"), STREAMS)
@pytest.mark.parametrize("lost", [0, 300])
def test_damage_inside_a_stream(make_dicom, codec, container, syntax, lost):
    """FFmpeg of itself fills what is missing from the frames before."""
    data = moving_stream(codec, container)
    middle = len(data) // 2
    damaged = data[:middle] + bytes(300 - lost) + data[middle + 300 :]
    with av.open(io.BytesIO(damaged), format=container.replace("mpeg2video", "mpegvideo")) as left_to_guess:
        assert sum(1 for _ in left_to_guess.decode(video=0)) >= 20
    assert len(list(read_cine(cine_file(make_dicom, data, syntax, NumberOfFrames=24)).frames())) == 24
    with pytest.raises(UnusableFile) as caught:
        list(read_cine(cine_file(make_dicom, damaged, syntax, NumberOfFrames=24)).frames())
    assert caught.value.outcome in ("corrupt", "truncated")  # pictures are damaged, or are missing


def test_a_stream_that_the_file_cuts_off_is_truncated(make_dicom):
    path = cine_file(make_dicom, moving_stream("libx264", "h264"), H264, NumberOfFrames=24)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 2 // 3])

    with pytest.raises(UnusableFile) as caught:
        list(read_cine(path).frames())
    assert caught.value.outcome == "truncated"
