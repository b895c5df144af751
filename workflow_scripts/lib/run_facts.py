"""What a finished run tells of itself: versions, times and costs, from its logs and benchmark files."""

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

HEADER = re.compile(r"^\S+ \S+ INFO python (\S+) on (\S+); (.*)$", re.MULTILINE)
STAMP = re.compile(r"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d),\d+ ", re.MULTILINE)
RULE = re.compile(r"^ *(?:use rule \w+ as|rule) (\w+)\b", re.MULTILINE)


def stages(rules: Path) -> dict[str, str]:
    """Rule to stage, the name of the file below ``rules`` that defines it."""
    return {
        rule: path.stem
        for path in sorted(rules.glob("*.smk"))
        for rule in RULE.findall(path.read_text(encoding="utf-8"))
    }


def _logs(folder: Path) -> Iterator[str]:
    for path in sorted((folder / "logs").rglob("*.log")):
        yield path.read_text(encoding="utf-8", errors="replace")


def versions(folder: Path) -> dict[str, str]:
    """Package to version, as the jobs of the study below ``folder`` wrote them at their last attempt.

    Several versions, of environments or of runs before an update, are all named.
    """
    found: dict[str, set[str]] = defaultdict(set)
    for text in _logs(folder):
        headers = HEADER.findall(text)
        if headers:
            python, _, packages = headers[-1]
            found["python"].add(python)
            for package in packages.split(", "):
                name, _, version = package.partition(" ")
                found[name].add(version)
    return {name: ", ".join(sorted(values)) for name, values in sorted(found.items())}


def begin_and_end(folder: Path) -> tuple[str, str]:
    """First and last time stamp of the jobs' logs, ISO 8601 without zone; ("", "") without logs."""
    stamps = [stamp.replace(" ", "T") for text in _logs(folder) for stamp in STAMP.findall(text)]
    return (min(stamps), max(stamps)) if stamps else ("", "")


def costs(folder: Path, stage_of: Mapping[str, str]) -> list[dict]:
    """Costs of each stage from Snakemake's benchmark files, in the order of the stages' names.

    Returns
    -------
    list of dict
        stage, jobs, hours (wall-clock, summed over jobs), cpu_hours, gpu_hours (hours by GPUs held),
        peak_gb (largest resident memory of one job, 1e9 bytes).
    """
    rows: dict[str, list] = defaultdict(list)
    for path in sorted((folder / "benchmarks").rglob("*.jsonl")):
        rule = path.relative_to(folder / "benchmarks").parts[0].removesuffix(".jsonl")
        for line in path.read_text(encoding="utf-8").splitlines():
            rows[stage_of.get(rule, rule)].append(json.loads(line))
    return [
        {
            "stage": stage,
            "jobs": len(jobs),
            "hours": sum(_number(job, "s") for job in jobs) / 3600,
            "cpu_hours": sum(_number(job, "cpu_time") for job in jobs) / 3600,
            "gpu_hours": sum(_number(job, "s") * _gpus(job) for job in jobs) / 3600,
            "peak_gb": max(_number(job, "max_rss") for job in jobs) * 2**20 / 1e9,
        }
        for stage, jobs in sorted(rows.items())
    ]


def _number(job: Mapping, name: str) -> float:
    """A number of a benchmark line; 0 where a job was too short to be measured ("NA")."""
    value = job.get(name)
    return float(value) if isinstance(value, int | float) else 0.0


def _gpus(job: Mapping) -> float:
    resources = job.get("resources", {})
    return float(resources.get("gpu") or resources.get("gpus") or resources.get("nvidia_gpu") or 0)
