"""Run a tool over the benchmark's loops; time and peak memory of each go into times.csv beside its output."""

import argparse
import multiprocessing
import resource
import time
from pathlib import Path

import cv2
import numpy as np
import pandas as pd


def workflow(source: Path, target: Path) -> None:
    """This project's deidentification with its defaults."""
    from echoclr_core.deidentify.settings import DeidentifySettings
    from echoclr_core.deidentify.video_file import deidentify_video

    deidentify_video(source, target.with_suffix(".avi"), DeidentifySettings())


def ocr_box(source: Path, target: Path) -> None:
    """A plain OCR box: whatever is legible in the middle frame is blackened in every frame, the rest kept."""
    from echoclr_core.common.avi_writing import write_avi
    from echoclr_core.deidentify.text.ocr import legible_text
    from echoclr_core.dicom.reading import read_cine

    frames = np.stack(list(read_cine(source, default_fps=30.0).frames()))
    for line in legible_text(frames[len(frames) // 2]):
        frames[:, line.y0 : line.y1, line.x0 : line.x1] = 0
    write_avi(target.with_suffix(".avi"), frames, 30.0)


def header_only(source: Path, target: Path) -> None:
    """Pixels as they are, as tools do that clean the header alone."""
    from echoclr_core.common.avi_writing import write_avi
    from echoclr_core.dicom.reading import read_cine

    write_avi(target.with_suffix(".avi"), read_cine(source, default_fps=30.0).frames(), 30.0)


TOOLS = {"workflow": workflow, "ocr_box": ocr_box, "header_only": header_only}


def _timed(tool: str, source: Path, target: Path) -> dict:
    """What one loop took: processor seconds, and the peak memory of the process so far."""
    cv2.setNumThreads(1)
    begin = time.process_time()
    TOOLS[tool](source, target)
    seconds, peak = time.process_time() - begin, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"file": source.stem, "seconds": seconds, "megabytes": peak}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tool", choices=TOOLS, required=True)
    parser.add_argument("--loops", type=Path, required=True)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True)
    chosen = parser.parse_args()
    chosen.out.mkdir(parents=True, exist_ok=True)
    sources = sorted((chosen.loops / "dicom").glob("*.dcm"))
    jobs = [(chosen.tool, source, chosen.out / source.stem) for source in sources]
    with multiprocessing.get_context("spawn").Pool(chosen.workers) as pool:
        rows = pool.starmap(_timed, jobs, chunksize=1)
    pd.DataFrame(rows).to_csv(chosen.out / "times.csv", index=False)


if __name__ == "__main__":
    main()
