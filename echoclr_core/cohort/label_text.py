"""The user's label table as text, cell by cell, with spreadsheet row numbers."""

from pathlib import Path

import pandas as pd


def read_text_table(path: str | Path) -> tuple[pd.DataFrame, list[str]]:
    """Read a CSV (UTF-8, comma) or Parquet table as stripped text, nothing guessed.

    Only an empty cell is missing: the grade "None" and the text "NA" survive, and study keys keep their
    leading zeros.

    Returns
    -------
    table
        Text cells or NA; the index is the row number as a spreadsheet shows it (the header is row 1).
        Wholly empty rows are left out.
    floating
        Columns that were stored as floating-point numbers (Parquet): they cannot be study keys.

    Raises
    ------
    ValueError
        If the file is not there or cannot be read as a table; the message names the file.
    """
    path = Path(path)
    if not path.is_file():
        raise ValueError(f"{path}: there is no such file; the label table must be a CSV or Parquet file")
    if path.suffix.lower() in (".parquet", ".pq"):
        table, floating = _read_parquet(path)
    else:
        table, floating = _read_csv(path), []
    # Spreadsheets like to export empty columns without a name.
    table = table.loc[
        :, [bool(name) or table.iloc[:, k].notna().any() for k, name in enumerate(table.columns)]
    ]
    twice = [number for number, again in enumerate(table.columns.duplicated(keep=False), start=1) if again]
    if twice:  # by number: in a table without a header these would be a patient's cells
        raise ValueError(f"{path.name}: row 1: the names of the columns {twice} stand there more than once")
    table = table.apply(lambda column: column.str.strip().replace("", pd.NA))
    return table.dropna(how="all"), floating


def _read_csv(path: Path) -> pd.DataFrame:
    try:
        # The header is read as a row, since pandas renames columns that stand there twice, and blank lines
        # are kept, since they count in the row numbers that people see.
        raw = pd.read_csv(
            path,
            header=None,
            dtype="string",
            keep_default_na=False,
            na_values=[""],
            skip_blank_lines=False,
            encoding="utf-8-sig",
        )
    except UnicodeDecodeError as error:
        raise ValueError(f"{path.name}: the file is not UTF-8 text; save it as 'CSV UTF-8'") from error
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise ValueError(f"{path.name}: the file is no CSV table: {error}") from error
    header = raw.iloc[0].fillna("").str.strip()
    if len(header) == 1 and (";" in header[0] or "\t" in header[0]):
        raise ValueError(f"{path.name}: row 1: one column only; separate the columns by commas")
    table = raw.iloc[1:].set_axis(list(header), axis=1)
    return table.set_axis(range(2, len(table) + 2), axis=0)


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
