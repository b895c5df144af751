"""A catalogue of an archive, one row a file. It holds identifiers: for `restricted/` only."""

import logging
import math
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from echoclr_core.common.isolation import Job, run_isolated
from echoclr_core.common.links import leads_outside
from echoclr_core.common.path_text import path_texts
from echoclr_core.common.resume import function_digest, resume_key
from echoclr_core.dicom.copies import STORED, mark_content
from echoclr_core.dicom.reading import check_study_key
from echoclr_core.dicom.tables import CATALOGUE

_LOG = logging.getLogger(__name__)


DESCRIBE = "echoclr_core.dicom.description:describe_files"
RETRIED = ("timeout", "crashed", "corrupt")
BATCH = 64  # files a job: of small ones a process reads some hundred a second
SECONDS = 120.0  # for a batch, and for a file alone: videos without a number of frames are read to their end
MEGABYTES = 4096  # that a process may take; no picture is decoded


def scan_key(study_key: str) -> str:
    """The key under which a catalogue may be kept for the next scan: the code that reads headers counts."""
    return resume_key(DESCRIBE, {"study_key": study_key, "content": function_digest(STORED)}, [])


def scan_archive(
    root: str | Path,
    *,
    study_key: str = "AccessionNumber",
    workers: int = 1,
    follow_outside: bool = False,
    known: pd.DataFrame | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> pd.DataFrame:
    """Read the header of every file below ``root``. One bad file is one row, never an end.

    Headers are read in processes of their own: a file that brings its process down is "crashed", one that
    does not end is "timeout", and both are read again at the next scan.

    Every file is a row, hidden ones, DICOMDIR and files that are not DICOM included. Links within
    ``root`` are followed; a folder met a second time (loops of links among them) is entered once. A link
    that leaves ``root``, to a file or a folder, is one row, "link_outside", and nothing behind it is
    looked at. What cannot be opened, and a name that is not valid UTF-8 (shown with its bytes escaped: a
    table holds text), is "corrupt". The pixels are read only of files whose SOP Instance UID their
    study has more than once, to tell copies from loops that share a UID.

    Parameters
    ----------
    root
        A folder.
    study_key
        DICOM keyword that names the study, several values joined by a backslash in file order; or "folder":
        the name of the folder that holds the file.
    workers
        Processes to read with.
    follow_outside
        Whether links that leave ``root`` are followed as well.
    known
        An earlier catalogue of the same root under the same :func:`scan_key`: rows of equal path, size and
        time of change are taken over without opening the file.
    on_progress
        Called with (files done, files to read).

    Returns
    -------
    DataFrame
        CATALOGUE, sorted by path. ``outcome`` knows the header alone: "ok", "link_outside", "not_dicom",
        "no_pixels", "single_frame", "corrupt", "unsupported_syntax", "not_ultrasound_cine",
        "spectral_doppler_or_mmode", "no_study_key", "timeout", "crashed".

    Raises
    ------
    ValueError
        If ``root`` is no folder, or ``study_key`` is no DICOM keyword with a text value.
    WorkerError
        No process can be started.
    OSError
        A network folder was lost while headers were read.
    """
    root = Path(root)
    if not root.is_dir():
        raise ValueError(f"root: {root} is not a folder")
    check_study_key(study_key)
    rows = sorted(_named(list(_walk(root, follow_outside))), key=lambda row: row["path"])
    seen = {} if known is None else {_identity_of(row): row for row in _reusable(known)}
    todo = [row for row in rows if "outcome" not in row and _identity_of(row) not in seen]
    for row in rows:
        row.update(
            {name: value for name, value in seen.get(_identity_of(row), {}).items() if name not in row}
        )
    paths = [root / row["path"] for row in todo]
    for done, (number, found) in enumerate(_describe(paths, study_key, workers), start=1):
        todo[number].update(found)
        if on_progress is not None:
            on_progress(done, len(todo))
    mark_content(rows, root, workers)
    frame = pd.DataFrame(rows, columns=list(CATALOGUE.columns))
    return CATALOGUE.check(frame.astype(object).where(frame.notna(), None))


def describe_paths(
    paths: Sequence[Path], study_key: str, workers: int
) -> Iterator[tuple[int, dict[str, str | None]]]:
    """(place in ``paths``, outcome and identity) of every file, in the order in which they end.

    A file at which the process ends has the outcome "timeout" or "crashed" and no identity.
    """
    return _describe(paths, study_key, workers)


def _describe(
    paths: Sequence[Path], study_key: str, workers: int
) -> Iterator[tuple[int, dict[str, str | None]]]:
    """(place in ``paths``, description) of every file, in the order in which they end."""

    def run(batches: Sequence[range]) -> Iterator[tuple[range, str, Any]]:
        jobs = [Job(batch, ([paths[number] for number in batch], study_key), SECONDS) for batch in batches]
        return run_isolated(DESCRIBE, jobs, workers=workers, memory_megabytes=MEGABYTES)

    retry: list[range] = []
    # To start a process takes as long as to read some hundred headers.
    workers = max(1, min(workers, math.ceil(len(paths) / BATCH)))
    size = max(1, min(BATCH, math.ceil(len(paths) / workers)))
    for batch, state, rows in run([range(len(paths))[at : at + size] for at in range(0, len(paths), size)]):
        if state == "done":
            yield from zip(batch, rows, strict=True)
        else:
            retry += [range(number, number + 1) for number in batch]
    for single, state, rows in run(retry):  # a batch does not say which file of it is to blame
        failed = {"outcome": "timeout" if state == "timeout" else "crashed"}
        yield single[0], rows[0] if state == "done" else failed


def _reusable(known: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows of an earlier catalogue whose files need not be read again.

    A file that could not be read may be readable now without a change of its size or time: permissions, a
    failing disk.
    """
    kept = known[~known["outcome"].isin([*RETRIED, "link_outside"])].astype(object)
    return kept.where(kept.notna(), None).to_dict("records")


def _identity_of(row: dict[str, Any]) -> tuple[str, int, int]:
    return row["path"], int(row["bytes"]), int(row["mtime_ns"])


def _walk(root: Path, follow_outside: bool) -> Iterator[dict[str, Any]]:
    """Rows of all files below a folder: path, bytes, mtime_ns, and the outcome where it is known already."""
    entered: set[tuple[int, int]] = set()
    folders = [root]
    while folders:
        folder = folders.pop()
        try:
            status = folder.stat()
            if (status.st_dev, status.st_ino) in entered:
                continue
            entered.add((status.st_dev, status.st_ino))
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
            if not follow_outside:
                outside = {e.name for e in entries if e.is_symlink() and leads_outside(e.path, root)}
                yield from (_row(root, folder / name, None, "link_outside") for name in sorted(outside))
                entries = [entry for entry in entries if entry.name not in outside]
        except OSError:
            _LOG.warning("a folder of the archive cannot be opened; its row says corrupt")
            yield _row(root, folder, None, "corrupt")
            continue
        # The last one is taken first: folders are entered in alphabetical order, so that of two links to
        # one folder the same is entered every time.
        inner = [Path(entry.path) for entry in entries if _is_folder(entry)]
        folders.extend(reversed(inner))
        for entry in entries:
            if not _is_folder(entry):
                yield _file_row(root, Path(entry.path))


def _is_folder(entry: os.DirEntry) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads to itself
        return False


def _file_row(root: Path, path: Path) -> dict[str, Any]:
    try:
        status = path.stat()
    except OSError:
        return _row(root, path, None, "corrupt")
    if not stat.S_ISREG(status.st_mode):  # a pipe or a socket would never end
        return _row(root, path, status, "not_dicom")
    return _row(root, path, status, None)


def _row(root: Path, path: Path, status: os.stat_result | None, outcome: str | None) -> dict[str, Any]:
    row = {
        "path": path.relative_to(root).as_posix(),
        "bytes": 0 if status is None else status.st_size,
        "mtime_ns": 0 if status is None else status.st_mtime_ns,
    }
    return row if outcome is None else {**row, "outcome": outcome}


def _named(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows with paths that a table can hold; a name that is not valid UTF-8 is "corrupt"."""
    for row, (text, valid) in zip(rows, path_texts(row["path"] for row in rows), strict=True):
        row["path"] = text
        if not valid:
            row["outcome"] = "corrupt"
    return rows
