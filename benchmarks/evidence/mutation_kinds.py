"""The files that are mutated, and what is done to them; see ``mutations.py``."""

import io
import tempfile
import warnings
from functools import cache
from pathlib import Path

import data_store
import numpy as np
import pydicom

from echoclr_core.common.randomness import generator
from echoclr_core.synthetic.files.dicom_writer import MULTI_FRAME, Identity, base_dataset, save, set_rate
from echoclr_core.synthetic.files.encodings import ENCODINGS, set_pixels
from echoclr_core.synthetic.plan.settings import CONTRADICTING

FOLDERS = (Path(pydicom.__file__).parent / "data/test_files", Path(data_store.__file__).parent / "data")
SEEDS = [
    "SC_rgb_small_odd_jpeg.dcm",
    "SC_rgb_rle_2frame.dcm",
    "SC_rgb_jls_lossy_line.dcm",
    "GDCMJ2K_TextGBR.dcm",
    "SC_rgb_gdcm_KY.dcm",
    "SC_jpeg_no_color_transform.dcm",
    "JPGExtended.dcm",
    "image_dfl.dcm",
    "MR_small_expb.dcm",
    "MR_small_implicit.dcm",
    "MR_small_jpeg_ls_lossless.dcm",
    "reportsi.dcm",
    "examples_ybr_color.dcm",
    "SC_ybr_full_422_uncompressed.dcm",
    "OBXXXX1A_rle_2frame.dcm",
    "JPEG-LL.dcm",
    "SC_rgb_expb_16bit_2frame.dcm",
    "US1_J2KI.dcm",
    "bad_sequence.dcm",
]
SEEDS += ["jpeg", "jpeg_2000", "jpeg_ls", "h264", "mono", *CONTRADICTING]
IDENTITY = Identity(
    sop_uid="2.25.1",
    study_uid="2.25.2",
    series_uid="2.25.3",
    accession="E1",
    patient_id="MR1",
    patient_name="Sample^Ruth",
    birth_date="19480203",
    sex="F",
    date="20180304",
    manufacturer="Northern Cardiac",
    model="Sonar",
    instance=1,
)
HEADER_BYTES = 3000
LONG = (
    "OB",
    "OW",
    "OF",
    "OD",
    "OL",
    "SQ",
    "UC",
    "UN",
    "UR",
    "UT",
)  # VRs whose header has 12 bytes, PS3.5 7.1.2


def flip_bits(data: bytearray, rng: np.random.Generator) -> None:
    """Flip up to 29 bits anywhere."""
    for at in rng.integers(0, len(data), rng.integers(1, 30)):
        data[at] ^= 1 << int(rng.integers(8))


def cut(data: bytearray, rng: np.random.Generator) -> None:
    """Cut the file off."""
    del data[int(rng.integers(len(data))) :]


def swap_words(data: bytearray, rng: np.random.Generator) -> None:
    """Exchange four bytes of the header with four others, up to three times."""
    for _ in range(rng.integers(1, 4)):
        a, b = (int(at) for at in rng.integers(0, min(len(data) - 4, HEADER_BYTES), 2))
        data[a : a + 4], data[b : b + 4] = data[b : b + 4], data[a : a + 4]


def swap_tags(data: bytearray, rng: np.random.Generator) -> None:
    """Exchange the tags of two elements, so that each holds the other's value; words where there are none."""
    dataset = pydicom.dcmread(io.BytesIO(bytes(data)), stop_before_pixels=True, force=True)
    with warnings.catch_warnings(action="ignore"):
        elements = list(dataset)
    places = [element.file_tell - 8 for element in elements if element.file_tell and element.VR not in LONG]
    places = [at for at in places if 0 <= at < len(data) - 4]
    if len(places) < 2:
        return swap_words(data, rng)
    a, b = (places[int(at)] for at in rng.choice(len(places), 2, replace=False))
    data[a : a + 4], data[b : b + 4] = data[b : b + 4], data[a : a + 4]
    return None


def overwrite_header(data: bytearray, rng: np.random.Generator) -> None:
    """Write up to eleven random bytes into the header."""
    for at in rng.integers(0, min(len(data), HEADER_BYTES), rng.integers(1, 12)):
        data[at] = int(rng.integers(256))


