"""One decode path to 8-bit luma, against pydicom's own decoders and against what was encoded."""

import io
import itertools
import struct
from pathlib import Path

import av
import data_store
import imagecodecs
import numpy as np
import pydicom
import pytest
from pydicom.pixels import pixel_array
from pydicom.pixels.processing import apply_color_lut

from echoclr_core.dicom.colour import luma
from echoclr_core.dicom.outcomes import UnusableFile
from echoclr_core.dicom.reading import read_cine
from echoclr_core.dicom.values import quiet_pydicom

WEIGHTS = np.array([0.299, 0.587, 0.114])
BIG_ENDIAN, DEFLATED, LITTLE = "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.1"
PYDICOM_FILES = Path(pydicom.__file__).parent / "data/test_files"
MORE_FILES = Path(data_store.__file__).parent / "data"


def ybr_of(rgb):
    """PS3.3 C.7.6.3.1.2, rounded."""
    matrix = np.array([[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]])
    return np.clip(np.round(rgb @ matrix.T + [0, 128, 128]), 0, 255).astype(np.uint8)


def check(path, grey, rgb=None, tolerance=0.51, colour_tolerance=2.0):
    cine = read_cine(path)
    found = np.stack(list(cine.frames()))
    assert found.dtype == np.uint8
    assert found.shape == (cine.frame_count, cine.height, cine.width)
    assert np.abs(found - np.asarray(grey, float)).max() <= tolerance
    assert np.array_equal(np.stack(list(cine.frames())), found)
    assert np.array_equal(cine.sample(2), found[[0, -1]])
    if rgb is not None:
        colour = np.stack(list(cine.colour_frames()))
        assert colour.dtype == np.uint8
        assert np.abs(colour.astype(float) - rgb).max() <= colour_tolerance


# ------------------------------------------------------------------ files of pydicom and pydicom-data


ORACLE_FILES = [
    *("CT_small.dcm", "ExplVR_BigEnd.dcm", "GDCMJ2K_TextGBR.dcm", "J2K_pixelrep_mismatch.dcm"),
    *("JPEG2000.dcm", "JPEGLSNearLossless_08.dcm", "JPEGLSNearLossless_16.dcm", "JPGExtended.dcm"),
    *("MR_small_RLE.dcm", "MR_small_expb.dcm", "MR_small_implicit.dcm", "MR_small_padded.dcm"),
    *("SC_jpeg_no_color_transform.dcm", "SC_jpeg_no_color_transform_2.dcm", "SC_rgb_dcmtk_+eb+cr.dcm"),
    *("SC_rgb_dcmtk_+eb+cy+n1.dcm", "SC_rgb_dcmtk_+eb+cy+np.dcm", "SC_rgb_dcmtk_+eb+cy+s4.dcm"),
    *(
        "SC_rgb_gdcm_KY.dcm",
        "SC_rgb_jls_lossy_line.dcm",
        "SC_rgb_jls_lossy_sample.dcm",
        "SC_rgb_jpeg_gdcm.dcm",
    ),
    *("SC_rgb_jpeg_dcmd.dcm", "SC_rgb_rle_16bit_2frame.dcm", "SC_rgb_small_odd_big_endian.dcm"),
    *("SC_rgb_small_odd_jpeg.dcm", "SC_ybr_full_422_uncompressed.dcm", "examples_jpeg2k.dcm"),
    *("examples_palette.dcm", "examples_rgb_color.dcm", "examples_ybr_color.dcm", "image_dfl.dcm"),
    *("693_UNCI.dcm", "JPEG-LL.dcm", "JPGLosslessP14SV1_1s_1f_8b.dcm", "OBXXXX1A_rle_2frame.dcm"),
    *("RG1_UNCI.dcm", "SC_rgb_expb_16bit_2frame.dcm", "SC_ybr_full_uncompressed.dcm", "US1_J2KI.dcm"),
    *("color-pl.dcm", "MR_small_jpeg_ls_lossless.dcm", "explicit_VR-UN.dcm", "gdcm-US-ALOKA-16.dcm"),
    *("gdcm-US-ALOKA-16_big.dcm", "MR-SIEMENS-DICOM-WithOverlays.dcm"),
]


