"""One job on a state folder: the second waits or is refused, and says by whom."""

import errno
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest

from echoclr_core.common import folder_lock
from echoclr_core.common.folder_lock import FolderHeldError, hold_folder

HOLDS = (
    "import sys, time; from echoclr_core.common.folder_lock import hold_folder\n"
    "with hold_folder(sys.argv[1]):\n    print('held', flush=True); time.sleep(float(sys.argv[2]))"
)


@pytest.fixture
def holder(tmp_path):
    """Start a process that holds tmp_path/state for some seconds; killed in the end."""
    started = []

    def start(seconds=60.0):
        command = [sys.executable, "-c", HOLDS, str(tmp_path / "state"), str(seconds)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout.readline() == "held\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


def test_the_second_is_refused_and_says_who_holds_it(tmp_path, holder):
    process = holder()
    with pytest.raises(FolderHeldError) as refused, hold_folder(tmp_path / "state", wait_seconds=0.3):
        pass
    said = str(refused.value)
    assert f"host {socket.gethostname()}, pid {process.pid}, since 2" in said
    assert str(tmp_path) not in said


def test_a_job_of_slurm_is_named_by_its_number(tmp_path, holder, monkeypatch):
    monkeypatch.setenv("SLURM_JOB_ID", "4711")
    holder()
    with (
        pytest.raises(FolderHeldError, match="SLURM job 4711"),
        hold_folder(tmp_path / "state", wait_seconds=0),
    ):
        pass


def test_the_second_waits_for_one_that_ends(tmp_path, holder):
    process = holder(1.0)
    with hold_folder(tmp_path / "state", wait_seconds=30):
        assert process.wait(10) == 0


def test_a_killed_holder_holds_no_more(tmp_path, holder):
    process = holder()
    process.send_signal(signal.SIGKILL)
    process.wait()
    with hold_folder(tmp_path / "state", wait_seconds=0.3):
        record = json.loads((tmp_path / ".state.holder.json").read_text())
        assert record["pid"] == os.getpid()
    assert [path.name for path in tmp_path.iterdir()] == [".state.lock"]


def test_the_lock_outlives_the_folder_and_is_not_fooled_by_its_own_removal(tmp_path, holder):
    holder()
    (tmp_path / "state").mkdir()
    (tmp_path / "state").rmdir()
    with pytest.raises(FolderHeldError), hold_folder(tmp_path / "state", wait_seconds=0.3):
        pass


def test_a_thread_may_hold_it_twice_and_another_may_not(tmp_path):
    outcome = []

    def other():
        try:
            with hold_folder(tmp_path / "state", wait_seconds=0.3):
                outcome.append("held")
        except FolderHeldError:
            outcome.append("refused")

    with hold_folder(tmp_path / "state"):
        with hold_folder(tmp_path / "state", wait_seconds=0):
            pass
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert outcome == ["refused"]


def wait_for(condition, seconds=30):
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit
        time.sleep(0.02)


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(folder_lock, "BEAT_SECONDS", 0.1)
    monkeypatch.setattr(folder_lock, "WATCH_SECONDS", 1.0)


def test_a_machine_that_the_lock_does_not_reach_is_noticed_while_it_lives(tmp_path, quick):
    """As on a network file system that grants locks to one machine only."""
    record = tmp_path / ".state.holder.json"
    alive = threading.Event()

    def beat():
        number = 0
        while not alive.is_set():
            record.write_text(json.dumps({"host": "node9", "pid": 7, "since": "then", "beat": number}))
            number += 1
            time.sleep(0.1)

    thread = threading.Thread(target=beat)
    thread.start()
    wait_for(record.exists)
    try:
        with pytest.raises(FolderHeldError, match=r"node9.*do not reach"), hold_folder(tmp_path / "state"):
            pass
    finally:
        alive.set()
        thread.join()
    with hold_folder(tmp_path / "state", wait_seconds=0):
        assert json.loads(record.read_text())["host"] == socket.gethostname()


def test_the_record_goes_on_changing_while_the_folder_is_held(tmp_path, quick):
    record = tmp_path / ".state.holder.json"
    with hold_folder(tmp_path / "state"):
        first = record.read_text()
        wait_for(lambda: record.read_text() not in (first, ""))


def test_a_file_system_without_locks_is_an_error(tmp_path, monkeypatch):
    def flock(*_):
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr(folder_lock.fcntl, "flock", flock)
    with pytest.raises(OSError, match=r"grants no locks.*mount with flock"), hold_folder(tmp_path / "state"):
        pass
