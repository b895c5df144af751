"""Run a tool over the loops, or an even sample; what each took goes into times.csv beside its output.

A run that was stopped goes on where it was: a loop whose measurement is written is not run again.
"""

import argparse
import csv
import json
import resource
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path

from benchmarks.deidentification.tools import TOOLS

COLUMNS = ("file", "seconds", "megabytes", "error")


def measure(tool: str, source: Path, target: Path) -> dict:
    """Run a tool on one loop and keep what it took: processor seconds and the process's peak memory so far.

    An exception is the loop's ``error``, by its type and first line; nothing of the loop is delivered then.
    """
    begin, error = time.process_time(), ""
    try:
        TOOLS[tool](source, target)
    except Exception as failure:
        error = f"{type(failure).__name__}: {failure}".splitlines()[0][:200]
        for suffix in (".avi", ".dcm"):
            target.with_suffix(suffix).unlink(missing_ok=True)
    seconds, peak = time.process_time() - begin, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    row = {"file": source.stem, "seconds": round(seconds, 3), "megabytes": round(peak), "error": error}
    measured = target.parent / "measured" / f"{source.stem}.json"
    unfinished = measured.with_suffix(".part")
    unfinished.write_text(json.dumps(row))
    unfinished.rename(measured)
    return row


def run(tool: str, loops: Path, out: Path, *, workers: int, limit: int | None) -> list[dict]:
    """Run a tool over the loops that were not measured before; rows of all that are."""
    (out / "measured").mkdir(parents=True, exist_ok=True)
    sources = sorted((loops / "dicom").glob("*.dcm"))
    if limit is not None and limit < len(sources):
        sources = [sources[round(place * len(sources) / limit)] for place in range(limit)]
    left = [source for source in sources if not (out / "measured" / f"{source.stem}.json").exists()]
    print(f"{tool}: {len(left)} of {len(sources)} loops to run", flush=True)
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        jobs = [pool.submit(measure, tool, source, out / source.stem) for source in left]
        for count, job in enumerate(as_completed(jobs), 1):
            job.result()
            if count % 100 == 0:
                print(f"{count} of {len(left)}", flush=True)
    return [json.loads((out / "measured" / f"{source.stem}.json").read_text()) for source in sources]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tool", choices=TOOLS, required=True)
    parser.add_argument("--loops", type=Path, required=True)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--limit", type=int, help="so many loops, spread over all")
    parser.add_argument("--out", type=Path, required=True)
    chosen = parser.parse_args()
    try:
        rows = run(chosen.tool, chosen.loops, chosen.out, workers=chosen.workers, limit=chosen.limit)
    except BrokenProcessPool:
        raise SystemExit("a process of the tool died; the same command goes on where it was") from None
    with (chosen.out / "times.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    errors = [row["error"] for row in rows if row["error"]]
    print(f"{len(rows)} loops, {len(errors)} ended in an error" + (f", as in: {errors[0]}" if errors else ""))


if __name__ == "__main__":
    main()
