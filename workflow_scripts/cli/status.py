"""`echoclr status`: stages by done, running, failed and to go; time left; the end of failed jobs' logs."""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from workflow_scripts.cli.configuration import add_study_arguments, enter_directory, resolved
from workflow_scripts.cli.errors import OK
from workflow_scripts.cli.plan import job_counts
from workflow_scripts.cli.run_log import RunLog, last_lines, newest_log, read_log
from workflow_scripts.cli.snakemake_line import output_of, rule_stages, snakemake_line
from workflow_scripts.lib.results_folder import results_path
from workflow_scripts.lib.workflow_process import living_workflow

EXAMPLES = """  echoclr status --configfile mine.yaml            the whole study
  echoclr status finetune --configfile mine.yaml   up to one stage"""
ENGINE = Path(".snakemake")
BAR = 24
SHOWN_FAILURES = 5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The target and the study."""
    parser.add_argument("targets", nargs="*", metavar="TARGET", help="default: the whole study")
    add_study_arguments(parser, required=True)


def run(arguments: argparse.Namespace) -> int:
    """Print one line a stage."""
    enter_directory(arguments)
    config = resolved(arguments.configfile)
    plan = [arguments.targets, arguments.configfile, "--dry-run"]
    to_go = job_counts(output_of(snakemake_line(*plan)))
    every = job_counts(output_of(snakemake_line(*plan, "--forceall")))
    log, living = newest_log(ENGINE), living_workflow(ENGINE)
    found = RunLog()
    if log is not None:
        found = read_log(log.read_text(encoding="utf-8", errors="replace"), alive=bool(living))
    print(f"{config['study']['name']}: " + (f"running ({living})" if living else "no run is active"))
    print("\n".join(stage_lines(every, to_go, found, bars=sys.stdout.isatty())))
    print(time_left(to_go, seconds_by_rule(results_path(config) / "benchmarks")))
    for rule, path in found.failures[:SHOWN_FAILURES]:
        print(f"\nfailed: {rule}\n  " + "\n  ".join(last_lines(path)))
    return OK


def stage_lines(every: Counter, to_go: Counter, found: RunLog, *, bars: bool) -> list[str]:
    """Stage with the jobs done, running, failed and to go; a bar where ``bars``."""
    failed = Counter(rule for rule, _ in found.failures)
    numbers: dict[str, list[int]] = {}
    for rule, stage in rule_stages().items():
        if not every[rule] or rule == stage:  # targets are no work
            continue
        left = min(to_go[rule], every[rule])
        running, wrong = min(found.running[rule], left), min(failed[rule], left)
        row = numbers.setdefault(stage, [0, 0, 0, 0])
        counts = (every[rule] - left, running, wrong, max(left - running - wrong, 0))
        numbers[stage] = [a + b for a, b in zip(row, counts, strict=True)]
    lines = []
    for stage, (done, running, wrong, left) in numbers.items():
        total = done + running + wrong + left
        full = BAR * done // total
        bar = f"[{'#' * full}{'.' * (BAR - full)}] " if bars else ""
        lines.append(
            f"{stage:<12} {bar}{done} of {total} done, {running} running, {wrong} failed, {left} to go"
        )
    return lines


def seconds_by_rule(folder: Path) -> dict[str, float]:
    """Mean seconds of a finished job of each rule, from Snakemake's benchmark files."""
    taken: dict[str, list[float]] = {}
    for path in folder.rglob("*.jsonl") if folder.is_dir() else ():
        rule = path.relative_to(folder).parts[0].removesuffix(".jsonl")
        for line in path.read_text(encoding="utf-8").splitlines():
            taken.setdefault(rule, []).append(float(json.loads(line)["s"]))
    return {rule: sum(values) / len(values) for rule, values in taken.items()}


def time_left(to_go: Counter, seconds: Mapping[str, float]) -> str:
    """Hours of job time left, by what finished jobs of the same rules took; which rules it leaves out."""
    work = {rule: count for rule, count in to_go.items() if rule in seconds}
    targets = {*rule_stages().values(), "all", "total"}
    unknown = sorted(rule for rule in to_go if rule not in seconds and rule not in targets)
    if not to_go:
        return "everything is done"
    total = sum(count * seconds[rule] for rule, count in work.items())
    text = f"time left: {total / 60:.0f} min of jobs one after another, as finished ones took"
    if not work:
        text = "time left: not known before the first job of a kind has ended"
    elif unknown:
        text += f"; not counted, since none has ended yet or they are short: {', '.join(unknown)}"
    return text
