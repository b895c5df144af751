"""`echoclr why`: what would run and because of what, in words."""

import argparse
import re

from workflow_scripts.cli.configuration import add_study_arguments, enter_directory
from workflow_scripts.cli.errors import OK
from workflow_scripts.cli.plan import PlannedJob, in_words, planned_jobs
from workflow_scripts.cli.snakemake_line import output_of, shown, snakemake_line
from workflow_scripts.lib.planned_trainings import HEAD

EXAMPLES = """  echoclr why --configfile mine.yaml            the whole study
  echoclr why finetune --configfile mine.yaml   what finetune would run"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The target and the study."""
    parser.add_argument("targets", nargs="*", metavar="TARGET", help="default: the whole study")
    add_study_arguments(parser, required=True)


def run(arguments: argparse.Namespace) -> int:
    """Print each rule that runs for a reason of its own, then what follows from it."""
    enter_directory(arguments)
    line = snakemake_line(arguments.targets, arguments.configfile, "--dry-run")
    print(f"$ {shown(line)}")
    text = output_of(line)
    jobs = [job for job in planned_jobs(text) if job.reason]
    if not jobs:
        print("Nothing would run: every result is there and up to date.")
        return OK
    print(explained(jobs))
    print(*trainings(text), sep="\n", end="")
    return OK


def trainings(text: str) -> list[str]:
    """The lines of a dry run on which trainings would be put back from kept results."""
    found = re.search(rf"^{re.escape(HEAD)}\n((?:  .*\n)+)", text, re.MULTILINE)
    return [HEAD, found[1]] if found else []


def explained(jobs: list[PlannedJob]) -> str:
    """One line a rule and reason, with the number of jobs; rules that only follow are one line."""
    own: dict[tuple[str, str], int] = {}
    for job in jobs:
        if not job.follows:
            key = (job.rule, in_words(job.reason))
            own[key] = own.get(key, 0) + 1
    lines = [f"{len(jobs)} job(s) would run."]
    lines += [f"  {rule} ({count}): {reason}" for (rule, reason), count in own.items()]
    following = [job.rule for job in jobs if job.follows]
    if following:
        counts = ", ".join(f"{rule} ({following.count(rule)})" for rule in dict.fromkeys(following))
        lines.append(f"  and because of these: {counts}")
    return "\n".join(lines)
