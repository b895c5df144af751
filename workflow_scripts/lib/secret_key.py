"""The key and the pseudonyms of the study."""

import os
import re
from pathlib import Path

from echoclr_core.deidentify.identifiers.pseudonyms import Pseudonyms
from echoclr_core.deidentify.identifiers.secret_key import VARIABLE, is_synthetic_key, load_key


def study_pseudonyms(config: dict) -> Pseudonyms:
    """Pseudonyms under the key of ``input.pseudonym_key_file``, or of the environment without that file."""
    file = config["input"]["pseudonym_key_file"]
    return Pseudonyms(load_key(file if file and Path(file).exists() else None))


def key_problems(config: dict, *, synthetic: bool, needed: bool = False) -> list[str]:
    """What is wrong with the key, or that there is none; asked before any job, and never shown.

    A synthetic cohort brings its own, which need not be there yet unless it is ``needed`` before any job.
    """
    file = config["input"]["pseudonym_key_file"]
    there = bool(file) and Path(file).exists()
    if not there and synthetic and not needed:
        return []
    if not there and not os.environ.get(VARIABLE):
        return [
            f"input.pseudonym_key_file: {_no_key(file)} and the environment variable {VARIABLE} is not set; "
            "make a key once with `make key KEY=path/outside/results`"
        ]
    try:
        key = load_key(file if there else None)
    except ValueError as error:
        return [f"input.pseudonym_key_file: {error}"]
    if not synthetic and is_synthetic_key(key):
        return [
            "input.pseudonym_key_file: holds the key of a synthetic cohort, which follows from its seed, so "
            "that anybody could compute the pseudonyms; allowed is a key of your own, made with `make key`"
        ]
    return []


def _no_key(file: str) -> str:
    """Why there is no key in ``file``, without repeating what may be the key itself."""
    if not file:
        return "is empty"
    if re.fullmatch(r"[0-9a-fA-F]{32,}", file):
        return "holds what looks like a key, not the name of a file (the value is not shown)"
    return f"there is no {file}"
