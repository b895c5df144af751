"""Whether a source file still has the size and the time that the catalogue knows it by."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

CURE = "catalogue the archive again (--forcerun catalog_archive)"


def changed_since(row: Mapping[str, Any], root: str | Path) -> str | None:
    """Which of size and time of a file differ from its row, in words; None where neither does.

    Raises
    ------
    OSError
        The file cannot be looked at.
    """
    status = (Path(root) / row["path"]).stat()
    found = {"bytes": status.st_size, "mtime_ns": status.st_mtime_ns}
    differing = [name for name, value in found.items() if value != row[name]]
    return f"{', '.join(differing)}; {CURE}" if differing else None
