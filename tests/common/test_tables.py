"""Tables keep their schema, and say what breaks it."""

import pandas as pd
import pytest

from echoclr_core.common.digest import file_digest
from echoclr_core.common.tables import Column, Table, TableError

TABLE = Table(
    "videos",
    {
        "video_id": Column(kind="str", description="video"),
        "fps": Column(kind="float", description="frames/s", nullable=True, low=0, high=1000),
        "view": Column(kind="str", description="view", allowed=("plax", "a4c")),
        "probabilities": Column(kind="list", description="one a view"),
    },
    key=("video_id",),
)


@pytest.fixture
def frame():
    return pd.DataFrame(
        {
            "video_id": ["a", "b"],
            "fps": [15.0, None],
            "view": ["plax", "a4c"],
            "probabilities": [[0.9, 0.1], [0.2, 0.8]],
        }
    )


def test_round_trip(frame, tmp_path):
    TABLE.write(frame, tmp_path / "t.parquet")
    back = TABLE.read(tmp_path / "t.parquet")
    assert back["video_id"].tolist() == ["a", "b"]
    assert back["fps"].isna().tolist() == [False, True]
    assert back["probabilities"].tolist() == [[0.9, 0.1], [0.2, 0.8]]


def test_equal_tables_give_equal_bytes(frame, tmp_path):
    for name in ("one", "two"):
        TABLE.write(frame.iloc[::1], tmp_path / f"{name}.parquet")
    assert file_digest(tmp_path / "one.parquet") == file_digest(tmp_path / "two.parquet")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"view": ["plax", "psax"]}, r"row 1: column 'view' holds 'psax'; allowed is one of"),
        ({"fps": [15.0, -1.0]}, r"row 1: column 'fps' holds -1.0; allowed is at least 0"),
        ({"fps": [15.0, 2000.0]}, r"at least 0 and at most 1000"),
        ({"video_id": ["a", None]}, r"row 1: column 'video_id' must not be missing"),
        ({"video_id": ["a", "a"]}, r"stands there twice"),
        ({"fps": ["fast", "slow"]}, r"column 'fps' must be float"),
        ({"more": [1, 2]}, r"unknown columns \['more'\]"),
    ],
)
def test_what_breaks_the_schema_is_named(frame, change, said):
    with pytest.raises(TableError, match=said):
        TABLE.check(frame.assign(**change))


def test_missing_column_and_file_are_named(frame, tmp_path):
    with pytest.raises(TableError, match=r"missing columns \['fps'\]"):
        TABLE.check(frame.drop(columns="fps"))
    with pytest.raises(TableError, match="no file"):
        TABLE.read(tmp_path / "none.parquet")


def test_nothing_is_written_when_the_schema_is_broken(frame, tmp_path):
    with pytest.raises(TableError):
        TABLE.write(frame.drop(columns="fps"), tmp_path / "t.parquet")
    assert list(tmp_path.iterdir()) == []


def test_empty_table_keeps_its_columns(tmp_path):
    TABLE.write(TABLE.empty(), tmp_path / "t.parquet")
    assert list(TABLE.read(tmp_path / "t.parquet").columns) == list(TABLE.columns)
