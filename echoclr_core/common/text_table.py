"""Tables that people bring (labels, views, videos) as text, cell by cell, with spreadsheet row numbers.

Nothing is guessed of a cell. Of a file, the encoding and the separator of its columns are found, since
spreadsheets of different countries and systems write different ones.
"""

import csv
import io
import re
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from echoclr_core.common.text_encoding import decode_text

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}
LINE_END = re.compile(r"\r\n|\r|\n")
WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # .xlsx and .ods; .xls


class TextTable(NamedTuple):
    """A table as text.

    Parameters
    ----------
    cells
        Stripped text or NA; the index is the row number as a spreadsheet shows it (the header is row 1).
        Wholly empty rows are left out.
    floating
        Columns that were stored as floating-point numbers (Parquet): they cannot be keys.
    notes
        How the file was read, one line each, where it is not UTF-8 text with commas.
    """

    cells: pd.DataFrame
    floating: list[str]
    notes: list[str]


def read_text_table(path: str | Path) -> TextTable:
    """Read a CSV or Parquet table; only an empty cell is missing.

    The grade "None" and the text "NA" survive, and keys keep their leading zeros. A CSV file is UTF-8 (with
    or without byte order mark), UTF-16 or else Windows code page 1252; its columns are separated by what
    gives the header most columns of commas, semicolons, tabs and vertical bars.

    Raises
    ------
    ValueError
        If the file is not there or cannot be read as a table; the message names file, row and cure.
    """
    path = Path(path)
    if not path.is_file():
        raise ValueError(f"{path}: there is no such file; the table must be a CSV or Parquet file")
    if path.suffix.lower() in (".parquet", ".pq"):
        table, floating, notes = *_read_parquet(path), []
    else:
        (table, notes), floating = _read_csv(path), []
    # Spreadsheets like to export empty columns without a name.
    table = table.loc[
        :, [bool(name) or table.iloc[:, k].notna().any() for k, name in enumerate(table.columns)]
    ]
    repeated = table.columns.duplicated(keep=False)
    if repeated.any():  # by number: in a table without a header these would be a patient's cells
        numbers = [number for number, is_repeated in enumerate(repeated, start=1) if is_repeated]
        raise ValueError(f"{path.name}: row 1: the names of the columns {numbers} stand there more than once")
    table = table.apply(lambda column: column.str.strip().replace("", pd.NA))
    return TextTable(table.dropna(how="all"), floating, notes)


def _read_csv(path: Path) -> tuple[pd.DataFrame, list[str]]:
    content = path.read_bytes()
    if content.startswith(WORKBOOKS):
        raise ValueError(f"{path.name}: the file is a spreadsheet's workbook; save it as 'CSV UTF-8'")
    try:
        text, encoding = decode_text(content)
    except ValueError as error:
        raise ValueError(f"{path.name}: {error}; save it as 'CSV UTF-8'") from error
    notes = []
    if encoding != "utf-8":
        notes.append(
            f"{path.name}: the file is no UTF-8 text and is read as {encoding}; if letters come out wrong, "
            "save it as 'CSV UTF-8'"
        )
    separator, text = _separator(text)
    if separator != ",":
        notes.append(
            f"{path.name}: the columns are separated by {SEPARATORS.get(separator, repr(separator))} "
            "instead of commas"
        )
    return _rows(path, text, separator), notes


def _separator(text: str) -> tuple[str, str]:
    """The separator of columns, and the text without a line that only names it ("sep=;")."""
    first, *rest = LINE_END.split(text, maxsplit=1)  # old Macintosh programs end lines with a carriage return
    directive = first.strip().casefold()
    if directive.startswith("sep=") and len(first) == 5:
        return first[4], "".join(rest)
    counts = {separator: len(next(csv.reader([first], delimiter=separator), [])) for separator in SEPARATORS}
    return max(counts, key=counts.__getitem__), text  # of equal ones the first: a comma


def _rows(path: Path, text: str, separator: str) -> pd.DataFrame:
    try:
        # Blank lines are rows too: they count in the numbers that people see.
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    except csv.Error as error:
        raise ValueError(f"{path.name}: the file is no CSV table: {error}") from error
    if not rows or not any(rows[0]):
        raise ValueError(f"{path.name}: row 1: the file is no CSV table: it names no columns")
    header = [name.strip() for name in rows[0]]
    for number, row in enumerate(rows[1:], start=2):
        if any(cell.strip() for cell in row[len(header) :]):
            sign = SEPARATORS.get(separator, repr(separator))
            raise ValueError(
                f"{path.name}: row {number}: the file is no CSV table: {len(row)} cells under {len(header)} "
                f"column names; a cell with {sign} in it, as decimal commas are, must be quoted, or the "
                "columns be separated by another sign"
            )
    wide = [[*row[: len(header)], *[""] * (len(header) - len(row))] for row in rows[1:]]
    table = pd.DataFrame(wide, columns=range(len(header)), index=range(2, len(wide) + 2), dtype="string")
    return table.replace("", pd.NA).set_axis(header, axis=1)


def _read_parquet(path: Path) -> tuple[pd.DataFrame, list[str]]:
    try:
        raw = pd.read_parquet(path)
    except (OSError, ValueError) as error:  # pyarrow's own errors are both
        raise ValueError(f"{path.name}: the file is no Parquet table: {error}") from error
    floating = [str(name) for name in raw.columns if pd.api.types.is_float_dtype(raw[name])]
    columns = [_as_text(raw[name]).rename(str(name)) for name in raw.columns]
    table = pd.concat(columns, axis=1) if columns else pd.DataFrame()
    return table.set_axis(range(2, len(table) + 2), axis=0), floating


def _as_text(column: pd.Series) -> pd.Series:
    """Text of each cell; whole floats without their ".0", so that a year column with gaps stays a year."""
    if pd.api.types.is_float_dtype(column):
        texts = [None if pd.isna(value) else f"{float(value)!r}".removesuffix(".0") for value in column]
    else:
        texts = [None if pd.isna(value) else str(value) for value in column]
    return pd.Series(texts, dtype="string")
