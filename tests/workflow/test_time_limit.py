"""A job ahead of SLURM's time limit, with stand-ins for squeue and scontrol."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from workflow_scripts.lib.time_limit import margin_of, parse_time_left

ROOT = Path(__file__).resolve().parents[2]
# What a training does: save when it is told to, leave with the code that says so.
TRAINING = """
import os, sys, time
from pathlib import Path
from echoclr_core.training.stopping import Stopped, Stopper
from workflow_scripts.lib import time_limit
time_limit.MIN_MARGIN, time_limit.LOOK_SECONDS, time_limit.WAIT_FOR_END = 1.0, 0.5, 1.0
state = Path(sys.argv[1])
with time_limit.back_in_queue_at_time_limit("pretrain_encoder", state):
    with Stopper() as stopper:
        for step in range(int(sys.argv[2])):
            time.sleep(0.05)
            if stopper.requested:
                if sys.argv[3] == "saves":
                    (state / "checkpoint.pt").write_text(str(step))
                raise Stopped(step)
(state / "done").touch()
"""
# What decodes: it keeps each file as it is done and knows nothing of signals.
DECODING = """
import sys, time
from pathlib import Path
from workflow_scripts.lib import time_limit
time_limit.MIN_MARGIN, time_limit.LOOK_SECONDS, time_limit.WAIT_FOR_END = 1.0, 0.5, 1.0
state = Path(sys.argv[1])
with time_limit.back_in_queue_at_time_limit("pretrain_encoder", state):
    for step in range(int(sys.argv[2])):
        time.sleep(0.05)
        (state / str(step)).touch()
(state / "done").touch()
"""

# The folder is another job's.
REFUSED = """
import sys
from echoclr_core.common.folder_lock import FolderHeldError
from workflow_scripts.lib import time_limit
time_limit.WAIT_FOR_END = 1.0
with time_limit.back_in_queue_at_time_limit("pretrain_encoder", sys.argv[1]):
    raise FolderHeldError("held by job 16")
"""


@pytest.fixture
def cluster(tmp_path):
    """run(script, left, ...) -> (exit code, calls of scontrol); ``left`` is what squeue answers."""
    tools, state = tmp_path / "bin", tmp_path / "state"
    tools.mkdir()
    state.mkdir()

    def run(
        script, left, steps=100, way="saves", comment="rule_pretrain_encoder_wildcards_echoclr", takes=True
    ):
        calls = tmp_path / "calls"
        for path in (calls, tmp_path / "calls.asked"):
            path.unlink(missing_ok=True)
        later = "0:01" if left == "0:02" else left
        answers = {
            # what is left at the start, and a second later
            "squeue": f"[ -e {calls}.asked ] && echo '{later}|{comment}' || echo '{left}|{comment}'"
            f"; touch {calls}.asked",
            "scontrol": f'echo "$@" >> {calls}; ' + ("true" if takes else "echo not allowed >&2; false"),
        }
        for name, body in answers.items():
            (tools / name).write_text(f"#!/bin/sh\n{body}\n")
            (tools / name).chmod(0o755)
        environment = os.environ | {"SLURM_JOB_ID": "17", "PATH": f"{tools}:{os.environ['PATH']}"}
        command = [sys.executable, "-c", script, str(state), str(steps), way]
        done = subprocess.run(command, cwd=ROOT, env=environment, check=False, timeout=60)
        return done.returncode, calls.read_text().split("\n")[:-1] if calls.exists() else []

    run.state = state
    return run


@pytest.mark.parametrize("script", [TRAINING, DECODING], ids=["training", "decoding"])
def test_ahead_of_the_limit_the_job_goes_back_into_the_queue(cluster, script):
    code, calls = cluster(script, "0:02")
    assert calls == ["requeue 17"]
    assert code == 75  # in a real cluster SLURM ends the job while it waits
    assert any(cluster.state.iterdir())
    assert not (cluster.state / "done").exists()


@pytest.mark.parametrize("left", ["1-00:00:00", "UNLIMITED", "INVALID", ""])
def test_far_from_the_limit_nothing_happens(cluster, left):
    assert cluster(TRAINING, left, steps=20) == (0, [])
    assert (cluster.state / "done").exists()


def test_a_job_that_saved_nothing_is_not_put_back(cluster):
    """It would go round for ever."""
    assert cluster(TRAINING, "0:02", way="saves nothing") == (75, [])


def test_a_cluster_that_does_not_requeue_sees_a_failed_attempt(cluster):
    assert cluster(TRAINING, "0:02", takes=False) == (75, ["requeue 17"])


@pytest.mark.parametrize("comment", ["", "(null)", "my own allocation", "rule_pretrain"])
def test_an_allocation_of_the_users_own_is_left_alone(cluster, comment):
    assert cluster(TRAINING, "0:02", steps=60, comment=comment) == (0, [])


def test_scancel_is_no_time_limit(cluster, monkeypatch):
    script = TRAINING.replace(
        "for step in", f"os.kill(os.getpid(), {int(signal.SIGTERM)})\n        for step in"
    )
    assert cluster(script, "1:00:00") == (75, [])


def test_times_are_read_as_squeue_writes_them():
    texts = {"0:59": 59, "12:34": 754, "1:00:00": 3600, "2-03:04:05": 183845, "UNLIMITED": None, "": None}
    assert {text: parse_time_left(text) for text in texts} == texts
    assert [margin_of(limit) for limit in (60, 1200, 86400)] == [15, 120, 300]


def test_a_job_whose_folder_another_one_holds_waits_in_the_queue(cluster):
    assert cluster(REFUSED, "1:00:00") == (1, ["requeue 17"])
    assert cluster(REFUSED, "1:00:00", comment="my own allocation") == (1, [])
