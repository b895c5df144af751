"""A shard: one row a file whatever happens, resumed after a kill, whole at the end, without identifiers."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import faulty_decoders
import pandas as pd
import pytest
from cine_files import KEY, archive

from echoclr_core.common import resume
from echoclr_core.common.digest import file_digest
from echoclr_core.common.isolation import WorkerError
from echoclr_core.common.shard_cache import IncompleteShardError
from echoclr_core.deidentify.audit.shard import audit_shard
from echoclr_core.deidentify.settings import TIMED_BYTES, DeidentifySettings
from echoclr_core.deidentify.shard import deidentify_shard
from echoclr_core.deidentify.tables import SOURCE_FILES

QUICK = DeidentifySettings(timeout_seconds=120, memory_megabytes=1024)


def _words(table, rows):
    return dict(zip(rows.set_index("video_id").loc[table["video_id"], "path"], table["outcome"], strict=True))


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
        settings=DeidentifySettings(timeout_seconds=12, memory_megabytes=1024),
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


def test_a_large_file_may_take_longer(tmp_path):
    rows = archive(tmp_path / "dicom", ["a_slow", "b_slow"])
    with (tmp_path / "dicom" / "b_slow").open("ab") as file:
        file.truncate(10 * TIMED_BYTES)  # a sparse file: its end is never read
    status = (tmp_path / "dicom" / "b_slow").stat()
    rows.loc[rows["path"] == "b_slow", ["bytes", "mtime_ns"]] = [status.st_size, status.st_mtime_ns]
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


def test_a_killed_shard_goes_on_where_it_was(tmp_path, monkeypatch):
    rows = archive(tmp_path / "dicom", ["a", "b", "c", "d"])
    rows.to_parquet(tmp_path / "rows.parquet")
    calls = tmp_path / "calls"
    monkeypatch.setenv(faulty_decoders.CALLS, str(calls))
    script = (
        "import sys, pandas as pd; from echoclr_core.deidentify.shard import deidentify_shard; "
        "root = sys.argv[1]; deidentify_shard(pd.read_parquet(root + '/rows.parquet'), root + '/dicom', "
        "root + '/out', root + '/work', process='faulty_decoders:slow_after_two')"
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


ORPHANED = (
    "import subprocess, sys, time\n"
    "subprocess.Popen([sys.executable, '-c', sys.argv[1], *sys.argv[2:]]); time.sleep(600)"
)
SHARD = (
    "import sys, pandas as pd; from echoclr_core.deidentify.shard import deidentify_shard\n"
    "root = sys.argv[1]\n"
    "deidentify_shard(pd.read_parquet(root + '/rows.parquet'), root + '/dicom', root + '/out', "
    "root + '/work', process='faulty_decoders:slowly', wait_seconds=float(sys.argv[2]))\n"
    "open(root + '/' + sys.argv[3], 'w').close()"
)


@pytest.fixture
def orphan(tmp_path):
    """A job on a shard of five files whose parent was killed in the middle; returns its process number."""
    archive(tmp_path / "dicom", list("abcde")).to_parquet(tmp_path / "rows.parquet")
    path = os.pathsep.join(filter(None, sys.path))
    parent = subprocess.Popen(
        [sys.executable, "-c", ORPHANED, SHARD, str(tmp_path), "0", "first"],
        env=os.environ | {"PYTHONPATH": path},
    )
    wait_for(lambda: len(list((tmp_path / "work" / "rows").glob("v_*.json"))) >= 2)
    parent.kill()
    parent.wait()
    record = json.loads((tmp_path / ".work.holder.json").read_text())
    yield record["pid"]
    with contextlib.suppress(ProcessLookupError):
        os.kill(record["pid"], signal.SIGKILL)


def wait_for(condition, seconds=60):
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit
        time.sleep(0.02)


def second_job(tmp_path, wait_seconds):
    path = os.pathsep.join(filter(None, sys.path))
    return subprocess.run(
        [sys.executable, "-c", SHARD, str(tmp_path), str(wait_seconds), "second"],
        env=os.environ | {"PYTHONPATH": path}, capture_output=True, text=True, check=False,
    )  # fmt: skip


def delivered(folder):
    return len(list(folder.glob("*.avi"))), len(list(folder.glob("*.mask.png")))


def test_an_orphan_and_the_job_that_follows_lose_no_video(tmp_path, orphan):
    """The workflow was killed, its job goes on, and the workflow is started again."""
    assert second_job(tmp_path, 60).returncode == 0
    assert (tmp_path / "first").exists()  # the second waited
    assert (tmp_path / "second").exists()
    assert delivered(tmp_path / "out") == (5, 5)
    assert {path.name for path in tmp_path.glob("*out*")} == {"out"}


def test_a_second_job_is_refused_while_the_first_lives(tmp_path, orphan):
    os.kill(orphan, signal.SIGSTOP)
    done = second_job(tmp_path, 0.5)
    assert done.returncode != 0
    assert f"pid {orphan}, since" in done.stderr
    assert not (tmp_path / "out").exists()
    os.kill(orphan, signal.SIGCONT)
    wait_for((tmp_path / "first").exists)
    assert delivered(tmp_path / "out") == (5, 5)


def test_a_killed_orphan_leaves_its_finished_files_to_the_next(tmp_path, orphan):
    os.kill(orphan, signal.SIGKILL)
    kept = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "work" / "files").iterdir()}
    assert second_job(tmp_path, 10).returncode == 0
    assert delivered(tmp_path / "out") == (5, 5)
    assert kept == {name: (tmp_path / "out" / name).stat().st_mtime_ns for name in kept}


def test_a_finished_file_that_vanishes_ends_the_job_and_nothing_is_delivered(tmp_path):
    rows = archive(tmp_path / "dicom", ["a", "b"], count=3)

    def remove(done, total):
        if done == total:
            next((tmp_path / "work" / "files").glob("*.avi")).unlink()

    with pytest.raises(IncompleteShardError, match="1 of 2 videos"):
        deidentify_shard(
            rows, tmp_path / "dicom", tmp_path / "out", tmp_path / "work", settings=QUICK, on_progress=remove
        )
    assert not (tmp_path / "out").exists()
    table = deidentify_shard(rows, tmp_path / "dicom", tmp_path / "out", tmp_path / "work", settings=QUICK)
    assert list(table["outcome"]) == ["ok", "ok"]
    assert delivered(tmp_path / "out") == (2, 2)


def test_a_failure_after_the_delivery_costs_no_file(tmp_path, monkeypatch):
    rows = archive(tmp_path / "dicom", ["a", "b"], count=3)
    monkeypatch.setenv(faulty_decoders.CALLS, str(tmp_path / "calls"))
    folders = (tmp_path / "dicom", tmp_path / "out", tmp_path / "work")
    options = {"settings": QUICK, "process": "faulty_decoders:counted"}

    def full_disk(table):
        assert delivered(tmp_path / "out") == (2, 2)
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        deidentify_shard(rows, *folders, **options, on_delivery=full_disk)
    shutil.rmtree(tmp_path / "out")  # Snakemake removes the outputs of a job that failed
    table = deidentify_shard(rows, *folders, **options)
    assert list(table["outcome"]) == ["ok", "ok"]
    assert delivered(tmp_path / "out") == (2, 2)
    assert len((tmp_path / "calls").read_text().split()) == 2
    assert not (tmp_path / "work").exists()


def test_a_lost_network_folder_ends_the_shard(tmp_path):
    rows = archive(tmp_path / "dicom", ["a"], count=3)
    folders = (tmp_path / "dicom", tmp_path / "out", tmp_path / "work")
    with pytest.raises(OSError, match="Stale file handle"):
        deidentify_shard(rows, *folders, process="faulty_decoders:lost_folder")


@pytest.mark.parametrize("change", ["settings", "source", "code"])
def test_what_was_made_otherwise_is_made_anew(tmp_path, monkeypatch, change):
    rows = archive(tmp_path / "dicom", ["a", "b"], count=3)
    monkeypatch.setenv(faulty_decoders.CALLS, str(tmp_path / "calls"))

    def run(settings=QUICK, stop=False):
        def end(done, total):
            if stop and done == total:
                raise KeyboardInterrupt

        return deidentify_shard(
            rows, tmp_path / "dicom", tmp_path / "out", tmp_path / "work", settings=settings,
            process="faulty_decoders:counted", on_progress=end,
        )  # fmt: skip

    with pytest.raises(KeyboardInterrupt):
        run(stop=True)
    if change == "settings":
        table = run(DeidentifySettings(timeout_seconds=120, memory_megabytes=1024, max_frames=50))
    elif change == "source":
        os.utime(tmp_path / "dicom" / rows.loc[0, "path"], ns=(1, 1))
        rows.loc[0, "mtime_ns"] = 1
        table = run()
    else:
        monkeypatch.setattr(resume, "function_digest", lambda *_: "edited")
        table = run()
    assert list(table["outcome"]) == ["ok", "ok"]
    calls = (tmp_path / "calls").read_text().split()
    assert sorted(calls) == (["a", "a", "b"] if change == "source" else ["a", "a", "b", "b"])


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


def test_files_are_written_in_the_order_of_their_pseudonyms(tmp_path):
    """In the order of the paths the times of the files would tell the order of the patients' names."""
    rows = archive(tmp_path / "dicom", ["a", "b", "c", "d", "e"])
    deidentify_shard(rows, tmp_path / "dicom", tmp_path / "out", tmp_path / "work", settings=QUICK)
    written = sorted((tmp_path / "out").glob("*.avi"), key=lambda path: path.stat().st_mtime_ns)
    paths = rows.set_index("video_id")["path"]
    assert [path.stem for path in written] == sorted(paths.index)
    assert list(paths[sorted(paths.index)]) != sorted(paths)


@pytest.mark.parametrize("left", ["an empty folder", "nothing"])
def test_an_archive_that_was_lost_is_no_fault_of_its_files(tmp_path, left):
    """A network folder that is not mounted any more: no file becomes a row that says it is broken."""
    rows = archive(tmp_path / "dicom", ["a", "d_exception"])
    for path in (tmp_path / "dicom").iterdir():
        path.unlink()
    if left == "nothing":
        (tmp_path / "dicom").rmdir()
    with pytest.raises(OSError, match="is it mounted"):
        deidentify_shard(rows, tmp_path / "dicom", tmp_path / "out", tmp_path / "work", settings=QUICK)
    assert not (tmp_path / "out").exists()
