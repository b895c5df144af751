"""Processes that end when the process they work for ends, however that one ends (SIGKILL included)."""

import ctypes
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

SET_PARENT_DEATH_SIGNAL = 1  # of Linux's prctl
GRACE_SECONDS = 300.0  # from SIGTERM, on which a training saves its state, to SIGKILL
logger = logging.getLogger(__name__)


class ProcessStamp(NamedTuple):
    """One process of this machine: its number, and when it started, since numbers are used again.

    Parameters
    ----------
    pid
        Process number.
    started
        Start time in the kernel's own unit; "" where the system does not tell.
    """

    pid: int
    started: str


def stamp_of(pid: int) -> ProcessStamp:
    """The stamp of a process that runs now."""
    return ProcessStamp(pid, (_state_and_start(pid) or ("", ""))[1])


def is_running(process: ProcessStamp) -> bool:
    """Whether a process still runs. A zombie, which nobody has waited for yet, has ended."""
    if Path("/proc/self/stat").exists():
        found = _state_and_start(process.pid)
        return found is not None and found[0] not in "ZX" and process.started in ("", found[1])
    try:
        os.kill(process.pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's process has taken the number
        return False
    return True


def _state_and_start(pid: int) -> tuple[str, str] | None:
    """State letter and start time (clock ticks since boot) from /proc; None without such a process."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="latin-1")
    except OSError:
        return None
    # The second field, the command's name in brackets, may itself hold blanks and brackets.
    fields = text.rpartition(")")[2].split()
    return fields[0], fields[19]


def end_with_parent(parent: int, number: int = signal.SIGKILL) -> None:
    """Let the kernel send this process the signal ``number`` when its parent ends.

    On systems without such a request a thread looks at the parent once a second; it cannot end a decoder that
    holds the interpreter's lock.

    Parameters
    ----------
    parent
        Number of the process that started this one. If it has ended already, this process ends here.
    number
        The signal.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(SET_PARENT_DEATH_SIGNAL, int(number))
    else:
        _start_thread(lambda: os.getppid() == parent, lambda: os.kill(os.getpid(), number), 1.0)
    if os.getppid() != parent:
        os._exit(1)


def end_with(process: ProcessStamp, *, poll_seconds: float = 1.0) -> None:
    """End this process once ``process`` has ended: SIGTERM, and SIGKILL after GRACE_SECONDS.

    Looks from a thread, since the kernel tells of direct parents only.
    """

    def end() -> None:
        logger.warning("process %d, which started this job, has ended: the job stops", process.pid)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(GRACE_SECONDS)
        os.kill(os.getpid(), signal.SIGKILL)

    _start_thread(lambda: is_running(process), end, poll_seconds)


def _start_thread(goes_on: Callable[[], bool], end: Callable[[], None], poll_seconds: float) -> None:
    def look() -> None:
        while goes_on():
            time.sleep(poll_seconds)
        end()

    threading.Thread(target=look, name="end with another process", daemon=True).start()
