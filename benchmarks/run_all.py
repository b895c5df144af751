"""All benchmarks in some ten minutes on two cores: results.json, and the table of docs/benchmarks.md from it.

    python benchmarks/run_all.py [--table]

``--table`` writes the table from the figures that stand in results.json. A program that fails is named at the
end, and the others go on. Processor time is measured wherever the work is not the clock's, so that what else
the machine does hardly counts; compare the ratios, not the figures.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path

from recording import VARIABLE

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
RESULTS = HERE / "results.json"
PAGE = ROOT / "docs" / "benchmarks.md"
PROGRAMS = {
    "nt_xent.py": ["--repeats", "2"],
    "bootstrap.py": [],
    "clips.py": ["--seconds", "0.8"],
    "planning.py": [],
    "views.py": [],
    "step.py": ["--repeats", "2"],
    "prediction.py": ["--videos", "16"],
    "phantom.py": ["--frames", "60"],
    "ingestion.py": ["--repeats", "1", "--loops", "1024 x 768, 300 frames"],
}
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


def run_programs() -> list[str]:
    """Run each program; the names of those that failed."""
    RESULTS.unlink(missing_ok=True)
    environment = os.environ | ONE_THREAD | {VARIABLE: str(RESULTS)}
    failed = []
    for name, arguments in PROGRAMS.items():
        print(f"\n== {name} {' '.join(arguments)}", flush=True)
        began = time.monotonic()
        done = subprocess.run([sys.executable, str(HERE / name), *arguments], env=environment, check=False)
        print(f"({time.monotonic() - began:.0f} s)", flush=True)
        if done.returncode:
            failed.append(name)
    return failed


def figure(value: float) -> str:
    """Three digits at least, without an exponent where the number is large."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def table(found: dict[str, dict]) -> str:
    """The figures as a Markdown table."""
    lines = [
        "| what | times better | this project | otherwise | unit | beside what | limit |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, entry in sorted(found.items()):
        limit = f"{figure(entry['limit'])} ({entry['limit_is']})" if entry["limit"] is not None else ""
        figures = " | ".join(figure(entry[key]) for key in ("ratio", "ours", "other"))
        figures = f"{figures} | {entry['unit']}"
        lines.append(f"| `{name}` | {figures} | {entry['other_is']} | {limit} |")
    return "\n".join(lines)


def write_page(found: dict[str, dict]) -> None:
    """Replace the table between the page's two marks."""
    start, end = "<!-- table -->\n", "<!-- end of table -->"
    text = PAGE.read_text(encoding="utf-8")
    before, after = text.split(start)[0], text.split(end)[1]
    PAGE.write_text(f"{before}{start}\n{table(found)}\n\n{end}{after}", encoding="utf-8")


def main() -> None:
    """Run or only write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--table", action="store_true", help="write docs/benchmarks.md from results.json")
    if parser.parse_args().table:
        write_page(json.loads(RESULTS.read_text()))
        return
    failed = run_programs()
    print(f"\n{platform.machine()}, {len(os.sched_getaffinity(0))} cores\n")
    print(table(json.loads(RESULTS.read_text())))
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
