"""A table that outlives the run that made it, under the key of what made it."""

import logging
from pathlib import Path

import pandas as pd

from echoclr_core.common.tables import Table, TableError

SHORT = 16  # hex digits of the key in the file's name
logger = logging.getLogger(__name__)


class KeptTable:
    """One table in a folder of its own; a table of another key, form or age is as good as none.

    Parameters
    ----------
    folder
        Made at the first writing.
    table
        Its schema.
    key
        See :func:`~echoclr_core.common.resume.resume_key`.
    """

    def __init__(self, folder: str | Path, table: Table, key: str):
        self._path = Path(folder) / f"{key[:SHORT]}.parquet"
        self._table = table

    def read(self) -> pd.DataFrame | None:
        """What was written last under this key, or None."""
        if not self._path.exists():
            return None
        try:
            return self._table.read(self._path)
        except (TableError, OSError, ValueError) as error:  # pyarrow's errors are of the last two kinds
            logger.warning("a table kept by an earlier run is not used (%s)", type(error).__name__)
            return None

    def write(self, frame: pd.DataFrame) -> None:
        """Keep ``frame``, and nothing of other keys."""
        self._table.write(frame, self._path)
        for other in self._path.parent.glob("*.parquet"):
            if other != self._path:
                other.unlink()