def oracle(path):
    """Luma of all frames by pydicom's decoders and the definitions, in floats: the slow, obvious way."""
    with quiet_pydicom():
        dataset = pydicom.dcmread(path)
        raw, cooked = pixel_array(dataset, raw=True), pixel_array(dataset)
    photometric, top = dataset.PhotometricInterpretation, 2.0**dataset.BitsStored - 1
    if photometric == "PALETTE COLOR":
        table = apply_color_lut(cooked, dataset)
        grey = table / (257 if table.dtype.itemsize > 1 else 1) @ WEIGHTS
    elif photometric.startswith("MONO"):
        grey = (raw + (top + 1) / 2 * dataset.PixelRepresentation) / top * 255
        grey = 255 - grey if photometric == "MONOCHROME1" else grey
    elif photometric.startswith("YBR_FULL"):
        grey = raw[..., 0].astype(float)
    else:
        grey = cooked / top * 255 @ WEIGHTS
    return grey.reshape(-1, dataset.Rows, dataset.Columns)


@pytest.mark.parametrize("name", ORACLE_FILES)
def test_luma_agrees_with_pydicom(name):
    path = next(folder / name for folder in (PYDICOM_FILES, MORE_FILES) if (folder / name).exists())
    found = np.stack(list(read_cine(path, min_frames=1).frames()))
    assert np.abs(found - oracle(path)).max() < 1.2


def test_big_endian_palette_is_the_same_picture():
    little, big = (
        next(read_cine(MORE_FILES / name, min_frames=1).colour_frames())
        for name in ("OBXXXX1A.dcm", "OBXXXX1A_expb.dcm")
    )
    np.testing.assert_array_equal(little, big)


# ------------------------------------------------------------------ native layouts


@pytest.mark.parametrize("syntax", [LITTLE, BIG_ENDIAN, DEFLATED, "1.2.840.10008.1.2"])
@pytest.mark.parametrize("planar", [0, 1])
@pytest.mark.parametrize("photometric", ["RGB", "YBR_FULL"])
def test_native_colour(make_dicom, moving, syntax, planar, photometric):
    stored = moving if photometric == "RGB" else ybr_of(moving)
    raw = (np.moveaxis(stored, 3, 1) if planar else stored).tobytes()
    path = make_dicom(
        stored, syntax=syntax, raw=raw, PlanarConfiguration=planar, PhotometricInterpretation=photometric
    )
    check(path, moving @ WEIGHTS, moving)


@pytest.mark.parametrize("words", [False, True])
def test_bytes_of_big_endian_words_are_swapped_back(make_dicom, words):
    frames = np.arange(3 * 5 * 7, dtype=np.uint8).reshape(3, 5, 7)  # odd frames: pairs straddle them
    data = frames.tobytes() + b"\0"
    path = make_dicom(frames, syntax=BIG_ENDIAN)
    written = np.frombuffer(data, "u2").byteswap().tobytes() if words else data
    content = path.read_bytes()
    assert content.count(data) == 1
    content = content.replace(data, written)
    path.write_bytes(content.replace(b"\x7f\xe0\0\x10OB", b"\x7f\xe0\0\x10OW") if words else content)
    check(path, frames, tolerance=0)


@pytest.mark.parametrize("partial", [False, True])
def test_native_422(make_dicom, moving, partial):
    rgb = np.repeat(moving[:, :, ::2], 2, axis=2)  # pairs share their colour
    ybr = ybr_of(rgb)
    if partial:
        ybr = np.round(ybr * np.array([219, 224, 224]) / 255 + np.array([16, 16, 16])).astype(np.uint8)
    pairs = ybr.reshape(-1, 2, 3)
    raw = np.stack([pairs[:, 0, 0], pairs[:, 1, 0], pairs[:, 0, 1], pairs[:, 0, 2]], axis=1).tobytes()
    photometric = "YBR_PARTIAL_422" if partial else "YBR_FULL_422"
    path = make_dicom(ybr, raw=raw, PhotometricInterpretation=photometric)
    check(path, rgb @ WEIGHTS, rgb, tolerance=1.6 if partial else 0.51, colour_tolerance=4 if partial else 2)


