"""Mutated DICOM files: each must end as an outcome, without crash or hang, in bounded memory.

    python benchmarks/evidence/mutations.py --files 10000 --workers 2

File ``n`` is the same on every machine: one of some thirty files of pydicom and pydicom-data, changed by a
generator seeded with ``n``. Each is catalogued, decoded to grey and to colour, and deidentified.
"""

import argparse
import io
import tempfile
import time
import warnings
from collections import Counter
from pathlib import Path

import data_store
import numpy as np
import pydicom

from echoclr_core.common.isolation import Job, run_isolated
from echoclr_core.common.randomness import generator
from echoclr_core.deidentify.settings import DeidentifySettings
from echoclr_core.deidentify.videos import deidentify_video
from echoclr_core.dicom.description import describe_file
from echoclr_core.dicom.outcomes import OUTCOMES, UnusableFile
from echoclr_core.dicom.reading import read_cine

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
    "emri_small_jpeg_2k_lossless.dcm",
    "bad_sequence.dcm",
]
HEADER_BYTES = 3000
SECONDS = 60.0
MEGABYTES = 2048
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


MUTATIONS = (flip_bits, cut, swap_words, swap_tags, overwrite_header, remove_piece)


def mutated(number: int) -> bytes:
    """The file of a number: equal on every machine with the same versions of pydicom and pydicom-data."""
    rng = generator(2024, "mutation", number)
    name = SEEDS[int(rng.integers(len(SEEDS)))]
    data = bytearray(next(folder / name for folder in FOLDERS if (folder / name).exists()).read_bytes())
    MUTATIONS[int(rng.integers(len(MUTATIONS)))](data, rng)
    return bytes(data)


def decoded(path: Path, *, colour: bool) -> str:
    """The outcome of decoding every frame; asserts that frames are what the header says."""
    try:
        cine = read_cine(path, min_frames=1)
        for frame in cine.colour_frames() if colour else cine.frames():
            assert frame.dtype == np.uint8
            assert frame.shape[:2] == (cine.height, cine.width)
    except UnusableFile as error:
        if error.path != path:
            raise RuntimeError("an error that does not name its file") from error
        return error.outcome
    return "ok"


def exercise(number: int) -> dict:
    """Catalogue, decode and deidentify one mutated file; outcomes, seconds and the process's peak so far."""
    begin = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mutated.dcm"
        path.write_bytes(mutated(number))
        outcomes = [decoded(path, colour=False), decoded(path, colour=True), describe_file(path)["outcome"]]
        written = deidentify_video(path, Path(folder) / "v.avi", DeidentifySettings())
    return {
        "outcomes": [*outcomes, written["outcome"]],
        "seconds": time.perf_counter() - begin,
        "peak_kilobytes": _peak_kilobytes(),
    }


def _peak_kilobytes() -> int:
    """Peak resident memory of this process; its own, not its parent's as getrusage has it."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmHWM")))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--workers", type=int, default=1)
    chosen = parser.parse_args()
    jobs = [Job(number, (number,), SECONDS) for number in range(chosen.files)]
    states, outcomes, slowest, peak = Counter(), Counter(), 0.0, 0
    runs = run_isolated(
        "benchmarks.evidence.mutations:exercise",
        jobs,
        workers=chosen.workers,
        memory_megabytes=MEGABYTES,
    )
    for number, state, value in runs:
        states[state] += 1
        if state != "done":
            print(f"file {number}: {state} {value or ''}", flush=True)
            continue
        outcomes.update(value["outcomes"][:1])
        assert set(value["outcomes"]) <= set(OUTCOMES), (number, value)
        slowest, peak = max(slowest, value["seconds"]), max(peak, value["peak_kilobytes"])
    print(f"{chosen.files} files: {dict(states)}")
    print(f"outcomes of decoding: {dict(outcomes.most_common())}")
    print(f"slowest {slowest:.2f} s for four passes, peak {peak / 1024:.0f} MB")


if __name__ == "__main__":
    main()
