"""No file that FFmpeg opens can make it read another: each kind of reference, and what FFmpeg does alone."""

import io
import struct

import av
import numpy as np
import pytest

from echoclr_core.common.avi_reading import avi_info, iter_avi, read_avi
from echoclr_core.common.containers import HEAD_BYTES, container_of, open_container

KINDS = {"avi": "avi", "mov": "mp4", "matroska": "matroska", "mpegts": "mpegts", "mpeg": "mpeg"}


def write_loop(path, container, codec="mpeg4", frames=6):
    """A video whose frames are even greys from 60 upwards."""
    with av.open(str(path), "w", format=container) as output:
        stream = output.add_stream(codec, rate=25, width=64, height=48, pix_fmt="yuv420p")
        for number in range(frames):
            picture = av.VideoFrame.from_ndarray(np.full((48, 64), 60 + number, np.uint8), format="gray")
            output.mux(stream.encode(picture.reformat(format="yuv420p")))
        output.mux(stream.encode())
    return path


def frames_by_ffmpeg(path, **options):
    """Frames that FFmpeg gives of a file when it is left to guess."""
    with av.open(str(path), **options) as container:
        return sum(1 for _ in container.decode(video=0))


def box(name, body):
    return struct.pack(">L4s", len(body) + 8, name) + body


def replace_references(data, references):
    """An MP4 whose data references (dref) are these, and whose own media data are zeros."""
    found, at = b"", 0
    while at < len(data):
        size, name = struct.unpack(">L4s", data[at : at + 8])
        body = data[at + 8 : at + size]
        if name in (b"moov", b"trak", b"mdia", b"minf", b"dinf"):
            body = replace_references(body, references)
        elif name == b"dref":
            body = body[:8] + references
        elif name == b"mdat":
            body = bytes(len(body))
        found += box(name, body)
        at += size
    return found


def alias_to(path):
    """The reference of a QuickTime file to media data in another file: an alias record, version 2."""
    name, place = path.name.encode(), str(path).encode()
    record = bytes(8) + struct.pack(">HHH", 150, 2, 0) + b"\3" + b"vol".ljust(27, b"\0") + bytes(12)
    record += bytes([len(name)]) + name.ljust(63, b"\0") + bytes(16) + struct.pack(">hh", 1, 1) + bytes(16)
    record += struct.pack(">HH", 2, len(place)) + place + b"\0" * (len(place) % 2) + struct.pack(">hH", -1, 0)
    return box(b"alis", record)


TEXTS = {
    "ffconcat": "ffconcat version 1.0\nfile '{name}'\n",
    "ffconcat_absolute": "ffconcat version 1.0\nfile '{path}'\n",
    "ffconcat_option": "ffconcat version 1.0\nfile '{name}'\noption safe 0\n",
    "hls": "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{path}\n#EXT-X-ENDLIST\n",
    "hls_concat": "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nconcat:{path}|{path}\n#EXT-X-ENDLIST\n",
    "hls_subfile": "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nsubfile,,start,0,end,0,,:{path}\n",
    "hls_data": "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\ndata:text/plain,{path}\n#EXT-X-ENDLIST\n",
    "dash": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" '
    'mediaPresentationDuration="PT1S" profiles="urn:mpeg:dash:profile:isoff-on-demand:2011"><Period>'
    '<AdaptationSet mimeType="video/mp4"><Representation id="1" bandwidth="1000"><BaseURL>file://{path}'
    "</BaseURL></Representation></AdaptationSet></Period></MPD>",
    "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n"
    "a=rtpmap:96 H264/90000\n",
    "subtitle": "1\n00:00:00,000 --> 00:00:01,000\n{path}\n",
}


@pytest.mark.parametrize("suffix", ["avi", "mp4", "mkv", "m3u8", "ffconcat"])
@pytest.mark.parametrize("kind", TEXTS)
def test_a_text_that_names_another_file_is_no_video(tmp_path, monkeypatch, kind, suffix):
    monkeypatch.chdir(tmp_path)
    other = write_loop(tmp_path / "other.ts", "mpegts", "libx264")
    path = tmp_path / f"attack.{suffix}"
    path.write_text(TEXTS[kind].format(name=other.name, path=other))
    for read in (read_avi, avi_info, lambda video: list(iter_avi(video))):
        with pytest.raises(ValueError, match=r"attack.*not a readable video") as caught:
            read(path)
        assert str(tmp_path) not in str(caught.value)


