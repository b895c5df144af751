"""`echoclr run`: the study, or a target of it; a lock that a killed run left is cleared."""

import argparse
import subprocess
import sys
from pathlib import Path

from workflow_scripts.cli.configuration import add_study_arguments, enter_directory
from workflow_scripts.cli.errors import FAILED, OK, CommandError
from workflow_scripts.cli.snakemake_line import run_line, shown, snakemake_line
from workflow_scripts.lib.workflow_process import is_locked, living_workflow

EXAMPLES = """  echoclr run --configfile mine.yaml                        everything, on all cores
  echoclr run deidentify --cores 8 --configfile mine.yaml   one stage
  echoclr run --dry-run --configfile mine.yaml              the plan
  echoclr run --profile slurm --configfile mine.yaml        on a cluster"""
ENGINE = Path(".snakemake")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Targets and options."""
    parser.add_argument(
        "targets", nargs="*", metavar="TARGET", help="stage or file (default: the whole study)"
    )
    add_options(parser)


def add_options(parser: argparse.ArgumentParser) -> None:
    """What every command that runs the workflow takes."""
    parser.add_argument("--cores", default="", metavar="N", help="cores (default: those of the profile)")
    parser.add_argument(
        "--profile",
        default="default",
        metavar="NAME",
        help="default, slurm, slurm-cpu, or a folder (default: %(default)s)",
    )
    parser.add_argument("--dry-run", action="store_true", help="print the plan, run nothing")
    add_study_arguments(parser, required=True)


def run(arguments: argparse.Namespace) -> int:
    """Run Snakemake; FAILED where it ends with an error, which it has explained."""
    if arguments.cores and arguments.cores != "all" and not arguments.cores.isdigit():
        raise CommandError(f"--cores: {arguments.cores!r}; allowed is a number or all")
    enter_directory(arguments)
    options = ["--cores", arguments.cores] if arguments.cores else []
    options += ["--dry-run"] if arguments.dry_run else []
    line = snakemake_line(arguments.targets, arguments.configfile, *options, profile=arguments.profile)
    if not arguments.dry_run:
        unlock_if_ended(arguments.configfile, arguments.profile)
    return FAILED if run_line(line) else OK


def unlock_if_ended(overlays: list[str], profile: str) -> None:
    """Clear the lock of a run that has ended, if there is one; CommandError where somebody lives, or may."""
    if not is_locked(ENGINE):
        return
    unlock = snakemake_line([], overlays, "--unlock", profile=profile)
    by_hand = f"if you know that it has ended, clear the lock and start again:\n  {shown(unlock)}"
    if living := living_workflow(ENGINE):
        raise CommandError(f"{Path.cwd()} is locked by {living}; {by_hand}")
    if jobs := cluster_jobs():
        cancel = f"scancel {' '.join(jobs)}"
        raise CommandError(f"{len(jobs)} SLURM job(s) of an earlier run live on; end them first:\n  {cancel}")
    print("the run that locked this folder has ended; the lock is cleared", file=sys.stderr)
    if run_line(unlock):
        raise CommandError("the lock could not be cleared; see above")


def cluster_jobs() -> list[str]:
    """Numbers of this user's SLURM jobs that an earlier run in this folder submitted."""
    command = ["squeue", "--me", "--noheader", "--format=%A|%j|%Z"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    except (OSError, subprocess.SubprocessError):
        return []
    rows = [line.split("|", 2) for line in done.stdout.splitlines() if line.count("|") >= 2]
    return [
        number for number, name, place in rows if name.startswith("echoclr_") and place == str(Path.cwd())
    ]