def test_422_that_is_not(make_dicom, moving):
    """Some writers declare YBR_FULL_422 and store every sample."""
    ybr = ybr_of(moving)
    check(make_dicom(ybr, PhotometricInterpretation="YBR_FULL_422"), moving @ WEIGHTS, moving)


@pytest.mark.parametrize("syntax", [LITTLE, BIG_ENDIAN])
@pytest.mark.parametrize(
    ("stored", "high", "signed"), [(16, 15, 0), (12, 11, 0), (12, 13, 0), (12, 11, 1), (16, 15, 1)]
)
@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_sixteen_bits_scale_by_bits_stored(make_dicom, syntax, stored, high, signed, photometric):
    values = np.arange(0, 1 << stored, max(1, (1 << stored) // 960))[:960].reshape(2, 20, 24)
    sample = values - (1 << (stored - 1)) if signed else values
    shift = high + 1 - stored
    overlay = 1 << (high + 1) if high < 15 else 0  # a bit that is not part of the sample
    raw = ((sample & ((1 << stored) - 1)) << shift | overlay).astype(np.uint16)
    path = make_dicom(
        raw,
        syntax=syntax,
        BitsStored=stored,
        HighBit=high,
        PixelRepresentation=signed,
        PhotometricInterpretation=photometric,
    )
    expected = values / (2.0**stored - 1) * 255
    check(path, 255 - expected if photometric == "MONOCHROME1" else expected)


def test_dark_content_stays_dark(make_dicom):
    frames = np.full((2, 4, 4), 409, np.uint16)  # a tenth of 12 bits
    assert next(read_cine(make_dicom(frames, BitsStored=12, HighBit=11)).frames()).max() == 25


@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("bits", [8, 16])
def test_palettes(make_dicom, depth, bits):
    rng = np.random.default_rng(0)
    table = rng.integers(0, 256, (100, 3))
    indices = rng.integers(0, 140, (3, 6, 8)).astype(f"u{bits // 8}")
    first = 10
    entries = table if depth == 8 else table * 257
    tags = {}
    for channel, colour in enumerate(("Red", "Green", "Blue")):
        tags[f"{colour}PaletteColorLookupTableDescriptor"] = [100, first, depth]
        tags[f"{colour}PaletteColorLookupTableData"] = entries[:, channel].astype(f"<u{depth // 8}").tobytes()
    path = make_dicom(indices, PhotometricInterpretation="PALETTE COLOR", **tags)
    rgb = table[np.clip(indices.astype(int) - first, 0, 99)]
    check(path, rgb @ WEIGHTS, rgb, colour_tolerance=0)


# ------------------------------------------------------------------ codestreams


def jpeg(rgb, **options):
    return imagecodecs.jpeg8_encode(np.ascontiguousarray(rgb), level=100, **options)


CODECS = {
    "jpeg": ("1.2.840.10008.1.2.4.50", "YBR_FULL_422", lambda f: jpeg(f, subsampling="422"), 4, 12),
    "jpeg 444": ("1.2.840.10008.1.2.4.50", "YBR_FULL", lambda f: jpeg(f, subsampling="444"), 3, 6),
    "jpeg rgb": (
        "1.2.840.10008.1.2.4.50",
        "RGB",
        lambda f: jpeg(f, colorspace="RGB", outcolorspace="RGB"),
        3,
        4,
    ),
    "jpeg lossless": (
        "1.2.840.10008.1.2.4.70",
        "RGB",
        lambda f: jpeg(f, colorspace="RGB", outcolorspace="RGB", lossless=True),
        0.51,
        0,
    ),
    "jpeg-ls": ("1.2.840.10008.1.2.4.80", "RGB", imagecodecs.jpegls_encode, 0.51, 0),
    "jpeg 2000": (
        "1.2.840.10008.1.2.4.90",
        "YBR_RCT",
        lambda f: imagecodecs.jpeg2k_encode(f, level=0),
        0.51,
        0,
    ),
    "htj2k": ("1.2.840.10008.1.2.4.201", "YBR_RCT", lambda f: imagecodecs.htj2k_encode(f), 0.51, 0),
    "jpeg xl": (
        "1.2.840.10008.1.2.4.110",
        "RGB",
        lambda f: imagecodecs.jpegxl_encode(f, lossless=True),
        0.51,
        0,
    ),
    "jpeg in jpeg xl": (
        "1.2.840.10008.1.2.4.111",
        "YBR_FULL_422",
        lambda f: imagecodecs.jpegxl_encode_jpeg(jpeg(f, subsampling="422")),
        4,
        12,
    ),
    "encapsulated native": ("1.2.840.10008.1.2.1.98", "RGB", lambda f: f.tobytes(), 0.51, 0),
}


@pytest.mark.parametrize("codec", CODECS)
def test_codecs(make_dicom, moving, codec):
    syntax, photometric, encode, tolerance, colour_tolerance = CODECS[codec]
    streams = [bytes(encode(np.ascontiguousarray(frame))) for frame in moving]
    path = make_dicom(streams, shape=moving.shape, syntax=syntax, PhotometricInterpretation=photometric)
    check(path, moving @ WEIGHTS, moving, tolerance, colour_tolerance)


GREY_CODECS = {
    "jpeg": ("1.2.840.10008.1.2.4.50", jpeg, np.uint8, 2),
    "jpeg 12 bits": ("1.2.840.10008.1.2.4.51", lambda f: jpeg(f, bitspersample=12), np.uint16, 1),
    "jpeg lossless": (
        "1.2.840.10008.1.2.4.57",
        lambda f: jpeg(f, lossless=True, bitspersample=12),
        np.uint16,
        0.51,
    ),
    "jpeg-ls": ("1.2.840.10008.1.2.4.80", imagecodecs.jpegls_encode, np.uint16, 0.51),
    "jpeg 2000": (
        "1.2.840.10008.1.2.4.90",
        lambda f: imagecodecs.jpeg2k_encode(f, level=0, bitspersample=12),
        np.uint16,
        0.51,
    ),
    "htj2k": ("1.2.840.10008.1.2.4.201", imagecodecs.htj2k_encode, np.uint16, 0.51),
}


@pytest.mark.parametrize("codec", GREY_CODECS)
@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_grey_codecs(make_dicom, moving, codec, photometric):
    syntax, encode, dtype, tolerance = GREY_CODECS[codec]
    stored = 12 if dtype == np.uint16 else 8
    frames = (moving[..., 2].astype(float) / 255 * (2**stored - 1)).astype(dtype)
    tags = {"BitsAllocated": 8 * dtype().itemsize, "BitsStored": stored, "HighBit": stored - 1}
    streams = [bytes(encode(np.ascontiguousarray(frame))) for frame in frames]
    path = make_dicom(
        streams, shape=frames.shape, syntax=syntax, PhotometricInterpretation=photometric, **tags
    )
    expected = frames / (2.0**stored - 1) * 255
    check(path, 255 - expected if photometric == "MONOCHROME1" else expected, tolerance=tolerance)


def run_lengths(planes):
    """DICOM RLE of byte planes, literal runs only."""
    segments = []
    for plane in planes:
        data, packed = plane.tobytes(), b""
        for at in range(0, len(data), 128):
            piece = data[at : at + 128]
            packed += bytes([len(piece) - 1]) + piece
        segments.append(packed + b"\0" * (len(packed) % 2))
    offsets = np.cumsum([64] + [len(segment) for segment in segments[:-1]]).tolist()
    return struct.pack("<16L", len(segments), *offsets, *[0] * (15 - len(offsets))) + b"".join(segments)


@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("photometric", ["RGB", "YBR_FULL"])
def test_run_lengths(make_dicom, moving, depth, photometric):
    stored = moving if photometric == "RGB" else ybr_of(moving)
    wide = stored.astype(np.uint16) * 257
    streams = []
    for frame in wide:
        planes = []
        for channel in range(3):
            high, low = frame[..., channel] >> 8, frame[..., channel] & 255
            planes += [high.astype(np.uint8)] + ([low.astype(np.uint8)] if depth == 16 else [])
        streams.append(run_lengths(planes))
    tags = {"BitsAllocated": depth, "BitsStored": depth, "HighBit": depth - 1}
    path = make_dicom(
        streams,
        shape=moving.shape,
        syntax="1.2.840.10008.1.2.5",
        PhotometricInterpretation=photometric,
        **tags,
    )
    check(path, moving @ WEIGHTS, moving)


@pytest.mark.parametrize(
    ("codec", "container", "syntax"),
    [
        ("mpeg2video", "mpegts", "1.2.840.10008.1.2.4.100"),
        ("mpeg4", "mp4", "1.2.840.10008.1.2.4.102"),
        ("mpeg2video", "mpeg2video", "1.2.840.10008.1.2.4.100"),
    ],
)
@pytest.mark.parametrize("pieces", [1, 4])
def test_video_streams(make_dicom, codec, container, syntax, pieces):
    t, y, x = np.mgrid[0:10, 0:48, 0:64]
    frames = np.clip(20 + 2 * x + 2 * y + 5 * t, 0, 255).astype(np.uint8)
    frames[:, :8, :8], frames[:, :8, 8:16] = 255, 0  # full range comes back, not 16 to 235
    file = io.BytesIO()
    with av.open(file, "w", format=container) as output:
        stream = output.add_stream(codec, rate=25, width=64, height=48, pix_fmt="yuv420p")
        stream.bit_rate = 4_000_000
        for frame in frames:
            output.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="gray")))
        output.mux(stream.encode())
    data = file.getvalue()
    cuts = np.linspace(0, len(data), pieces + 1).astype(int) // 2 * 2
    cuts[-1] = len(data)
    fragments = [data[a:b] for a, b in itertools.pairwise(cuts)]
    path = make_dicom(
        fragments,
        shape=(*frames.shape, 3),
        syntax=syntax,
        PhotometricInterpretation="YBR_PARTIAL_420",
        NumberOfFrames=10,
    )
    found = np.stack(list(read_cine(path).frames()))
    difference = found - frames.astype(float)
    assert np.abs(difference).mean() < 4
    assert np.abs(difference[:, 2:6, 2:6]).mean() < 6
    assert np.abs(difference[:, 2:6, 10:14]).mean() < 6
    colour = np.stack(list(read_cine(path).colour_frames()))
    assert np.abs(np.stack([luma(frame) for frame in colour]) - found.astype(float)).mean() < 2
    path = make_dicom(
        fragments,
        shape=(*frames.shape, 3),
        syntax=syntax,
        PhotometricInterpretation="YBR_PARTIAL_420",
        NumberOfFrames=12,
    )
    with pytest.raises(UnusableFile) as caught:
        list(read_cine(path).frames())
    assert caught.value.outcome == "truncated"


