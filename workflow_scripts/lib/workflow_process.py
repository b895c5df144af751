"""Jobs that end when the Snakemake process that started them ends, be it by SIGKILL.

Snakemake starts a script through a shell, which outlives it: a job would go on alone, and write into what
the next run makes. Each Snakemake process, on a cluster the one inside the job, leaves its number in the
environment of its scripts.
"""

import json
import os
import socket
import threading
from pathlib import Path

from echoclr_core.common.files import write_json
from echoclr_core.common.lifetime import ProcessStamp, end_with, is_running, stamp_of

VARIABLE = "ECHOCLR_WORKFLOW_PROCESS"
RECORD = "echoclr_process.json"


def announce_workflow() -> None:
    """Leave this process's host, number and start time in the environment."""
    stamp = stamp_of(os.getpid())
    os.environ[VARIABLE] = " ".join([socket.gethostname(), str(stamp.pid), stamp.started])


def end_with_workflow() -> None:
    """End this process once the Snakemake process that started it has ended; nothing without one."""
    host, _, rest = os.environ.get(VARIABLE, "").partition(" ")
    pid, _, started = rest.partition(" ")
    if not pid or host != socket.gethostname() or int(pid) == os.getpid():
        return
    process = ProcessStamp(int(pid), started)
    if is_running(process):  # else this is a container with process numbers of its own
        end_with(process)


def record_workflow(folder: Path) -> None:
    """Leave in ``folder`` (.snakemake) which process runs jobs here, for :func:`living_workflow`."""
    host, _, rest = os.environ[VARIABLE].partition(" ")
    pid, _, started = rest.partition(" ")
    write_json(folder / RECORD, {"host": host, "pid": int(pid), "started": started})


def cancel_timers() -> None:
    """Cancel what the scheduler wanted to look at later, once no job is left.

    Snakemake starts a timer of ``max-jobs-per-timespan`` (a minute in the profiles) after each job and does
    not cancel it: its process, and whoever waits for it, would end up to a minute after the last job.
    """
    for thread in threading.enumerate():
        if isinstance(thread, threading.Timer):
            thread.cancel()


def living_workflow(folder: Path) -> str:
    """Who still runs jobs here, or may, in words; "" where nobody does.

    A process of another host cannot be looked at, and a lock without a record may be of one: both count as
    living.
    """
    record = folder / RECORD
    if not record.is_file():
        return "a lock of an unknown process" if is_locked(folder) else ""
    values = json.loads(record.read_text(encoding="utf-8"))
    name = f"process {values['pid']} on {values['host']}"
    if values["host"] != socket.gethostname():
        return f"{name}, which cannot be looked at from here" if is_locked(folder) else ""
    return name if is_running(ProcessStamp(values["pid"], values["started"])) else ""


def is_locked(folder: Path) -> bool:
    """Whether Snakemake left locks in ``folder`` (.snakemake)."""
    locks = folder / "locks"
    return locks.is_dir() and any(locks.iterdir())
