"""`run`, `status` and `why` on a small archive; locks; wrong targets."""

import json
import os
import socket
import subprocess
import sys

import pytest

from echoclr_core.common.lifetime import stamp_of
from workflow_scripts.lib.workflow_process import RECORD


@pytest.fixture
def study(echoclr, hospital):
    """Run a command on the small archive; returns exit code and all that was printed."""

    def run(command, *words):
        code, said, error = echoclr(
            command, *words, "--directory", hospital, "--configfile", hospital / "mine.yaml"
        )
        return code, said + error

    return run


def lock(hospital, *, pid, started, host=None):
    engine = hospital / ".snakemake"
    (engine / "locks").mkdir(parents=True, exist_ok=True)
    (engine / "locks" / "0.output.lock").write_text(str(hospital / "results" / "mine" / "x") + "\n")
    record = {"host": host or socket.gethostname(), "pid": pid, "started": started}
    (engine / RECORD).write_text(json.dumps(record))


def ended_process():
    process = subprocess.Popen([sys.executable, "-c", "pass"])
    process.wait()
    return process.pid


def test_run_status_why_and_a_lock_that_was_left(study, hospital):
    lock(hospital, pid=ended_process(), started="1")
    code, said = study("run", "catalog", "--cores", "1")
    assert code == 0, said
    assert "$ snakemake catalog" in said
    assert "the lock is cleared" in said
    record = json.loads((hospital / ".snakemake" / RECORD).read_text())
    assert record["host"] == socket.gethostname()
    code, said = study("status", "deidentify")
    assert code == 0, said
    assert "mine: no run is active" in said
    assert "catalog      2 of 2 done" in said  # the list of files, the catalogue
    assert "deidentify   0 of 4 done, 0 running, 0 failed, 4 to go" in said
    code, said = study("why", "catalog")
    assert (code, "Nothing would run" in said) == (0, True), said


def test_a_lock_of_a_living_or_unknown_process_stays(study, hospital):
    own = stamp_of(os.getpid())
    for values, words in (
        ({"pid": own.pid, "started": own.started}, f"is locked by process {own.pid}"),
        ({"pid": 1, "started": "1", "host": "elsewhere"}, "on elsewhere, which cannot be looked at"),
    ):
        lock(hospital, **values)
        code, said = study("run", "catalog")
        assert code == 2
        assert words in said
        assert "--unlock" in said
    (hospital / ".snakemake" / RECORD).unlink()
    code, said = study("run", "catalog")
    assert (code, "a lock of an unknown process" in said) == (2, True)
    assert (hospital / ".snakemake" / "locks" / "0.output.lock").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["run", "catalogue"], "'catalogue' is no stage and no file; stages are catalog, deidentify"),
        (["why", "finetun"], "did you mean finetune?"),
        (["run", "--cores", "many"], "allowed is a number or all"),
        (["run", "--profile", "lsf"], "none of default, slurm, slurm-cpu"),
    ],
)
def test_wrong_usage(study, words, message):
    code, said = study(*words)
    assert code == 2
    assert message in said
