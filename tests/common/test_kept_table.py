"""A table kept for the next run: under its key alone, and never fatal."""

import pandas as pd
import pytest

from echoclr_core.common.kept_table import KeptTable
from echoclr_core.common.tables import Column, Table

SCHEMA = Table("files", {"path": Column(kind="str", description="file")})
FRAME = pd.DataFrame({"path": ["a", "b"]})
KEY, OTHER = "1" * 64, "2" * 64


def test_it_comes_back_under_its_key(tmp_path):
    KeptTable(tmp_path / "state", SCHEMA, KEY).write(FRAME)
    assert list(KeptTable(tmp_path / "state", SCHEMA, KEY).read()["path"]) == ["a", "b"]
    assert KeptTable(tmp_path / "state", SCHEMA, OTHER).read() is None
    KeptTable(tmp_path / "state", SCHEMA, OTHER).write(FRAME.iloc[:1])
    assert len(list((tmp_path / "state").iterdir())) == 1  # what no key asks for any more is gone


@pytest.mark.parametrize("content", [b"", b"PAR1 and no more", b"rubbish" * 40, None])
def test_a_damaged_table_or_one_of_another_form_is_as_good_as_none(tmp_path, content):
    KeptTable(tmp_path, SCHEMA, KEY).write(FRAME)
    (path,) = tmp_path.iterdir()
    if content is None:  # as an earlier version wrote it, before a column was added
        FRAME.rename(columns={"path": "name"}).to_parquet(path)
    else:
        path.write_bytes(content)
    assert KeptTable(tmp_path, SCHEMA, KEY).read() is None