# ------------------------------------------------------------------ fragments, lies


def test_frames_in_several_fragments(make_dicom, moving):
    streams = [bytes(jpeg(frame, subsampling="444")) for frame in moving]
    plain = make_dicom(
        streams, shape=moving.shape, syntax=CODECS["jpeg"][0], PhotometricInterpretation="YBR_FULL"
    )
    expected = list(read_cine(plain).frames())
    for with_table in (True, False):
        pieces, offsets, at = b"", [], 0
        for stream in streams:
            offsets.append(at)
            half = len(stream) // 4 * 2
            for piece in (stream[:half], stream[half:]):
                piece += b"\0" * (len(piece) % 2)
                pieces += b"\xfe\xff\x00\xe0" + len(piece).to_bytes(4, "little") + piece
                at += 8 + len(piece)
        table = struct.pack(f"<{len(offsets)}L", *offsets) if with_table else b""
        head = b"\xfe\xff\x00\xe0" + len(table).to_bytes(4, "little") + table
        content = plain.read_bytes()
        start = content.index(b"\xe0\x7f\x10\x00OB\0\0\xff\xff\xff\xff") + 12
        path = plain.with_name(f"pieces{with_table}.dcm")
        path.write_bytes(content[:start] + head + pieces + b"\xfe\xff\xdd\xe0\0\0\0\0")
        np.testing.assert_array_equal(list(read_cine(path).frames()), expected)


