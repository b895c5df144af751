"""A shard: one row a file whatever happens, resumed after a kill, whole at the end, without identifiers."""

import os
import subprocess
import sys
import time
from pathlib import Path

import faulty_decoders
import pandas as pd
import pytest
from cine_files import KEY, archive

from echoclr_core.common import file_digest
from echoclr_core.common.isolation import WorkerError
from echoclr_core.deidentify import SOURCE_FILES, DeidentifySettings, audit_shard, deidentify_shard
from echoclr_core.deidentify.settings import TIMED_BYTES

QUICK = DeidentifySettings(timeout_seconds=5, memory_megabytes=1024)


def _words(table, rows):
    return dict(zip(rows.set_index("video_id").loc[table["video_id"], "path"], table["outcome"], strict=True))


@pytest.mark.slow
def test_each_bad_file_costs_itself_only(tmp_path):
    names = ["a", "b_segfault", "c_memory", "d_exception", "e", "f_hang", "g"]
    rows = archive(tmp_path / "dicom", names)
    (tmp_path / "dicom" / "notes.txt").write_text("nothing")
    rows.loc[rows["path"] == "e", "outcome"] = "single_frame"
    details, steps = {}, []
    table = deidentify_shard(
        rows,
        tmp_path / "dicom",
        tmp_path / "out",
        tmp_path / "work",
        settings=DeidentifySettings(timeout_seconds=3, memory_megabytes=1024),
        workers=2,
        process="faulty_decoders:deidentify",
        on_progress=lambda done, total: steps.append((done, total)),
        on_detail=details.__setitem__,
    )
    assert _words(table, rows) == {
        "a": "ok",
        "b_segfault": "crashed",
        "c_memory": "crashed",
        "d_exception": "crashed",
        "e": "single_frame",
        "f_hang": "timeout",
        "g": "ok",
    }
    written = set(table.loc[table["outcome"] == "ok", "video_id"])
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        f"{video_id}{ending}" for video_id in written for ending in (".avi", ".mask.png")
    }
    for row in table[table["outcome"] == "ok"].itertuples():
        assert row.sha256 == file_digest(tmp_path / "out" / f"{row.video_id}.avi")
    assert steps[-1] == (7, 7)
    by_path = rows.set_index("path")["video_id"]
    assert "cannot decode" in details[by_path["d_exception"]]
    assert not (tmp_path / "work").exists()


@pytest.mark.slow
def test_a_large_file_may_take_longer(tmp_path):
    rows = archive(tmp_path / "dicom", ["a_slow", "b_slow"])
    rows.loc[rows["path"] == "b_slow", "bytes"] = 10 * TIMED_BYTES
    table = deidentify_shard(
        rows,
        tmp_path / "dicom",
        tmp_path / "out",
        tmp_path / "work",
        settings=DeidentifySettings(timeout_seconds=2),
        process="faulty_decoders:deidentify",
    )
    assert _words(table, rows) == {"a_slow": "timeout", "b_slow": "ok"}


def test_the_time_limit_grows_with_the_size_of_large_files_alone():
    settings = DeidentifySettings(timeout_seconds=60)
    assert [settings.time_limit(size) for size in (0, 64 * 2**20, 96 * 2**20)] == [60, 60, 90]
    assert settings.time_limit(420 * 10**6) > 300


@pytest.mark.slow
def test_a_killed_shard_goes_on_where_it_was(tmp_path, monkeypatch):
    rows = archive(tmp_path / "dicom", ["a", "b", "c", "d"])
    rows.to_parquet(tmp_path / "rows.parquet")
    calls = tmp_path / "calls"
    monkeypatch.setenv(faulty_decoders.CALLS, str(calls))
    script = (
        "import sys, pandas as pd; from echoclr_core.deidentify import deidentify_shard; root = sys.argv[1]; "
        "deidentify_shard(pd.read_parquet(root + '/rows.parquet'), root + '/dicom', root + '/out', "
        "root + '/work', process='faulty_decoders:slow_after_two')"
    )
    path = os.pathsep.join(filter(None, sys.path))
    first = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)], env=os.environ | {"PYTHONPATH": path}
    )
    deadline = time.monotonic() + 60
    while len(list((tmp_path / "work" / "rows").glob("v_*.json"))) < 2:
        assert time.monotonic() < deadline
        assert first.poll() is None
        time.sleep(0.02)
    first.kill()
    first.wait()
    assert not (tmp_path / "out").exists()
    done = calls.read_text().split()
    assert len(done) == 2
    calls.unlink()
    table = deidentify_shard(
        rows,
        tmp_path / "dicom",
        tmp_path / "out",
        tmp_path / "work",
        process="faulty_decoders:slow_after_two",
    )
    assert sorted(calls.read_text().split() + done) == ["a", "b", "c", "d"]
    assert list(table["outcome"]) == ["ok"] * 4
    straight = deidentify_shard(rows, tmp_path / "dicom", tmp_path / "other", tmp_path / "work")
    pd.testing.assert_frame_equal(table, straight)


