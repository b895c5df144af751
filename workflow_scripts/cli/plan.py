"""What Snakemake plans, read from the text of a dry run."""

import json
import re
from collections import Counter
from dataclasses import dataclass

JOBS = re.compile(r"^job +count\n-[- ]+\n(.*?)^total ", re.MULTILINE | re.DOTALL)
BLOCK = re.compile(r"^(?:local)?rule (\w+):\n((?: {4}.*\n?)*)", re.MULTILINE)
FOLLOWS = "Input files updated by another job"
CODE_DIGEST, FILE_DIGEST = 16, 32  # hex digits: params `core`, and digests of the user's files
CONFIGURATION = "the configuration changed"


@dataclass(frozen=True, kw_only=True)
class PlannedJob:
    """One job of a dry run: its rule and Snakemake's reason."""

    rule: str
    reason: str

    @property
    def follows(self) -> bool:
        """Whether it runs only because a job before it does."""
        return self.reason.startswith(FOLLOWS) or not self.reason


def job_counts(text: str) -> Counter:
    """Rule to number of jobs of a dry run; empty where nothing is to be done."""
    table = JOBS.search(text)
    if table is None:
        return Counter()
    rows = (line.split() for line in table[1].strip().splitlines())
    return Counter({rule: int(count) for rule, count in rows})


def planned_jobs(text: str) -> list[PlannedJob]:
    """The jobs of a dry run with their reasons, in the order of the plan."""
    found = []
    for rule, block in BLOCK.findall(text):
        reason = re.search(r"^ {4}reason: (.*)$", block, re.MULTILINE)
        found.append(PlannedJob(rule=rule, reason=reason[1].strip() if reason else ""))
    return found


def in_words(reason: str) -> str:
    """Snakemake's reason in the words of a user; an unknown one as it stands."""
    if reason.startswith("Missing output files"):
        return "its result is not there yet"
    if reason.startswith("Params have changed"):
        return "; ".join(_changes(reason))
    if reason.startswith("Set of input files has changed"):
        return "it reads other files than before (shards, tasks, initialisations or draws changed)"
    if reason.startswith(("Updated input files", FOLLOWS)):
        return "what it reads was written anew"
    if reason.startswith(("Forced execution", "Rules with")):
        return "it was asked for"
    if "incomplete" in reason.casefold():
        return "an earlier run was stopped in it"
    return reason


def _changes(reason: str) -> list[str]:
    """Which parameters changed, from Snakemake's list of those before and now."""
    found = re.search(r"before: (.*?) ?now: (.*)$", reason)
    before, now = (_values(part) for part in (found.groups() if found else ("", "")))
    old, new = ({**_flat(values)} for values in (before, now))
    changed = [key for key in sorted(old.keys() | new.keys()) if old.get(key) != new.get(key)]
    lines = [
        f"{CONFIGURATION}: {key}: {json.dumps(old.get(key))} -> {json.dumps(new.get(key))}" for key in changed
    ]
    texts = [value for value in before + now if not value.startswith("{")]
    if any(re.fullmatch(rf"[0-9a-f]{{{CODE_DIGEST}}}", value) for value in texts):
        lines.append("the code that it runs changed")
    if any(re.fullmatch(rf"[0-9a-f]{{{FILE_DIGEST},}}", value) for value in texts):
        lines.append("a file of yours that it reads changed (archive, labels, views, weights or key)")
    plain = [value for value in texts if not re.fullmatch(r"[0-9a-f]{16,}", value)]
    if plain and not changed:
        lines.append(f"{CONFIGURATION}: {' -> '.join(dict.fromkeys(plain))}")
    return lines or [CONFIGURATION]


def _values(part: str) -> list[str]:
    """The texts between quotation marks, as Snakemake prints parameters."""
    return re.findall(r"'((?:[^'\\]|\\.)*)'", part)


def _flat(values: list[str]) -> dict[str, object]:
    """Key path to value of the JSON texts among ``values``."""
    flat: dict[str, object] = {}
    for value in values:
        try:
            content = json.loads(value) if value.startswith("{") else {}
        except ValueError:
            continue
        stack = [("", content)]
        while stack:
            prefix, inner = stack.pop()
            for key, one in inner.items():
                path = f"{prefix}{key}"
                if isinstance(one, dict):
                    stack.append((f"{path}.", one))
                else:
                    flat[path] = one
    return flat
