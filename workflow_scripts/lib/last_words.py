"""The last words of a run: what there is to open; or which jobs failed, and the command to go on."""

import shlex
from collections.abc import Iterable, Sequence
from pathlib import Path

LAST_LINES = 12
SHOWN_JOBS = 5
WORTH_OPENING = {
    "plot_contact_sheet": ("figures/contact_sheet.png", "a picture of each audited video: look at it first"),
    "write_review_pages": ("restricted/review/pages", "the videos that a person decides on"),
    "build_cohort": ("cohort/", "the studies and their sets"),
    "make_result_tables": ("evaluation/", "the tables of results"),
    "build_report": ("report.html", "the report"),
    "export_bundle": ("export/", "models for new patients"),
}
"""Rule to what it makes below the study's results, and what that is."""


def describe_success(rules: Iterable[str], results: Path, *, patients: str, whole: bool) -> str:
    """The last words of a run that made something.

    Parameters
    ----------
    rules
        Names of the rules of the jobs that ran.
    results
        Folder of the study's results.
    patients
        Folder of the new patients below it.
    whole
        False where targets were named.
    """
    ran = list(rules)
    worth = WORTH_OPENING | {"collect_patients": (f"{patients}/predictions.csv", "scores of new patients")}
    lines = [f"Finished: {len(ran)} job(s). Open:"]
    found = [(results / path, what) for rule, (path, what) in worth.items() if rule in ran]
    lines += [f"  {path}{'/' * (not path.suffix)}  {what}" for path, what in found]
    if not found:
        lines = [f"Finished: {len(ran)} job(s); results in {results}/."]
    if not whole:
        lines.append("The same command without a target runs the rest of the study.")
    return "\n".join(lines)


def describe_failure(jobs: Iterable[object], command: Sequence[str]) -> str:
    """The last words of a run that failed or was stopped.

    Parameters
    ----------
    jobs
        The jobs that failed for good; none where a person stopped the run. A log in restricted/ may hold
        identifiers: only its place is named.
    command
        The command line of this run.
    """
    failed = sorted(jobs, key=str)
    if not failed:
        line = "The run was stopped before its end. What is finished stays; go on with the same command:"
        return f"{line}\n  {shlex.join(command)}"
    lines = [f"{len(failed)} job(s) failed:"]
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
