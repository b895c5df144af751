"""Files that are either whole or not there."""

import errno
import json
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

LOST_FOLDER = (
    *(errno.ESTALE, errno.ENOTCONN, errno.ETIMEDOUT, errno.EHOSTDOWN, errno.EHOSTUNREACH),
    *(errno.ENODEV, errno.ENXIO),
)
"""Error numbers of a network folder or disk that is not there any more, whatever file was asked for."""


@contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """Yield a temporary name beside ``path``; on success it becomes ``path``, on any error it is removed.

    The temporary name keeps the suffix, since some writers choose the format by it. The data is synced
    before the rename, so that a crash of the machine leaves the old file or the new one, never a piece.

    Parameters
    ----------
    path
        The final name. Its folder is made if it is not there.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    # Drawn at random: two machines that write the same file may run processes of the same number.
    temporary = path.with_name(f".{path.stem}.{secrets.token_hex(6)}.tmp{path.suffix}")
    try:
        yield temporary
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_json(path: str | Path, value: Any) -> None:
    """Write ``value`` as indented UTF-8 JSON with sorted keys, atomically. NaN is refused."""
    text = json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
    with atomic_path(path) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8")


def copy_file(source: str | Path, target: str | Path) -> None:
    """Copy a file whole or not at all; the copy has the present time.

    Not a hard link: it would share its time with ``source``, and a job must not make its own input newer.
    """
    with atomic_path(target) as temporary:
        shutil.copyfile(source, temporary)
