"""Parquet tables with one schema each, checked when written and when read."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from echoclr_core.common.files import atomic_path

DTYPES = {
    "str": "string",
    "int": "Int64",
    "float": "Float64",
    "bool": "boolean",
    "list": "object",
}


SETTINGS = "settings"  # entry of the file's metadata that says what a table was made with


class TableError(ValueError):
    """A table that does not keep its schema; the message names table, column, row and value."""


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column: its kind, what it means, and what it may hold.

    Parameters
    ----------
    kind
        "str", "int", "float", "bool" or "list" (a list of floats or strings a cell).
    description
        One sentence for people, with the unit.
    nullable
        Whether a cell may be missing (NaN counts as missing).
    allowed
        The values it may hold; None for any.
    low, high
        Inclusive range of a number; None for no limit.
    """

    kind: str
    description: str
    nullable: bool = False
    allowed: tuple[Any, ...] | None = None
    low: float | None = None
    high: float | None = None


class Table:
    """The schema of one kind of table, and the only way to write and read it.

    Parameters
    ----------
    name
        What messages call it.
    columns
        Name to :class:`Column`, in the order they are written.
    key
        Columns whose values together are unique; () for none.
    extra
        Whether further columns are kept (they follow the named ones, unchecked).
    """

    def __init__(
        self, name: str, columns: Mapping[str, Column], *, key: tuple[str, ...] = (), extra: bool = False
    ):
        self.name = name
        self.columns = dict(columns)
        self.key = key
        self.extra = extra

    def check(self, frame: pd.DataFrame, *, where: str = "") -> pd.DataFrame:
        """Return ``frame`` with the schema's column order and types, or raise TableError.

        Parameters
        ----------
        frame
            Any frame; its index is dropped.
        where
            Where it comes from, for the message.
        """
        place = f"{self.name}{f' ({where})' if where else ''}"
        missing = [name for name in self.columns if name not in frame.columns]
        if missing:
            raise TableError(f"{place}: missing columns {missing}; it has {list(frame.columns)}")
        more = [name for name in frame.columns if name not in self.columns]
        if more and not self.extra:
            raise TableError(f"{place}: unknown columns {more}; allowed are {list(self.columns)}")
        checked = pd.DataFrame(
            {name: self._cast(frame[name], name, column, place) for name, column in self.columns.items()}
        )
        for name in more:
            checked[name] = frame[name].to_numpy()
        if self.key:
            twice = checked.duplicated(list(self.key))
            if twice.any():
                row = int(twice.to_numpy().argmax())
                values = checked.iloc[row][list(self.key)].to_dict()
                raise TableError(
                    f"{place}: row {row}: {values} stands there twice; {self.key} must be unique"
                )
        return checked

    def _cast(self, series: pd.Series, name: str, column: Column, place: str) -> pd.Series:
        series = series.reset_index(drop=True)
        if column.kind == "list":
            series = series.map(lambda cell: None if cell is None else list(cell))
        else:
            try:
                series = series.astype(DTYPES[column.kind])
            except (TypeError, ValueError) as error:
                raise TableError(f"{place}: column {name!r} must be {column.kind}: {error}") from error
        present = series.dropna()
        if not column.nullable and len(present) < len(series):
            row = int(series.isna().to_numpy().argmax())
            raise TableError(f"{place}: row {row}: column {name!r} must not be missing")
        wrong = pd.Series(False, index=present.index)
        rule = ""
        if column.allowed is not None:
            wrong |= ~present.isin(list(column.allowed))
            rule = f"one of {list(column.allowed)}"
        if column.low is not None:
            wrong |= present < column.low
            rule = f"at least {column.low}"
        if column.high is not None:
            wrong |= present > column.high
            rule = f"{rule} and at most {column.high}" if column.low is not None else f"at most {column.high}"
        if wrong.any():
            row = int(wrong.index[wrong.to_numpy().argmax()])
            value = getattr(present[row], "item", lambda row=row: present[row])()
            raise TableError(f"{place}: row {row}: column {name!r} holds {value!r}; allowed is {rule}")
        return series

    def empty(self) -> pd.DataFrame:
        """A frame of this schema without rows."""
        return self.check(pd.DataFrame({name: [] for name in self.columns}))

    def write(self, frame: pd.DataFrame, path: str | Path, *, settings: str = "") -> None:
        """Check ``frame`` and write it to ``path`` as Parquet, atomically. Equal frames give equal bytes.

        ``settings`` (JSON text) is what the table was made with; it stays in the file, see
        :func:`recorded_settings`.
        """
        checked = self.check(frame, where=Path(path).name)
        if settings:
            checked.attrs[SETTINGS] = settings
        with atomic_path(path) as temporary:
            checked.to_parquet(temporary, index=False, compression="zstd")

    def read(self, path: str | Path) -> pd.DataFrame:
        """Read ``path`` and check it."""
        path = Path(path)
        if not path.exists():
            raise TableError(f"{self.name}: no file {path}")
        return self.check(pd.read_parquet(path), where=path.name)

    def describe(self) -> list[tuple[str, str, str]]:
        """(column, kind, description) rows for the documentation."""
        return [(name, column.kind, column.description) for name, column in self.columns.items()]


def recorded_settings(path: str | Path) -> str:
    """The settings (JSON text) that :meth:`Table.write` left in a Parquet file; "" if there are none.

    Only the file's footer is read.
    """
    import pyarrow.parquet

    metadata = pyarrow.parquet.read_schema(path).metadata or {}
    attributes = json.loads(metadata.get(b"PANDAS_ATTRS", b"{}"))
    return attributes.get(SETTINGS, "")


def header_of(columns: Collection[str], wanted: Collection[str]) -> str:
    """Row 1 of a user's table for a message, unless it holds none of the wanted names.

    In a table without a header it is the row of a patient or a video, which no message may hold.
    """
    if set(columns) & set(wanted):
        return f"the table has {list(columns)}"
    return "row 1 holds no name that is looked for and is not shown: is it the header?"
