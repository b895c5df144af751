"""Which files of one SOP Instance UID are copies of each other, and which are different loops."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from echoclr_core.common.isolation import Job, run_isolated
from echoclr_core.dicom.header_parser import parse_header
from echoclr_core.dicom.reading import read_cine

STORED = "echoclr_core.dicom.copies:stored_content"
DECODED = "echoclr_core.dicom.copies:decoded_content"
SECONDS = 120.0  # for one file
MEGABYTES = 4096  # that a process may take
PIECE = 2**20  # bytes read at a time


def stored_content(path: str | Path) -> tuple[str, str | None]:
    """(SHA-256 of the pixel data as it is stored, transfer syntax) of a DICOM file."""
    parsed = parse_header(path, study_key=None)
    digest = hashlib.sha256()
    if parsed.pixels is not None:
        left = parsed.pixels.length
        with parsed.pixels.open(path) as stream:
            stream.seek(parsed.pixels.offset)
            while piece := stream.read(PIECE if left is None else min(PIECE, left)):
                digest.update(piece)
                left = None if left is None else left - len(piece)
    return digest.hexdigest(), parsed.transfer_syntax


def decoded_content(path: str | Path) -> str:
    """SHA-256 of the decoded grey frames: the same for a loop stored by two lossless codecs."""
    digest = hashlib.sha256()
    for frame in read_cine(path).frames():
        digest.update(repr(frame.shape).encode())
        digest.update(frame.tobytes())
    return digest.hexdigest()


def mark_content(rows: Sequence[dict[str, Any]], root: Path, workers: int) -> None:
    """Set "content" in every usable row whose study has the row's SOP Instance UID more than once.

    Equal values mean copies. What is stored is compared first; files of several transfer syntaxes that store
    different bytes are decoded. A file that cannot be read is like no other.

    Parameters
    ----------
    rows
        CATALOGUE rows as dicts. Those that have "content" keep it where their whole group does.
    root
        The folder that their paths are relative to.
    workers
        Processes to read with.
    """
    groups = [group for group in _groups(rows) if not all(row.get("content") for row in group)]
    stored = _run(STORED, [row for group in groups for row in group], root, workers)
    mixed = []
    for group in groups:
        for row in group:
            row["content"], row["syntax"] = stored.get(row["path"], (None, None))
        if len({row["content"] for row in group}) > 1 and len({row["syntax"] for row in group}) > 1:
            mixed += group
    decoded = _run(DECODED, mixed, root, workers)
    for group in groups:
        for row in group:
            del row["syntax"]
            row["content"] = decoded.get(row["path"]) or row["content"] or _alone(row["path"])


def _groups(rows: Iterable[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Usable rows of one study and UID, where there are several; "content" is cleared in all other rows."""
    groups = defaultdict(list)
    for row in rows:
        uid = (row.get("sop_uid") or "").strip()
        if row["outcome"] == "ok" and uid:
            groups[row["study_key"], uid].append(row)
        else:
            row["content"] = None
    for group in groups.values():
        if len(group) == 1:
            group[0]["content"] = None
    return [group for group in groups.values() if len(group) > 1]


def _run(function: str, rows: Sequence[dict[str, Any]], root: Path, workers: int) -> dict[str, Any]:
    """Path to what ``function`` returned; files at which it failed are left out."""
    jobs = [Job(row["path"], (root / row["path"],), SECONDS) for row in rows]
    found = run_isolated(function, jobs, workers=workers, memory_megabytes=MEGABYTES)
    return {path: value for path, state, value in found if state == "done"}


def _alone(path: str) -> str:
    return "unread " + hashlib.sha256(path.encode()).hexdigest()
