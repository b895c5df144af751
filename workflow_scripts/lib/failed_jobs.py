"""What a run that failed ends with: which jobs, the end of their logs, and the command to go on."""

import shlex
from collections.abc import Iterable, Sequence
from pathlib import Path

LAST_LINES = 12
SHOWN_JOBS = 5


def describe_failure(jobs: Iterable[object], command: Sequence[str]) -> str:
    """The last words of a run, for the terminal.

    Parameters
    ----------
    jobs
        The jobs that failed for good. A log in restricted/ may hold identifiers: only its place is named.
    command
        The command line of this run.
    """
    failed = sorted(jobs, key=str)
    lines = [f"{len(failed)} job(s) failed:" if failed else "The run failed before any job did."]
    for job in failed[:SHOWN_JOBS]:
        lines += ["", f"{_name(job)}", *_end_of_log(job)]
    if len(failed) > SHOWN_JOBS:
        lines += ["", f"and {len(failed) - SHOWN_JOBS} more: {', '.join(map(_name, failed[SHOWN_JOBS:]))}"]
    lines += [
        "",
        "What is finished stays. When the cause is removed, go on with the same command:",
        f"  {shlex.join(command)}",
    ]
    return "\n".join(lines)


def _name(job: object) -> str:
    wildcards = ", ".join(f"{name}={value}" for name, value in job.wildcards_dict.items())
    return f"{job.rule.name} ({wildcards})" if wildcards else job.rule.name


def _end_of_log(job: object) -> list[str]:
    found = []
    for path in map(Path, job.log):
        if "restricted" in path.parts:
            found.append(f"  its log may name patients and is not shown: {path}")
        elif path.is_file():
            text = path.read_text(encoding="utf-8", errors="replace").rstrip().splitlines()
            found += [f"  the end of {path}:", *(f"  | {line}" for line in text[-LAST_LINES:])]
        else:
            found.append(f"  it ended before it wrote {path}; on a cluster see .snakemake/slurm_logs")
    return found
