"""Damage inside a frame whose begin and end are whole: an outcome, never a picture with a wrong rest."""

import cv2
import imagecodecs
import numpy as np
import pytest
from pictures import doppler_loop, fan_loop

from echoclr_core.dicom.outcomes import UnusableFile
from echoclr_core.dicom.reading import read_cine

FAN, DOPPLER = fan_loop(4), doppler_loop(4)
JPEG, LOSSLESS, JPEG_LS, J2K, HTJ2K = (
    f"1.2.840.10008.1.2.4.{end}" for end in ("50", "70", "80", "90", "201")
)
END = b"\xff\xd9"


def jpeg(frame, **options):
    return bytes(imagecodecs.jpeg8_encode(np.ascontiguousarray(frame), level=95, **options))


CODECS = {
    "jpeg": (JPEG, FAN, jpeg),
    "jpeg 422": (JPEG, DOPPLER, lambda frame: jpeg(frame, subsampling="422")),
    "jpeg 444": (JPEG, DOPPLER, lambda frame: jpeg(frame, subsampling="444")),
    "jpeg rgb": (JPEG, DOPPLER, lambda frame: jpeg(frame, colorspace="RGB", outcolorspace="RGB")),
    "jpeg progressive": (
        JPEG,
        FAN,
        lambda frame: cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_PROGRESSIVE, 1])[1].tobytes(),
    ),
    "jpeg lossless": (LOSSLESS, FAN, lambda frame: jpeg(frame, lossless=True)),
    "jpeg lossless rgb": (
        LOSSLESS,
        DOPPLER,
        lambda frame: jpeg(frame, lossless=True, colorspace="RGB", outcolorspace="RGB"),
    ),
    "jpeg-ls": (JPEG_LS, FAN, lambda frame: bytes(imagecodecs.jpegls_encode(frame))),
    "jpeg 2000": (
        J2K,
        FAN,
        lambda frame: bytes(imagecodecs.jpeg2k_encode(frame, level=0, codecformat="j2k")),
    ),
    "htj2k": (HTJ2K, FAN, lambda frame: bytes(imagecodecs.htj2k_encode(frame))),
}
DAMAGE = {
    "half of the scan is missing": lambda data: data[: len(data) // 2] + END,
    "the last tenth is missing": lambda data: data[: int(len(data) * 0.9)] + END,
    # Nine of ten such losses in JPEG are found: what follows may by chance fill just the rest.
    "half a kilobyte is lost": lambda data: data[: len(data) // 3] + data[len(data) // 3 + 512 :],
}


def encoded(make_dicom, codec, change=lambda data: data):
    """The path of a loop whose third frame is changed."""
    syntax, frames, encode = CODECS[codec]
    streams = [encode(frame) for frame in frames]
    streams[2] = change(streams[2])
    photometric = "RGB" if frames.ndim == 4 else "MONOCHROME2"
    return make_dicom(streams, shape=frames.shape, syntax=syntax, PhotometricInterpretation=photometric)


def frames_before_error(path, *, colour):
    cine, found = read_cine(path), []
    with pytest.raises(UnusableFile) as caught:
        found.extend(cine.colour_frames() if colour else cine.frames())
    return found, caught.value.outcome


@pytest.mark.parametrize("colour", [False, True])
@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("codec", CODECS)
def test_damage_inside_a_frame(make_dicom, codec, damage, colour):
    _, outcome = frames_before_error(encoded(make_dicom, codec, DAMAGE[damage]), colour=colour)
    assert outcome == "corrupt"


@pytest.mark.parametrize("codec", CODECS)
def test_whole_frames_stay_good(make_dicom, codec):
    path = encoded(make_dicom, codec)
    assert sum(1 for _ in read_cine(path).frames()) == 4
    assert sum(1 for _ in read_cine(path).colour_frames()) == 4


@pytest.mark.parametrize("codec", ["jpeg", "jpeg 422", "jpeg-ls", "jpeg 2000", "htj2k"])
def test_a_stream_without_its_end_is_truncated(make_dicom, codec):
    path = encoded(make_dicom, codec, lambda data: data[: data.rindex(END)])
    assert frames_before_error(path, colour=False)[1] == "truncated"


@pytest.mark.parametrize("zeros", [1, 2, 7])
@pytest.mark.parametrize("codec", ["jpeg", "jpeg 422", "jpeg lossless", "jpeg-ls"])
def test_zeros_before_the_end_marker_are_left_out(make_dicom, codec, zeros):
    def with_zeros(data):
        end = data.rindex(END)
        return data[:end] + bytes(zeros) + data[end:]

    found = list(read_cine(encoded(make_dicom, codec, with_zeros)).frames())
    np.testing.assert_array_equal(found, list(read_cine(encoded(make_dicom, codec)).frames()))


def test_a_zero_that_belongs_to_the_coded_data_stays(make_dicom):
    """JPEG-LS and JPEG put a zero (byte or bit) after FF; coded data may so end in FF 00."""
    frames = (np.random.default_rng(seed).integers(0, 256, (16, 16)).astype(np.uint8) for seed in range(5000))
    streams = ((frame, bytes(imagecodecs.jpegls_encode(frame))) for frame in frames)
    frame, data = next(pair for pair in streams if pair[1].endswith(b"\xff\0" + END))
    path = make_dicom([data[:-2] + b"\0" + data[-2:]] * 2, shape=(2, 16, 16), syntax=JPEG_LS)
    np.testing.assert_array_equal(list(read_cine(path).frames()), [frame, frame])