def test_the_texts_are_attacks(tmp_path, monkeypatch):
    """FFmpeg, left to guess, delivers the other loop: what the tests here refuse is real."""
    monkeypatch.chdir(tmp_path)
    other = write_loop(tmp_path / "other.ts", "mpegts", "libx264")
    for kind, suffix in (("ffconcat", "avi"), ("hls", "m3u8")):
        path = tmp_path / f"attack.{suffix}"
        path.write_text(TEXTS[kind].format(name=other.name, path=other))
        assert frames_by_ffmpeg(path) == 6


@pytest.mark.parametrize("demuxer", ["concat", "hls", "dash", "sdp"])
def test_no_protocol_is_open_even_to_demuxers_that_refer_to_files(tmp_path, monkeypatch, demuxer):
    monkeypatch.chdir(tmp_path)
    other = write_loop(tmp_path / "other.ts", "mpegts", "libx264")
    text = TEXTS["ffconcat" if demuxer == "concat" else demuxer].format(name=other.name, path=other)
    with (
        pytest.raises((av.FFmpegError, PermissionError)),
        open_container(io.BytesIO(text.encode()), demuxer) as container,
    ):
        next(container.decode(video=0))


def test_an_external_track_of_a_quicktime_file_is_not_read(tmp_path, monkeypatch):
    other = write_loop(tmp_path / "other.mp4", "mp4")
    attack = tmp_path / "attack.mp4"
    attack.write_bytes(replace_references(other.read_bytes(), alias_to(other)))
    asked = {"enable_drefs": "1", "use_absolute_path": "1"}
    assert frames_by_ffmpeg(attack, options=asked) == 6  # the reference holds, if FFmpeg is let follow it
    with pytest.raises(ValueError, match=r"attack\.mp4"):
        read_avi(attack)
    # Should a later FFmpeg follow such references by itself, the refusal of further files still holds.
    original = av.open
    monkeypatch.setattr(
        av, "open", lambda *args, options, **more: original(*args, options=options | asked, **more)
    )
    with pytest.raises(PermissionError, match="refers to another file"), attack.open("rb") as file:
        open_container(file, "mov")


def test_a_name_with_a_pattern_is_one_file(tmp_path):
    """FFmpeg and OpenCV take img%d.png for the pictures img0.png, img1.png, ..."""
    with av.open(str(tmp_path / "img%d.png"), "w", format="image2") as output:
        stream = output.add_stream("png", rate=25, width=64, height=48, pix_fmt="gray")
        for number in range(3):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64), number, np.uint8), format="gray")
            output.mux(stream.encode(frame))
        output.mux(stream.encode())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["img1.png", "img2.png", "img3.png"]
    assert frames_by_ffmpeg(tmp_path / "img%d.png") == 3
    with pytest.raises(ValueError, match="img%d"):
        read_avi(tmp_path / "img%d.png")


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("suffix", ["avi", "video"])
def test_containers_are_known_by_their_content_whatever_the_name(tmp_path, name, suffix):
    codec = "mpeg2video" if name == "mpeg" else "mpeg4"
    path = write_loop(tmp_path / f"v.{suffix}", KINDS[name], codec, frames=20)
    assert container_of(path.read_bytes()[:HEAD_BYTES]) == name
    frames, fps = read_avi(path)
    assert len(frames) == 20
    assert fps == 25
    assert frames[5].mean() == pytest.approx(65, abs=3)


HEADS = {
    "avi": b"RIFF\x10\0\0\0AVI ",
    "matroska": b"\x1a\x45\xdf\xa3",
    "mpegts": b"\x47" + b"\n" * 187 + b"\x47\n",
    "mpeg": b"\0\0\1\xba",
    "mp4": b"\0\0\0\x10ftypisom\0\0\2\0",
}


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("kind", ["ffconcat_absolute", "hls", "hls_subfile"])
def test_a_text_behind_the_first_bytes_of_a_container_is_no_video(tmp_path, head, kind):
    other = write_loop(tmp_path / "other.ts", "mpegts", "libx264")
    path = tmp_path / "attack.avi"
    path.write_bytes(HEADS[head] + TEXTS[kind].format(name=other.name, path=other).encode())
    assert container_of(path.read_bytes()[:HEAD_BYTES]) is not None  # the signature lets it pass
    with pytest.raises(ValueError, match=r"attack.*(not a readable video|no video stream)") as caught:
        read_avi(path)
    assert str(tmp_path) not in str(caught.value)