@pytest.mark.parametrize("declared", ["1.2.840.10008.1.2.1", "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.90"])
def test_content_wins_over_a_wrong_syntax(make_dicom, moving, declared):
    path = make_dicom([bytes(jpeg(frame)) for frame in moving], shape=moving.shape, syntax=CODECS["jpeg"][0],
                      PhotometricInterpretation="YBR_FULL_422")  # fmt: skip
    expected = list(read_cine(path).frames())
    dataset = pydicom.dcmread(path)
    dataset.file_meta.TransferSyntaxUID = declared
    with io.BytesIO() as file:
        pydicom.dcmwrite(file, dataset, enforce_file_format=True, little_endian=True, implicit_vr=False)
        path.write_bytes(file.getvalue())
    np.testing.assert_array_equal(list(read_cine(path).frames()), expected)


def test_compressed_loop_without_number_of_frames_is_counted(make_dicom, moving):
    streams = [bytes(jpeg(frame)) for frame in moving]
    tags = {"syntax": CODECS["jpeg"][0], "PhotometricInterpretation": "YBR_FULL_422"}
    path = make_dicom(streams, shape=moving.shape, NumberOfFrames=None, **tags)
    assert read_cine(path).frame_count == len(moving)


def read_until_error(path):
    found = []
    try:
        found.extend(read_cine(path).frames())  # keeps what came before the error
    except UnusableFile as error:
        return found, error
    raise AssertionError("no error")


