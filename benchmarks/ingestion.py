"""From a JPEG cine loop to the small masked video: the published steps beside this workflow, in one run.

Run ``python benchmarks/ingestion.py``. The published steps, written here from their description: to
deidentify, the whole ``pixel_array``, first channel, rows and columns from 10 to 95 %, an MJPEG file of full
size; to mask, that file read again whole, the hull of its first frame, resized, a second MJPEG file. This
workflow: ``deidentify_video`` and ``mask_video``: window fitted, text looked for, colour measured, lossless
files, the small one read back and compared. Each way runs in a process of its own on one thread, in turns, so
that the ratio holds on a busy machine; time is the processor's, of the work alone, and memory the process's
peak above its imports, to which the OCR models, loaded once for all files, belong.

Every video of an archive is deidentified, but only those of one view are masked: 30,136 of 447,653 in the
paper (Methods, "View classification"). "An archive" weighs the two steps so. The last line of a loop is the
machine's throughput by the clock for a loop that goes through both: the published steps in one process, which
needs gigabytes; this workflow in as many as there are cores, as its shards run.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
import pydicom
from recording import record

SIZE = 112
PUBLISHED_FPS = 5.0
PLAX_SHARE = 30_136 / 447_653
LOOPS = {
    "640 x 480, 120 frames": (480, 640, 120),
    "640 x 480, 300 frames": (480, 640, 300),
    "1024 x 768, 300 frames": (768, 1024, 300),
}


def published_deidentified(source: Path, folder: Path) -> None:
    """The published way to a file of full size."""
    array = pydicom.dcmread(source).pixel_array
    grey = np.zeros(array.shape[:3], np.uint8)
    height, width = array.shape[1:3]
    rows, columns = slice(int(0.1 * height), int(0.95 * height)), slice(int(0.1 * width), int(0.95 * width))
    for i in range(len(array)):
        grey[i, rows, columns] = array[i, rows, columns, 0]
    _write_mjpeg(folder / "full.avi", grey)


def published_masked(folder: Path) -> None:
    """The published way from there to the small file."""
    frames = _read(folder / "full.avi")
    lit = np.where(frames[0] > 0, 255, 0).astype(np.uint8)
    contours, _ = cv2.findContours((lit > 200).astype(np.uint8), cv2.RETR_TREE, cv2.CHAIN_APPROX_SIMPLE)
    hull = cv2.convexHull(max(contours, key=cv2.contourArea))
    mask = cv2.fillPoly(np.zeros_like(frames[0]), [hull], 1)  # OpenCV writes even sizes only
    small = [cv2.resize(frame * mask, (SIZE, SIZE), interpolation=cv2.INTER_AREA) for frame in frames]
    _write_mjpeg(folder / "small.avi", np.stack(small))


def our_deidentified(source: Path, folder: Path) -> None:
    """This workflow's way to a file of full size."""
    from echoclr_core.deidentify.settings import DeidentifySettings
    from echoclr_core.deidentify.video_file import deidentify_video

    row = deidentify_video(source, folder / "full.avi", DeidentifySettings())
    assert row["outcome"] == "ok", row


def our_masked(folder: Path) -> None:
    """This workflow's way from there to the small file."""
    from echoclr_core.options.mask import MaskOptions
    from echoclr_core.video.masked_video import mask_video

    row = mask_video(folder / "full.avi", folder / "small.avi", MaskOptions())
    assert row["outcome"] == "ok", row


WAYS = {"published": (published_deidentified, published_masked), "ours": (our_deidentified, our_masked)}


def _write_mjpeg(path: Path, frames: np.ndarray) -> None:
    size = frames.shape[2], frames.shape[1]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), PUBLISHED_FPS, size)
    for frame in frames:
        writer.write(np.dstack([frame] * 3))
    writer.release()


def _read(path: Path) -> np.ndarray:
    capture, frames = cv2.VideoCapture(str(path)), []
    while True:
        there, frame = capture.read()
        if not there:
            return np.stack(frames)
        frames.append(frame[..., 0])


