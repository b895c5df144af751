"""Mutated DICOM files: each must end as an outcome, without crash or hang, in bounded memory.

    python -m benchmarks.evidence.mutations --files 10000 --workers 2

File ``n`` is the same on every machine: one of some twenty files of pydicom and pydicom-data, or a small loop
in one of fifteen encodings of the synthetic archive, changed by a generator seeded with ``n``. Each is
catalogued, decoded to grey and to colour, and deidentified.
"""

import argparse
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np

from benchmarks.evidence.mutation_kinds import mutated
from echoclr_core.common.isolation import Job, run_isolated
from echoclr_core.deidentify.settings import DeidentifySettings
from echoclr_core.deidentify.video_file import deidentify_video
from echoclr_core.dicom.description import describe_file
from echoclr_core.dicom.outcomes import OUTCOMES, UnusableFile
from echoclr_core.dicom.reading import read_cine

SECONDS = 60.0
MEGABYTES = 2048


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