@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
@pytest.mark.parametrize("codec", ["jpeg", "jpeg-ls", "jpeg 2000", "htj2k", "encapsulated native"])
def test_cut_files_are_truncated(make_dicom, moving, codec, share):
    syntax, photometric, encode, *_ = CODECS[codec]
    streams = [bytes(encode(np.ascontiguousarray(frame))) for frame in moving]
    path = make_dicom(streams, shape=moving.shape, syntax=syntax, PhotometricInterpretation=photometric)
    whole = list(read_cine(path).frames())
    content = path.read_bytes()
    start = content.index(b"\xe0\x7f\x10\x00OB\0\0\xff\xff\xff\xff")
    path.write_bytes(content[: start + int((len(content) - start) * share)])
    found, caught = read_until_error(path)
    assert caught.outcome == "truncated"
    assert abs(len(found) - len(whole) * share) <= 1
    assert all(np.array_equal(a, b) for a, b in zip(found, whole, strict=False))


@pytest.mark.parametrize("codec", ["jpeg", "jpeg lossless", "jpeg-ls", "jpeg 2000", "htj2k", "jpeg xl"])
@pytest.mark.parametrize("share", [0.5, 0.97])
def test_codestream_cut_inside_a_whole_fragment(make_dicom, moving, codec, share):
    """Many decoders fill what is missing with grey and say nothing."""
    syntax, photometric, encode, *_ = CODECS[codec]
    streams = [bytes(encode(np.ascontiguousarray(frame))) for frame in moving]
    streams[2] = streams[2][: int(len(streams[2]) * share)]
    path = make_dicom(streams, shape=moving.shape, syntax=syntax, PhotometricInterpretation=photometric)
    found, caught = read_until_error(path)
    assert len(found) == 2
    assert caught.outcome in ("truncated", "corrupt")


