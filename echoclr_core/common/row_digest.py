"""Digest of the rows of a table."""

from typing import Any

import pandas as pd

from echoclr_core.common.digest import digest


def digest_of_rows(rows: pd.DataFrame, more: list[Any] | None = None) -> str:
    """SHA-256 of a table's rows as text and of plain values ``more``; the order of rows does not count."""
    cells = [
        [None if pd.isna(value) else str(value) for value in row] for row in rows.itertuples(index=False)
    ]
    return digest([list(rows.columns), sorted(cells, key=str), more])
