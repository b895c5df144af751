"""RGB or YCbCr: the samples decide where they can, against markers and tags."""

import struct

import imagecodecs
import numpy as np
import pytest
from pictures import doppler_loop, fan_loop, gradient_loop, ybr_of

from echoclr_core.dicom.colour_space import colour_space_of
from echoclr_core.dicom.reading import read_cine

FAN = np.repeat(fan_loop(3)[..., None], 3, axis=3)
DOPPLER = doppler_loop(3)
BRIGHT = np.clip(DOPPLER, 40, 255)  # nothing is dark; most is grey
TAGS = ("RGB", "YBR_FULL", "YBR_FULL_422", "YBR_RCT")


def raw_jpeg(frame, transform=None):
    """A JPEG of three components as they stand, numbered 1, 2, 3, without a marker, or with Adobe's."""
    data = bytes(
        imagecodecs.jpeg8_encode(
            frame, level=100, colorspace="YCBCR", outcolorspace="YCBCR", subsampling="444"
        )
    )
    assert data[2:4] == b"\xff\xe0"
    data = data[:2] + data[4 + int.from_bytes(data[4:6], "big") :]
    adobe = b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0"
    return data if transform is None else data[:2] + adobe + bytes([transform]) + data[2:]


def lossless_jpeg(frame):
    return bytes(imagecodecs.jpeg8_encode(frame, colorspace="RGB", outcolorspace="RGB", lossless=True))


def run_lengths(frame):
    segments = [bytes(imagecodecs.packbits_encode(frame[..., channel].tobytes())) for channel in range(3)]
    segments = [segment + b"\0" * (len(segment) % 2) for segment in segments]
    starts = np.cumsum([64, *map(len, segments)])[:3].tolist()
    return struct.pack("<16L", 3, *starts, *[0] * 12) + b"".join(segments)


CODECS = {
    "jpeg": ("1.2.840.10008.1.2.4.50", raw_jpeg, 6),
    "jpeg adobe rgb": ("1.2.840.10008.1.2.4.50", lambda frame: raw_jpeg(frame, 0), 6),
    "jpeg adobe ycc": ("1.2.840.10008.1.2.4.50", lambda frame: raw_jpeg(frame, 1), 6),
    "jpeg lossless": ("1.2.840.10008.1.2.4.70", lossless_jpeg, 2),
    "jpeg-ls": ("1.2.840.10008.1.2.4.80", lambda frame: bytes(imagecodecs.jpegls_encode(frame)), 2),
    "jpeg 2000": (
        "1.2.840.10008.1.2.4.90",
        lambda frame: bytes(imagecodecs.jpeg2k_encode(frame, level=0, mct=False)),
        2,
    ),
    "htj2k": ("1.2.840.10008.1.2.4.201", lambda frame: bytes(imagecodecs.htj2k_encode(frame, rgb=False)), 2),
    "jpeg xl": (
        "1.2.840.10008.1.2.4.110",
        lambda frame: bytes(imagecodecs.jpegxl_encode(frame, lossless=True)),
        2,
    ),
    "rle": ("1.2.840.10008.1.2.5", run_lengths, 2),
    "encapsulated native": ("1.2.840.10008.1.2.1.98", lambda frame: frame.tobytes(), 2),
}


def check(path, frames, tolerance):
    cine = read_cine(path)
    assert np.abs(np.stack(list(cine.colour_frames())).astype(int) - frames).max() <= tolerance
    luma = frames @ np.array([0.299, 0.587, 0.114])
    assert np.abs(np.stack(list(cine.frames())) - luma).max() <= tolerance
    assert np.abs(cine.sample(2) - luma[[0, -1]]).max() <= tolerance


@pytest.mark.parametrize("tag", TAGS)
@pytest.mark.parametrize("frames", [FAN, DOPPLER, BRIGHT], ids=["fan", "doppler", "bright"])
@pytest.mark.parametrize("stored", ["RGB", "YBR"])
@pytest.mark.parametrize("codec", CODECS)
def test_content_decides_for_every_codec(make_dicom, codec, stored, frames, tag):
    syntax, encode, tolerance = CODECS[codec]
    samples = frames if stored == "RGB" else ybr_of(frames)
    streams = [encode(np.ascontiguousarray(frame)) for frame in samples]
    path = make_dicom(streams, shape=frames.shape, syntax=syntax, PhotometricInterpretation=tag)
    check(path, frames, 2 * tolerance if stored == "YBR" else tolerance)


@pytest.mark.parametrize("tag", ["RGB", "YBR_FULL", "YBR_FULL_422"])
@pytest.mark.parametrize("frames", [FAN, DOPPLER, BRIGHT], ids=["fan", "doppler", "bright"])
@pytest.mark.parametrize("stored", ["RGB", "YBR"])
def test_content_decides_for_native_data(make_dicom, stored, frames, tag):
    samples = frames if stored == "RGB" else ybr_of(frames)
    check(make_dicom(samples, PhotometricInterpretation=tag), frames, 2)
    wide = samples.astype(np.uint16) * 257
    check(make_dicom(wide, PhotometricInterpretation=tag), frames, 2)


def test_where_the_first_picture_is_blank_the_middle_one_decides(make_dicom):
    frames = DOPPLER.copy()
    frames[0] = 128  # says nothing
    check(make_dicom(frames, PhotometricInterpretation="YBR_FULL"), frames, 2)


@pytest.mark.parametrize("tag", ["RGB", "YBR_FULL"])
def test_where_the_content_does_not_say_the_header_counts(make_dicom, tag):
    frames = gradient_loop()
    samples = frames if tag == "RGB" else ybr_of(frames)
    check(make_dicom(samples, PhotometricInterpretation=tag), frames, 2)


def test_components_1_2_3_of_a_lossy_jpeg_without_marker_are_ycbcr(make_dicom):
    """As libjpeg has it; colour that is nowhere dark or grey says nothing."""
    frames = gradient_loop()
    streams = [raw_jpeg(np.ascontiguousarray(frame)) for frame in ybr_of(frames)]
    syntax = "1.2.840.10008.1.2.4.50"
    check(make_dicom(streams, shape=frames.shape, syntax=syntax, PhotometricInterpretation="RGB"), frames, 6)


def test_a_few_dark_pixels_do_not_decide():
    picture = np.random.default_rng(0).integers(30, 256, (60, 80, 3)).astype(np.uint8)
    picture[0, :5] = 0
    assert colour_space_of(picture) is None
    picture[:4] = 0
    assert colour_space_of(picture) == "RGB"
    picture[:4] = [0, 128, 128]
    assert colour_space_of(picture) == "YBR"
    picture[0] = 0
    picture[1:3] = [0, 128, 128]
    picture[3] = 0
    assert colour_space_of(picture) is None  # as many of either


def test_a_screen_of_another_black_and_blue_text_is_rgb():
    picture = np.full((60, 80, 3), 9, np.uint8)
    picture[10:14] = [0, 0, 255]
    assert colour_space_of(picture) == "RGB"