def test_size_of_the_codestream_must_be_the_header_s(make_dicom, moving):
    for codec in ("jpeg", "jpeg-ls", "jpeg 2000", "jpeg xl"):
        syntax, photometric, encode, *_ = CODECS[codec]
        streams = [bytes(encode(np.ascontiguousarray(frame))) for frame in moving]
        path = make_dicom(
            streams, shape=moving.shape, syntax=syntax, PhotometricInterpretation=photometric, Rows=25
        )
        with pytest.raises(UnusableFile, match="Rows") as caught:
            list(read_cine(path).frames())
        assert caught.value.outcome == "corrupt"


def test_coded_bytes_that_look_like_the_high_throughput_marker_are_none(make_dicom):
    """In a small picture coded data begins within the first 256 bytes, where FF50 stands by chance."""
    rng = np.random.default_rng(0)
    frames, streams = [], []
    for _ in range(4000):
        frame = rng.integers(0, 256, (16, 16), dtype=np.uint8)
        stream = bytes(imagecodecs.jpeg2k_encode(frame, level=0))
        if b"\xff\x50" in stream[:256]:
            frames.append(frame)
            streams.append(stream)
    assert len(frames) > 1
    path = make_dicom(streams, shape=np.array(frames).shape, syntax="1.2.840.10008.1.2.4.90")
    check(path, np.array(frames), tolerance=0)


def test_lossy_high_throughput_samples_do_not_wrap(make_dicom):
    """Wavelets overshoot at edges: white text must not get black holes."""
    frames = np.zeros((2, 64, 96), np.uint8)
    frames[:, 20:40, 10:50] = 255
    frames[:, ::7, 60:] = 255
    streams = [bytes(imagecodecs.htj2k_encode(frame, reversible=False)) for frame in frames]
    path = make_dicom(streams, shape=frames.shape, syntax="1.2.840.10008.1.2.4.203")
    check(path, frames, tolerance=8)


@pytest.mark.parametrize("photometric", ["RGB", "YBR_FULL"])
def test_high_throughput_without_colour_transform(make_dicom, moving, photometric):
    stored = moving if photometric == "RGB" else ybr_of(moving)
    streams = [bytes(imagecodecs.htj2k_encode(np.ascontiguousarray(frame), rgb=False)) for frame in stored]
    path = make_dicom(streams, shape=moving.shape, syntax=CODECS["htj2k"][0],
                      PhotometricInterpretation=photometric)  # fmt: skip
    check(path, moving @ WEIGHTS, moving)


def test_xyb(make_dicom, moving):
    streams = [bytes(imagecodecs.jpegxl_encode(np.ascontiguousarray(f), distance=0.1)) for f in moving]
    path = make_dicom(streams, shape=moving.shape, syntax="1.2.840.10008.1.2.4.112",
                      PhotometricInterpretation="XYB")  # fmt: skip
    check(path, moving @ WEIGHTS, moving, 4, 8)


@pytest.mark.parametrize("photometric", ["RGB", "YBR_FULL_422"])
def test_grey_jpeg_in_a_colour_file(make_dicom, moving, photometric):
    grey = np.ascontiguousarray(moving[..., 2])
    path = make_dicom([bytes(jpeg(f)) for f in grey], shape=moving.shape, syntax=CODECS["jpeg"][0],
                      PhotometricInterpretation=photometric)  # fmt: skip
    check(path, grey, np.repeat(grey[..., None], 3, axis=3), 3, 3)


