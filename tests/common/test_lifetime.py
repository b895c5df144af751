"""Processes that end with the one they work for."""

import os
import subprocess
import sys
import time

import pytest

from echoclr_core.common.lifetime import ProcessStamp, is_running, stamp_of

WORKS = (
    "import sys, time; from echoclr_core.common.isolation import Job, run_isolated\n"
    "list(run_isolated('faulty_jobs:sleeps', [Job(1, (sys.argv[1],), 600)], workers=1))"
)
WATCHES = (
    "import os, sys, time; from echoclr_core.common.lifetime import end_with, ProcessStamp\n"
    "end_with(ProcessStamp(int(sys.argv[2]), sys.argv[3]), poll_seconds=0.05)\n"
    "open(sys.argv[1], 'w').write(str(os.getpid()))\n"
    "time.sleep(60)"
)


def wait_for(condition, seconds=60.0):
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit
        time.sleep(0.02)


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel tells of a parent's end on Linux")
def test_a_worker_ends_with_its_parent_in_the_middle_of_a_job(tmp_path):
    said = tmp_path / "pid"
    path = os.pathsep.join(filter(None, sys.path))
    parent = subprocess.Popen([sys.executable, "-c", WORKS, str(said)], env=os.environ | {"PYTHONPATH": path})
    wait_for(lambda: said.exists() and said.read_text())
    worker = stamp_of(int(said.read_text()))
    assert is_running(worker)
    parent.kill()
    parent.wait()
    wait_for(lambda: not is_running(worker), 5)


def test_a_job_ends_with_a_process_that_is_not_its_parent(tmp_path):
    workflow = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    said = tmp_path / "pid"
    stamp = stamp_of(workflow.pid)
    job = subprocess.Popen([sys.executable, "-c", WATCHES, str(said), str(stamp.pid), stamp.started])
    wait_for(lambda: said.exists() and said.read_text())
    assert job.poll() is None
    workflow.kill()  # nobody waits for it yet: a zombie has ended, too
    wait_for(lambda: job.poll() is not None, 10)
    assert job.returncode < 0
    workflow.wait()


def test_a_number_that_was_given_to_another_process_does_not_count():
    here = stamp_of(os.getpid())
    assert is_running(here)
    if here.started:
        assert not is_running(ProcessStamp(here.pid, "1"))
