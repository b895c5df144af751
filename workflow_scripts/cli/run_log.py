"""What the newest log of Snakemake says: which jobs began, ended and failed."""

import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

LAST_LINES = 6
STARTED = re.compile(r"^(?:local)?rule (\w+):\n((?: {4}.*\n)*)", re.MULTILINE)
FINISHED = re.compile(r"^Finished jobid: (\d+)", re.MULTILINE)
FAILED = re.compile(r"^Error in rule (\w+)[^\n]*:\n((?: {4}.*\n?)*)", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class RunLog:
    """Jobs by rule; ``failures`` is (rule, path of its log or None) of each failed job."""

    running: Counter = field(default_factory=Counter)
    failures: list[tuple[str, Path | None]] = field(default_factory=list)


def newest_log(engine: Path) -> Path | None:
    """The log of the last run that began a job; dry runs leave none."""
    logs = sorted((engine / "log").glob("*.snakemake.log"), key=lambda path: path.stat().st_mtime)
    return logs[-1] if logs else None


def read_log(text: str, *, alive: bool) -> RunLog:
    """Running jobs, if the run is ``alive``, and jobs that failed and were not repeated with success."""
    started: dict[str, str] = {}
    for rule, block in STARTED.findall(text):
        number = re.search(r"^ {4}jobid: (\d+)", block, re.MULTILINE)
        if number:
            started[number[1]] = rule
    finished = set(FINISHED.findall(text))
    failed: dict[str, tuple[str, Path | None]] = {}
    for rule, block in FAILED.findall(text):
        number = re.search(r"^ {4}jobid: (\d+)", block, re.MULTILINE)
        log = re.search(r"^ {4}log: (\S+)", block, re.MULTILINE)
        failed[number[1] if number else rule] = (rule, Path(log[1].rstrip(",")) if log else None)
    over = finished | failed.keys()
    running = Counter(rule for number, rule in started.items() if alive and number not in over)
    return RunLog(running=running, failures=[one for number, one in failed.items() if number not in finished])


def last_lines(log: Path | None) -> list[str]:
    """The end of a failed job's log; of one in restricted/, which may name patients, its place alone."""
    if log is None:
        return ["it wrote no log"]
    if "restricted" in log.parts:
        return [f"its log may name patients and is not shown: {log}"]
    if not log.is_file():
        return [f"it ended before it wrote {log}"]
    lines = log.read_text(encoding="utf-8", errors="replace").rstrip().splitlines()
    return [f"the end of {log}:", *(f"| {line}" for line in lines[-LAST_LINES:])]
