"""Findings of `echoclr doctor`: what was looked at, what was found, and the cure where something is wrong."""

import sys
from collections.abc import Iterable
from dataclasses import dataclass

MARKS = {"ok": "ok     ", "note": "note   ", "problem": "PROBLEM"}
COLOURS = {"ok": "\033[32m", "note": "\033[33m", "problem": "\033[31m"}
END = "\033[0m"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One line of the report.

    Parameters
    ----------
    subject
        What was looked at.
    text
        What was found. Never a value that identifies a person.
    level
        "ok"; "note": the run goes on, slower or with less; "problem": the run would stop or be wrong.
    cure
        What to do; empty for "ok".
    """

    subject: str
    text: str
    level: str = "ok"
    cure: str = ""


def show(title: str, findings: Iterable[Finding]) -> list[Finding]:
    """Print findings under a title as they come; return them."""
    shown, colour = [], sys.stdout.isatty()
    print(f"\n{title}")
    for finding in findings:
        mark = MARKS[finding.level]
        mark = f"{COLOURS[finding.level]}{mark}{END}" if colour else mark
        print(f"  {mark}  {finding.subject}: {finding.text}", flush=True)
        if finding.cure:
            print(f"           cure: {finding.cure}", flush=True)
        shown.append(finding)
    return shown