def write_loop(path: Path, height: int, width: int, count: int) -> None:
    """A colour JPEG cine loop (YBR_FULL_422, quality 90): speckle in a fan, a banner, a bar."""
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.encaps import encapsulate

    rng = np.random.default_rng(0)
    y, x = np.mgrid[0.5:height, 0.5:width]
    fan = (np.hypot(x - width / 2, y - 0.1 * height) < 0.8 * height) & (
        np.abs(np.arctan2(x - width / 2, y - 0.1 * height)) < 0.7
    )
    streams = []
    for _ in range(count):
        speckle = cv2.resize(rng.rayleigh(0.8, (height // 3, width // 3)).astype(np.float32), (width, height))
        frame = np.dstack([np.where(fan, np.clip(90 * speckle, 0, 255), 0).astype(np.uint8)] * 3)
        cv2.putText(
            frame, "DOE JANE 4711", (8, height // 18), cv2.FONT_HERSHEY_SIMPLEX, height / 700, (230,) * 3
        )
        frame[height // 5 : height // 2, -12:] = np.linspace(255, 0, height // 2 - height // 5)[:, None, None]
        streams.append(cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes())
    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.4.50"
    data.SOPClassUID, data.SOPInstanceUID, data.AccessionNumber = "1.2.840.10008.5.1.4.1.1.3.1", "1.2.3", "A"
    data.Rows, data.Columns, data.NumberOfFrames, data.FrameTime = height, width, count, 20
    data.SamplesPerPixel, data.PlanarConfiguration = 3, 0
    data.PhotometricInterpretation = "YBR_FULL_422"
    data.BitsAllocated = data.BitsStored = 8
    data.HighBit, data.PixelRepresentation = 7, 0
    data.PixelData = encapsulate(streams)
    data["PixelData"].VR = "OB"
    data["PixelData"].is_undefined_length = True
    data.save_as(path, enforce_file_format=True)


def measure(way: str, source: Path, processes: int = 1) -> list[dict]:
    """One way in processes of their own, at once: what :func:`alone` says of each."""
    command = [sys.executable, __file__, "--way", way, "--source", str(source)]
    one_thread = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    started = [
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=one_thread) for _ in range(processes)
    ]
    printed = [process.communicate()[0] for process in started]
    if any(process.returncode for process in started):
        sys.exit(f"{source.name}: the {way} steps failed, see above")
    return [json.loads(text.splitlines()[-1]) for text in printed]


def alone(way: str, source: Path) -> None:
    """What the process of :func:`measure` runs: import, then work, then say what it took.

    A line of JSON: processor time of both steps ("deidentified", "masked") and "clock", seconds;
    "megabytes".
    """
    import echoclr_core.deidentify
    import echoclr_core.video.mask  # noqa: F401
    from echoclr_core.deidentify.text.ocr import read_text

    cv2.setNumThreads(1)
    read_text(np.zeros((64, 64), np.uint8))  # as the imports: once a process, not once a file
    before = status_kilobytes("VmRSS")
    deidentified, masked = WAYS[way]
    begin, clock = time.process_time(), time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        deidentified(source, Path(folder))
        between = time.process_time()
        masked(Path(folder))
        end, clock = time.process_time(), time.perf_counter() - clock
    megabytes = (status_kilobytes("VmHWM") - before) / 1024
    found = {"deidentified": between - begin, "masked": end - between, "clock": clock}
    print(json.dumps(found | {"megabytes": megabytes}))


def status_kilobytes(name: str) -> int:
    """A line of this process's status, kB."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith(name)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--loops", nargs="+", choices=LOOPS, default=list(LOOPS), help="which loops are made")
    parser.add_argument("--source", type=Path, help="a file of your own; or else loops made here")
    chosen = parser.parse_args()
    if chosen.way:
        alone(chosen.way, chosen.source)
        return
    columns = f"{'deidentify':>12}{'mask':>8}{'both':>8}{'an archive':>12}{'MB':>8}"
    print(f"{'processor time, s':<37}{columns}")
    with tempfile.TemporaryDirectory() as folder:
        sources = {chosen.source.name: chosen.source} if chosen.source else {}
        for name in chosen.loops if not sources else ():
            sources[name] = Path(folder) / f"{len(sources)}.dcm"
            write_loop(sources[name], *LOOPS[name])
        for name, source in sources.items():
            compare(name, source, chosen.repeats)


def compare(name: str, source: Path, repeats: int) -> None:
    """Print both ways on one file, the best of ``repeats`` turns, and their ratios."""
    runs: dict[str, list[dict]] = {way: [] for way in WAYS}
    cores, at_once = len(os.sched_getaffinity(0)), []
    for _ in range(repeats):
        for way in WAYS:
            runs[way] += measure(way, source)
        at_once.append(60 * sum(1 / run["clock"] for run in measure("ours", source, cores)))
    best = {way: _best(found) for way, found in runs.items()}
    for way, figures in best.items():
        deidentified, masked, both, archive, megabytes = figures
        seconds = f"{deidentified:>12.2f}{masked:>8.2f}{both:>8.2f}{archive:>12.2f}"
        print(f"{name:<26}{way:<11}{seconds}{megabytes:>8.0f}")
    ratios = [theirs / own for theirs, own in zip(best["published"], best["ours"], strict=True)]
    line = "".join(f"{ratio:>{width}.1f}x" for ratio, width in zip(ratios, (11, 7, 7, 11, 7), strict=True))
    print(f"{name:<26}{'ratio':<11}{line}")
    other_is = f"the published steps, to two MJPEG files of {name}"
    for figure, at, unit in (("dicom_to_avi", 2, "CPU seconds"), ("dicom_memory", 4, "MB")):
        record(figure, ours=best["ours"][at], other=best["published"][at], unit=unit, other_is=other_is)
    one = 60 / min(run["clock"] for run in runs["published"])
    loops = f"{one:.1f} loops a minute published, {max(at_once):.1f} ours on {cores} cores"
    print(f"{name:<26}{loops}: {max(at_once) / one:.1f}x")


def _best(runs: list[dict]) -> tuple[float, ...]:
    """Of the turn with the least time: deidentified, masked, both, a video of an archive, s; and MB."""
    run = min(runs, key=lambda run: run["deidentified"] + run["masked"])
    deidentified, masked = run["deidentified"], run["masked"]
    both, archive = deidentified + masked, deidentified + PLAX_SHARE * masked
    return deidentified, masked, both, archive, run["megabytes"]


if __name__ == "__main__":
    main()
