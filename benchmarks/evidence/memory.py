"""Peak memory of a process that decodes or deidentifies one loop of 1024 x 768, in every encoding.

    python -m benchmarks.evidence.memory --frames 300

The loop is the one of ``benchmarks/ingestion.py``. Each figure is the whole peak of a process of its own,
libraries and models included; "idle" is the same process before it opens the file.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.ingestion import status_kilobytes, write_loop

HEIGHT, WIDTH = 768, 1024


def alone(work: str, source: Path) -> None:
    """What the process of :func:`measured` runs: import, work, print both peaks in MB."""
    from echoclr_core.deidentify.settings import DeidentifySettings
    from echoclr_core.deidentify.video_file import deidentify_video
    from echoclr_core.dicom.reading import read_cine

    idle = status_kilobytes("VmHWM")
    if work == "decode":
        assert sum(1 for _ in read_cine(source).frames()) > 1
    else:
        row = deidentify_video(source, source.with_suffix(".avi"), DeidentifySettings())
        assert row["outcome"] == "ok", row
    print(idle >> 10, status_kilobytes("VmHWM") >> 10)


def measured(work: str, source: Path) -> tuple[int, int]:
    """Peak of a new process before and after the work, MB."""
    command = [sys.executable, "-m", __spec__.name, "--work", work, "--source", str(source)]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    idle, peak = map(int, printed.split())
    return idle, peak


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--frames", type=int, default=300)
    parser.add_argument("--work", choices=("decode", "deidentify"), help=argparse.SUPPRESS)
    parser.add_argument("--source", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.work:
        alone(chosen.work, chosen.source)
        return
    import numpy as np
    from pydicom.uid import UltrasoundMultiFrameImageStorage

    from echoclr_core.dicom.reading import read_cine
    from echoclr_core.synthetic.files.dicom_writer import Identity, base_dataset, save, set_rate
    from echoclr_core.synthetic.files.encodings import ENCODINGS, set_pixels

    uids = {"sop_uid": "1.2.3", "study_uid": "1.2.4", "series_uid": "1.2.5"}
    patient = {"accession": "A", "patient_id": "P", "patient_name": "N", "birth_date": "", "sex": ""}
    identity = Identity(**uids, **patient, date="", manufacturer="", model="", instance=1)
    with tempfile.TemporaryDirectory() as folder:
        drawn, path = Path(folder) / "drawn.dcm", Path(folder) / "loop.dcm"
        write_loop(drawn, HEIGHT, WIDTH, chosen.frames)
        frames = np.stack(list(read_cine(drawn).colour_frames()))
        print(f"{'MB':<14}{'idle':>8}{'decode':>8}{'deidentify':>12}")
        for encoding in ENCODINGS:
            dataset = base_dataset(identity, sop_class=UltrasoundMultiFrameImageStorage)
            set_rate(dataset, "time", 50.0, len(frames))
            set_pixels(dataset, frames, encoding=encoding)
            save(dataset, path)
            (idle, decode), (_, deidentify) = measured("decode", path), measured("deidentify", path)
            print(f"{encoding:<14}{idle:>8}{decode:>8}{deidentify:>12}", flush=True)


if __name__ == "__main__":
    main()