def test_jfif_mark_says_nothing_of_lossless_colours(make_dicom, moving):
    jfif = b"\xff\xe0\x00\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0"
    streams = []
    for frame in moving:
        stream = bytearray(CODECS["jpeg lossless"][2](np.ascontiguousarray(frame)))
        assert (
            stream[2:4] == b"\xff\xee"
        )  # the Adobe mark gives way to the other, the names R, G, B to numbers
        stream[2 : 4 + int.from_bytes(stream[4:6], "big")] = jfif
        components, scan = stream.index(b"\xff\xc3") + 10, stream.index(b"\xff\xda") + 5
        stream[components : components + 9 : 3] = stream[scan : scan + 6 : 2] = b"\x01\x02\x03"
        streams.append(bytes(stream))
    path = make_dicom(streams, shape=moving.shape, syntax=CODECS["jpeg lossless"][0])
    check(path, moving @ WEIGHTS, moving, colour_tolerance=0)


def test_run_lengths_keep_the_high_bit(make_dicom):
    values = np.arange(0, 4096, 4).reshape(2, 16, 32)
    words = (values << 4 | 3).astype(np.uint16)  # left-aligned, with a bit of something else below
    streams = [run_lengths([(f >> 8).astype(np.uint8), (f & 255).astype(np.uint8)]) for f in words]
    path = make_dicom(streams, shape=words.shape, syntax="1.2.840.10008.1.2.5",
                      BitsAllocated=16, BitsStored=12, HighBit=15)  # fmt: skip
    check(path, values / 4095 * 255)


def test_codestream_deeper_than_the_header_allows(make_dicom):
    frames = np.full((2, 8, 8), 3000, np.uint16)
    streams = [bytes(imagecodecs.jpegls_encode(frame)) for frame in frames]
    path = make_dicom(streams, shape=frames.shape, syntax="1.2.840.10008.1.2.4.80")
    assert read_until_error(path)[1].outcome == "corrupt"


@pytest.mark.parametrize("syntax", [LITTLE, BIG_ENDIAN])
@pytest.mark.parametrize("form", ["numbers", "odd bytes"])
def test_tables_of_palettes_in_other_forms(make_dicom, syntax, form):
    """Numbers (VR US) as early files have them; an odd number of 8-bit entries, padded."""
    table = np.random.default_rng(0).integers(0, 256, (255, 3))
    indices = np.arange(2 * 15 * 17, dtype=np.uint8).reshape(2, 15, 17) % 255
    tags = {}
    for channel, colour in enumerate(("Red", "Green", "Blue")):
        entries = table[:, channel]
        tags[f"{colour}PaletteColorLookupTableDescriptor"] = [255, 0, 16 if form == "numbers" else 8]
        data = entries.astype(np.uint8).tobytes() + b"\0"
        if syntax == BIG_ENDIAN:
            data = np.frombuffer(data, "u2").byteswap().tobytes()
        tags[f"{colour}PaletteColorLookupTableData"] = data
    path = make_dicom(indices, syntax=syntax, PhotometricInterpretation="PALETTE COLOR", **tags)
    if form == "numbers":
        dataset = pydicom.dcmread(path)
        for channel, colour in enumerate(("Red", "Green", "Blue")):
            tag = f"{colour}PaletteColorLookupTableData"
            dataset[tag] = pydicom.DataElement(tag, "US", (table[:, channel] * 257).tolist())
        dataset.save_as(path)
    check(path, table[indices] @ WEIGHTS, table[indices], colour_tolerance=0)


def test_offset_table_that_names_too_few_frames(make_dicom, moving):
    path = make_dicom([bytes(jpeg(f)) for f in moving], shape=moving.shape, syntax=CODECS["jpeg"][0],
                      PhotometricInterpretation="YBR_FULL_422")  # fmt: skip
    expected = list(read_cine(path).frames())
    content = path.read_bytes()
    at = content.index(b"\xe0\x7f\x10\x00OB\0\0\xff\xff\xff\xff") + 12
    assert content[at + 4 : at + 8] == struct.pack("<L", 4 * len(moving))
    path.write_bytes(
        content[: at + 4] + struct.pack("<L", 8) + content[at + 8 : at + 16] + content[at + 28 :]
    )
    np.testing.assert_array_equal(list(read_cine(path).frames()), expected)