def test_other_settings_or_a_changed_file_are_done_anew(tmp_path, monkeypatch):
    from echoclr_core.deidentify.shard import _Work

    work = _Work(tmp_path / "work")
    work.remember("v_1", "key", {"outcome": "no_sector"})
    work.remember("v_2", "key", {"outcome": "timeout"})
    work.remember("v_3", "key", {"outcome": "ok", "bytes": 3})
    assert work.recall("v_1", "key") == {"outcome": "no_sector"}
    assert work.recall("v_1", "other key") is None
    assert work.recall("v_2", "key") is None
    assert work.recall("v_3", "key") is None
    work.video("v_3").write_bytes(b"avi")
    assert work.recall("v_3", "key") is None
    work.video("v_3").with_suffix(".mask.png").write_bytes(b"png")
    assert work.recall("v_3", "key") == {"outcome": "ok", "bytes": 3}


@pytest.mark.slow
def test_the_number_of_workers_changes_nothing(tmp_path):
    rows = archive(tmp_path / "dicom", ["a", "b", "c"], count=4)
    tables = [
        deidentify_shard(
            rows, tmp_path / "dicom", tmp_path / f"out{n}", tmp_path / "work", settings=QUICK, workers=n
        )
        for n in (1, 3)
    ]
    pd.testing.assert_frame_equal(*tables)
    for path in (tmp_path / "out1").iterdir():
        assert file_digest(path) == file_digest(tmp_path / "out3" / path.name)


def test_nothing_that_leaves_holds_an_identifier(tmp_path, capfd):
    rows = archive(tmp_path / "dicom", ["Kowalska Anna/loop one", "Kowalska Anna/d_exception"], count=4)
    table = deidentify_shard(
        rows, tmp_path / "dicom", tmp_path / "out", tmp_path / "work", process="faulty_decoders:deidentify"
    )
    SOURCE_FILES.write(table, tmp_path / "table.parquet")
    audited, _ = audit_shard(table, tmp_path / "out", sample=5, seed=0)
    seen = [path.read_bytes() for path in (tmp_path / "out").iterdir()]
    seen += [SOURCE_FILES.read(tmp_path / "table.parquet").to_csv().encode(), audited.to_csv().encode()]
    seen += [
        "\n".join(capfd.readouterr()).encode(),
        " ".join(path.name for path in (tmp_path / "out").iterdir()).encode(),
    ]
    for canary in ("ACC-77", "MRN 0042", "20190312", "1.2.826", "Kowalsk", "Zółkiewska", "milie", "loop one"):
        assert not any(canary.encode() in text for text in seen), canary
    assert KEY.hex().encode() not in b"".join(seen)
    assert set(table["study_year"]) == {2019}


def test_a_full_disk_ends_the_shard_and_a_missing_function_too(tmp_path):
    rows = archive(tmp_path / "dicom", ["a"], count=3)
    with pytest.raises(OSError, match="No space left"):
        deidentify_shard(
            rows, tmp_path, tmp_path / "out", tmp_path / "work", process="faulty_decoders:no_space"
        )
    with pytest.raises(WorkerError, match="cannot start"):
        deidentify_shard(
            rows, tmp_path, tmp_path / "out", tmp_path / "work", process="faulty_decoders:nothing"
        )


def test_an_empty_shard_gives_an_empty_table_and_folder(tmp_path):
    rows = archive(tmp_path / "dicom", ["a"], count=3).iloc[:0]
    table = deidentify_shard(rows, tmp_path / "dicom", tmp_path / "out", tmp_path / "work")
    assert len(table) == 0
    assert Path(tmp_path / "out").is_dir()


@pytest.mark.slow
def test_files_are_written_in_the_order_of_their_pseudonyms(tmp_path):
    """In the order of the paths the times of the files would tell the order of the patients' names."""
    rows = archive(tmp_path / "dicom", ["a", "b", "c", "d", "e"])
    deidentify_shard(rows, tmp_path / "dicom", tmp_path / "out", tmp_path / "work", settings=QUICK)
    written = sorted((tmp_path / "out").glob("*.avi"), key=lambda path: path.stat().st_mtime_ns)
    paths = rows.set_index("video_id")["path"]
    assert [path.stem for path in written] == sorted(paths.index)
    assert list(paths[sorted(paths.index)]) != sorted(paths)
