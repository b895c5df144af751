"""Planning the paper's archive: shards of studies beside one job a video.

This project's dry run of 12,500 studies in 125 shards, all stages to the report, in processor seconds. Beside
it a plain Snakefile with two jobs a video (deidentify, mask) and one that needs them all, planned for some
videos and scaled to the paper's 447,653: Snakemake's time grows with the number of jobs.

    python benchmarks/planning.py [--videos 1500]
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from recording import record

ROOT = Path(__file__).resolve().parents[1]
PAPER_VIDEOS = 447_653
PLAIN = """
VIDEOS = [f"v{{number:06d}}" for number in range({videos})]

rule all:
    input: expand("masked/{{video}}.avi", video=VIDEOS)

rule deidentify:
    input: "dicom/{{video}}.dcm"
    output: "deidentified/{{video}}.avi"
    shell: "cp {{input}} {{output}}"

rule mask:
    input: "deidentified/{{video}}.avi"
    output: "masked/{{video}}.avi"
    shell: "cp {{input}} {{output}}"
"""


def dry_run(*arguments: str, directory: Path) -> float:
    """Processor seconds of a dry run and its processes."""
    command = [str(Path(sys.executable).with_name("snakemake")), "--dry-run", "--quiet", "--cores", "1"]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [*command, "--directory", str(directory), *arguments],
        cwd=ROOT,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def plain_seconds(folder: Path, videos: int) -> float:
    """Processor seconds of planning the plain Snakefile for some videos."""
    place = folder / str(videos)
    (place / "dicom").mkdir(parents=True)
    for number in range(videos):
        (place / "dicom" / f"v{number:06d}.dcm").touch()
    (place / "Snakefile").write_text(PLAIN.format(videos=videos))
    return dry_run("--snakefile", str(place / "Snakefile"), directory=place)


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--videos", type=int, default=1500)
    videos = parser.parse_args().videos
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        archive = str(ROOT / "tests" / "config" / "archive.yaml")
        (folder / "ours").mkdir()
        ours = dry_run(
            "--snakefile", str(ROOT / "Snakefile"), "--configfile", archive, directory=folder / "ours"
        )
        start, some = plain_seconds(folder, videos // 10), plain_seconds(folder, videos)
    each = (some - start) / (videos - videos // 10)
    plain = start + each * (PAPER_VIDEOS - videos // 10)
    print("planning the paper's archive, processor seconds")
    print(
        f"one job a video and step  {plain:10.0f} s (scaled from {videos} videos, {1e3 * each:.1f} ms each)"
    )
    print(f"this project, 125 shards  {ours:10.1f} s   {plain / ours:.0f} x")
    record(
        "planning",
        ours=ours,
        other=plain,
        unit="s",
        other_is=f"a dry run with two jobs a video, scaled from {videos} to {PAPER_VIDEOS} videos",
    )


if __name__ == "__main__":
    main()
