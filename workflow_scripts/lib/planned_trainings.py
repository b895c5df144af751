"""What a dry run says of trainings and predictions: which would be put back, and which would run."""

import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from workflow_scripts.lib.finished import settings_part

HEAD = "Trainings and predictions of this plan:"


def print_planned_trainings(workflow: Any) -> None:
    """Print :func:`planned_trainings` at the end of a dry run; nothing after a run, or without a plan."""
    if workflow.dag is not None and workflow.dryrun:
        sys.stdout.flush()
        jobs = workflow.dag.needrun_jobs(exclude_finished=False)  # by now the dry run has passed through all
        print(planned_trainings(jobs), end="", file=sys.stderr)


def planned_trainings(jobs: Iterable[Any]) -> str:
    """One line a rule that keeps its results: how many jobs find results of the same settings and code.

    Whether the data are the same as well is known only once the jobs before have run.

    Parameters
    ----------
    jobs
        Snakemake's jobs that would run.
    """
    total, kept = Counter(), Counter()
    for job in jobs:
        if "finished" in job.params.keys():  # noqa: SIM118 (Snakemake's parameters are no mapping)
            total[job.rule.name] += 1
            kept[job.rule.name] += _has_kept_results(job)
    if not total:
        return ""
    lines = [f"  {rule}: {_in_words(number, kept[rule])}" for rule, number in sorted(total.items())]
    end = "`echoclr why` says in words because of what a job would run."
    return "\n".join([HEAD, *lines, end]) + "\n"


def _has_kept_results(job: Any) -> bool:
    prefix = settings_part(job.rule.name, job.params)
    folder = Path(job.params.finished)
    return any(path.name.startswith(prefix) for path in folder.rglob("*") if path.is_dir())


def _in_words(number: int, kept: int) -> str:
    if not kept:
        return f"{number} job(s), all of which would run: no results of these settings and this code are kept"
    rest = f"; {number - kept} would run" if kept < number else ""
    return (
        f"{number} job(s), of which {kept} have kept results of these settings and this code: put back in "
        f"seconds where their data are still the same{rest}"
    )