def remove_piece(data: bytearray, rng: np.random.Generator) -> None:
    """Take out up to 199 bytes."""
    at = int(rng.integers(len(data)))
    del data[at : at + int(rng.integers(1, 200))]


def blank_piece(data: bytearray, rng: np.random.Generator) -> None:
    """Zeros over up to 899 bytes of the pixels: a hole in a frame."""
    at = int(rng.integers(len(data) // 2, len(data)))
    stop = min(len(data), at + int(rng.integers(1, 900)))
    data[at:stop] = bytes(stop - at)


def end_early(data: bytearray, rng: np.random.Generator) -> None:
    """An end-of-image marker where a frame is not at its end, and zeros after it as far as 499 bytes."""
    at = int(rng.integers(len(data) // 2, len(data)))
    stop = min(len(data), at + int(rng.integers(2, 500)))
    data[at:stop] = b"\xff\xd9".ljust(stop - at, b"\0")[: stop - at]


def contradict(data: bytearray, rng: np.random.Generator) -> None:
    """A header value of the same length that says another thing of the same pixels."""
    pairs = [pair if rng.integers(2) else pair[::-1] for pair in CONTRADICTIONS]
    found = [(old, new) for old, new in pairs if data[:HEADER_BYTES].count(old)]
    for old, new in found or [(b"\x28\0\x06\0US\2\0\0", b"\x28\0\x06\0US\2\0\1")]:
        at = data.find(old)
        if at >= 0:
            data[at : at + len(old)] = new


def refer(data: bytearray, rng: np.random.Generator) -> None:
    """A text that names another file where the pixels begin; some of the loops are video streams."""
    text = REFERENCES[int(rng.integers(len(REFERENCES)))]
    for at in (data.find(b"\xe0\x7f\x10\0OB\0\0\xff\xff\xff\xff"), data.find(b"\xe0\x7f\x10\0")):
        if at >= 0:
            start = at + (12 + 8 + 8 if data[at + 8 : at + 12] == b"\xff" * 4 else 12)
            data[start : start + len(text)] = text
            break


CONTRADICTIONS = (
    (b"YBR_FULL_422", b"RGB         "),
    (b"YBR_FULL", b"RGB     "),
    (b"UI\x1c\x001.2.840.10008.5.1.4.1.1.3.1\0", b"UI\x1c\x001.2.840.10008.5.1.4.1.1.4.1\0"),
    (b"CS\2\0US", b"CS\2\0MR"),
    (b"33.333", b"33,333"),
)
REFERENCES = (
    b"ffconcat version 1.0\nfile 'other.avi'\n",
    b"#EXTM3U\n#EXTINF:1,\n/etc/hostname\n",
    b"v=0\no=- 0 0 IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n",
)
MUTATIONS = (
    *(flip_bits, cut, swap_words, swap_tags, overwrite_header, remove_piece),
    *(blank_piece, end_early, contradict, refer),
)


@cache
def seed_file(name: str) -> bytes:
    """A file of pydicom or pydicom-data, or a small loop in an encoding of the synthetic archive."""
    if name not in ENCODINGS:
        return next(folder / name for folder in FOLDERS if (folder / name).exists()).read_bytes()
    y, x = np.mgrid[0:48, 0:64]
    fan = np.abs(np.arctan2(x - 32, y + 4)) < 0.7
    frames = np.random.default_rng(0).gamma(2.0, 30.0, (6, 48, 64)).clip(0, 255) * fan
    dataset = base_dataset(IDENTITY, sop_class=MULTI_FRAME)
    set_rate(dataset, "time", 30.0, len(frames))
    set_pixels(dataset, np.repeat(frames[..., None], 3, axis=3).astype(np.uint8), encoding=name)
    with tempfile.TemporaryDirectory() as folder:
        save(dataset, Path(folder) / "seed.dcm")
        return (Path(folder) / "seed.dcm").read_bytes()


def mutated(number: int) -> bytes:
    """The file of a number: equal on every machine with the same versions of pydicom and pydicom-data."""
    rng = generator(2024, "mutation", number)
    name = SEEDS[int(rng.integers(len(SEEDS)))]
    data = bytearray(seed_file(name))
    MUTATIONS[int(rng.integers(len(MUTATIONS)))](data, rng)
    return bytes(data)
