"""Digests of values and files: equal content, equal digest, on any machine."""

import hashlib
import json
from pathlib import Path
from typing import Any


def digest(value: Any) -> str:
    """SHA-256 (64 hex digits) of ``value`` written as canonical JSON.

    ``value`` may hold dicts with string keys, lists, tuples, strings, ints, floats, bools and None; the
    order of dict keys does not count. Anything else raises TypeError: a digest of a ``repr`` would change
    without the content changing.
    """
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def file_digest(path: str | Path) -> str:
    """SHA-256 (64 hex digits) of the bytes of a file, read in pieces."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
