"""The frame of a job that sees identifiers."""

import logging
import os
import resource
import socket
import stat
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest

from echoclr_core.common.files import atomic_path
from echoclr_core.common.folder_lock import FolderHeldError
from echoclr_core.common.lifetime import stamp_of
from workflow_scripts.lib import workflow_process
from workflow_scripts.lib.job import job


@pytest.fixture
def limits():
    """The process's limits and mask as they were."""
    core, mask = resource.getrlimit(resource.RLIMIT_CORE), os.umask(0o022)
    yield
    os.umask(mask)
    resource.setrlimit(resource.RLIMIT_CORE, core)


def of_rule(folder, *outputs):
    return SimpleNamespace(
        rule="catalog_archive",
        log=[str(folder / "restricted" / "logs" / "catalog_archive.log")],
        output=[str(folder / name) for name in outputs],
        wildcards={},
        params={},
        resources={},
        threads=1,
    )


JOB = (
    "import sys, time; from pathlib import Path; from types import SimpleNamespace\n"
    "from workflow_scripts.lib.job import job\n"
    "snakemake = SimpleNamespace(rule='mask_shard', log=[sys.argv[1] + '/log'], output=[], "
    "wildcards={}, params={}, resources={}, threads=1)\n"
    "with job(snakemake):\n    Path(sys.argv[1], 'runs').touch(); time.sleep(60)"
)
WORKFLOW = (
    "import subprocess, sys; from workflow_scripts.lib.workflow_process import announce_workflow\n"
    "announce_workflow()\n"
    "subprocess.run(['sh', '-c', 'set -e; $0 -c \"$1\" $2; true', sys.executable, *sys.argv[1:]])"
)


def test_a_job_ends_with_the_workflow_that_a_shell_stands_between(tmp_path):
    workflow = subprocess.Popen([sys.executable, "-c", WORKFLOW, JOB, str(tmp_path)])
    limit = time.monotonic() + 60
    while not (tmp_path / "runs").exists():
        assert time.monotonic() < limit
        time.sleep(0.02)
    workflow.kill()
    workflow.wait()
    while "the job stops" not in (tmp_path / "log").read_text():
        assert time.monotonic() < limit
        time.sleep(0.02)


def test_a_container_with_process_numbers_of_its_own_does_not_end_its_job(monkeypatch):
    ended = []
    monkeypatch.setattr(workflow_process, "end_with", ended.append)
    monkeypatch.setenv(workflow_process.VARIABLE, f"{socket.gethostname()} {os.getppid()} 1")
    workflow_process.end_with_workflow()
    assert ended == []
    stamp = stamp_of(os.getppid())
    monkeypatch.setenv(workflow_process.VARIABLE, f"{socket.gethostname()} {stamp.pid} {stamp.started}")
    workflow_process.end_with_workflow()
    assert ended == [stamp]


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_what_a_killed_attempt_left_beside_an_output_goes(tmp_path, limits):
    """SIGKILL in the middle of a write leaves the temporary name; another file's stays."""
    for name in ("roc.pdf", "roc.png"):
        with atomic_path(tmp_path / "figures" / name) as temporary:
            temporary.write_text("half")
            left = temporary.with_name(temporary.name)
            os.link(left, left.with_suffix(".kept"))
        (left.with_suffix(".kept")).rename(left)
    mine = of_rule(tmp_path, "figures/roc.pdf")
    assert len(list((tmp_path / "figures").iterdir())) == 4
    with job(mine, restricted=True):
        pass
    assert sorted(path.suffix for path in (tmp_path / "figures").iterdir()) == [".pdf", ".png", ".png"]


def test_what_a_restricted_job_writes_is_its_owners(tmp_path, limits):
    snakemake = of_rule(tmp_path, "restricted/crosswalk.parquet", "videos", "table.parquet")
    with job(snakemake, restricted=True):
        assert resource.getrlimit(resource.RLIMIT_CORE)[0] <= 1  # no core dump; workers inherit it
        (tmp_path / "videos").mkdir()
        for name in ("restricted/crosswalk.parquet", "restricted/state", "videos/v_a.avi", "table.parquet"):
            (tmp_path / name).write_text("")
            assert mode(tmp_path / name) == 0o600
    assert mode(tmp_path / "restricted") == 0o700
    for path in (tmp_path / "restricted").rglob("*"):
        assert mode(path) == (0o700 if path.is_dir() else 0o600), path
    assert mode(tmp_path / "videos") == 0o755
    assert mode(tmp_path / "videos" / "v_a.avi") == mode(tmp_path / "table.parquet") == 0o644


def test_a_restricted_job_that_fails_says_why_in_its_log_alone(tmp_path, limits, capsys):
    snakemake = of_rule(tmp_path, "table.parquet")
    with pytest.raises(SystemExit), job(snakemake, restricted=True):
        raise ValueError("MRN-4711")
    said = capsys.readouterr()
    assert "MRN-4711" not in said.out + said.err
    assert "MRN-4711" in (tmp_path / "restricted" / "logs" / "catalog_archive.log").read_text()
    assert os.umask(0o022) == 0o022
    with pytest.raises(SystemExit), job(snakemake, restricted=True):
        raise FolderHeldError("held by another job (host a, pid 7)")
    assert "held by another job (host a, pid 7)" in capsys.readouterr().err
    assert not [handler for handler in logging.getLogger().handlers if "restricted" in str(handler)]
