"""Tables from spreadsheets of every country and system: read, or refused with file, row and cure."""

import pandas as pd
import pytest

from echoclr_core.common.text_encoding import decode_text
from echoclr_core.common.text_table import read_text_table

ROWS = [["key", "grade", "index"], ["0012", "Mäßig", "96,5"], ["", "None", ""], ["NA", "x, y", "1"]]


def written(tmp_path, separator=",", encoding="utf-8", end="\n", before=""):
    quoted = [
        separator.join(f'"{cell}"' if separator in cell or "," in cell else cell for cell in row)
        for row in ROWS
    ]
    path = tmp_path / "table.csv"
    path.write_bytes((before + end.join(quoted) + end).encode(encoding))
    return path


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_every_form_gives_the_same_cells(tmp_path, separator, encoding, end):
    table, floating, notes = read_text_table(written(tmp_path, separator, encoding, end))
    assert list(table.columns) == ROWS[0]
    assert table.fillna("").to_numpy().tolist() == ROWS[1:]
    assert list(table.index) == [2, 3, 4]
    assert floating == []
    assert len(notes) == (separator != ",") + (not encoding.startswith("utf-8"))


def test_a_line_that_names_the_separator_is_no_row(tmp_path):
    table = read_text_table(written(tmp_path, ";", before="sep=;\n")).cells
    assert table.fillna("").to_numpy().tolist() == ROWS[1:]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"PK\x03\x04rest", "table.csv: the file is a spreadsheet's workbook; save it as 'CSV UTF-8'"),
        (b"a,b\n1,\x00\n", "holds zero bytes"),
        (b"a,b\n\x81,1\n", "save it as 'CSV UTF-8'"),
        (b"a,b\n1,2\n3,4,5\n", "table.csv: row 3: the file is no CSV table: 3 cells"),
        (b"", "row 1"),
    ],
)
def test_what_cannot_be_read_names_the_cure(tmp_path, content, said):
    path = tmp_path / "table.csv"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"table\.csv") as caught:
        read_text_table(path)
    assert said in str(caught.value)


def test_short_rows_blank_rows_and_lines_within_cells_keep_their_numbers(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text('a,b\n1\n\n"two\nlines",3,\n')
    table = read_text_table(path).cells
    assert table.index.tolist() == [2, 4]
    assert table.fillna("-").to_numpy().tolist() == [["1", "-"], ["two\nlines", "3"]]


def test_parquet_is_read_as_text(tmp_path):
    pd.DataFrame({"key": [1.0, None], "text": ["0012", "NA"]}).to_parquet(tmp_path / "t.parquet")
    table, floating, notes = read_text_table(tmp_path / "t.parquet")
    assert table.fillna("-").to_numpy().tolist() == [["1", "0012"], ["-", "NA"]]
    assert (floating, notes) == (["key"], [])


def test_ascii_is_utf_8():
    assert decode_text(b"a,b\n") == ("a,b\n", "utf-8")
