"""The snakemake command of a study: composed, printed, run."""

import re
import shlex
import subprocess
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path

from workflow_scripts.cli.configuration import ROOT
from workflow_scripts.cli.errors import CommandError


def snakemake_line(
    targets: Sequence[str], overlays: Sequence[str], *options: str, profile: str = "default"
) -> list[str]:
    """The command, to be run in the working directory of the study.

    Raises
    ------
    CommandError
        The profile is neither one of the repository nor a folder, or a target is no rule and no path.
    """
    _check_targets(targets)
    folder = ROOT / "profiles" / profile
    folder = folder if folder.is_dir() else Path(profile)
    if not folder.is_dir():
        there = ", ".join(sorted(path.name for path in (ROOT / "profiles").iterdir()))
        raise CommandError(f"--profile: {profile!r} is no folder and none of {there}")
    return [
        *(sys.executable, "-m", "snakemake", *targets),
        *("--snakefile", str(ROOT / "Snakefile"), "--workflow-profile", str(folder.resolve()), *options),
        *("--configfile", str(ROOT / "config.yaml"), *overlays),  # last: it takes all names that follow
    ]


def rule_stages() -> dict[str, str]:
    """Rule to stage, which is the name of its file, in the order in which the Snakefile names them."""
    order = re.findall(r"rules/(\w+)\.smk", (ROOT / "Snakefile").read_text(encoding="utf-8"))
    return {
        rule: stage
        for stage in order
        for rule in re.findall(
            r"^ *rule (\w+):", (ROOT / "rules" / f"{stage}.smk").read_text(encoding="utf-8"), re.MULTILINE
        )
    }


def _check_targets(targets: Sequence[str]) -> None:
    rules = rule_stages()
    for target in targets:
        if target not in rules and target != "all" and "/" not in target:
            near = get_close_matches(target, [*rules.values(), *rules], n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            names = ", ".join(dict.fromkeys(stage for rule, stage in rules.items() if rule == stage))
            raise CommandError(f"TARGET: {target!r} is no stage and no file; stages are {names}{hint}")


def shown(command: Sequence[str]) -> str:
    """The command as a user would type it."""
    return shlex.join(["snakemake", *command[3:]])


def run_line(command: Sequence[str]) -> int:
    """Print the command, run it with this terminal, and return its exit code."""
    print(f"$ {shown(command)}", file=sys.stderr, flush=True)
    return subprocess.run(command, check=False).returncode


def output_of(command: Sequence[str]) -> str:
    """What the command prints; CommandError with its last lines where it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CommandError(f"snakemake refused:\n{_end(done.stdout + done.stderr)}")
    return done.stdout + done.stderr


def _end(text: str) -> str:
    return "\n".join(text.rstrip().splitlines()[-12:])
