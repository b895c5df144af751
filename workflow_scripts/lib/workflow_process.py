"""Jobs that end when the Snakemake process that started them ends, be it by SIGKILL.

Snakemake starts a script through a shell, which outlives it: a job would go on alone, and write into what
the next run makes. Each Snakemake process, on a cluster the one inside the job, leaves its number in the
environment of its scripts.
"""

import os
import socket

from echoclr_core.common.lifetime import ProcessStamp, end_with, is_running, stamp_of

VARIABLE = "ECHOCLR_WORKFLOW_PROCESS"


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
