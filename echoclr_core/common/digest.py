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


def check_digest(path: str | Path, sha256: str) -> None:
    """Raise ValueError, which names the file, unless it has the digest ``sha256`` (64 hex digits).

    For files of lossless codecs without checksums, in which a changed bit decodes to another picture unseen.
    """
    path = Path(path)
    try:
        found = file_digest(path)
    except OSError as error:
        raise ValueError(f"{path.name}: cannot be read ({error.strerror})") from None
    if found != sha256:
        raise ValueError(f"{path.name}: has changed since it was written (its SHA-256 is another)")
