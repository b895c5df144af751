"""What a worker process of :mod:`isolation` runs: import once, then one job after the other."""

import errno
import importlib
import os
import resource
import signal
import sys
import traceback
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from echoclr_core.common.files import LOST_FOLDER
from echoclr_core.common.lifetime import end_with_parent

# The fault of the disk or of a network folder, not the file's: every other job would fail as well.
DISK = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, *LOST_FOLDER)


def main(descriptor: int, function: str, memory_megabytes: int, parent: int) -> None:
    """Serve jobs that come over the socket ``descriptor`` until it closes, or the process ``parent`` ends."""
    end_with_parent(parent)
    connection = Connection(descriptor)
    try:
        module, _, name = function.partition(":")
        call = getattr(importlib.import_module(module), name)
        import cv2

        cv2.setNumThreads(1)
    except (ImportError, AttributeError) as error:
        connection.send(("failed", f"{type(error).__name__}: {error}"))
        return
    _limit_memory(memory_megabytes)
    connection.send(("ready", None))
    while os.getppid() == parent:
        try:
            arguments, timeout_seconds = connection.recv()
        except (EOFError, ConnectionError):
            return
        # Where the kernel does not tell of the parent's end, its alarm clock still ends this process: a
        # decoder that hangs holds the interpreter's lock, so nothing written in Python could.
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, 0 if timeout_seconds is None else timeout_seconds + 10)
        answer = _run(call, arguments)
        signal.setitimer(signal.ITIMER_REAL, 0)
        try:
            connection.send(answer)
        except (BrokenPipeError, ConnectionError):
            return


def _run(call: Any, arguments: tuple[Any, ...]) -> tuple[str, Any]:
    try:
        return "done", call(*arguments)
    except MemoryError:
        return "crashed", None
    except OSError as error:
        if error.errno in DISK:
            return "disk", (error.errno, error.strerror)
        return "raised", traceback.format_exc()
    except Exception:  # whatever one file does to a decoder is that file's row, told in the restricted log
        return "raised", traceback.format_exc()


def _limit_memory(megabytes: int) -> None:
    """Cap the address space at what is taken now plus ``megabytes``; 0 for no cap."""
    status = Path("/proc/self/statm")
    if megabytes and status.exists():
        taken = int(status.read_text(encoding="ascii").split()[0]) * resource.getpagesize()
        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        limit = taken + megabytes * 2**20
        if hard != resource.RLIM_INFINITY:
            limit = min(limit, hard)
        resource.setrlimit(resource.RLIMIT_AS, (limit, hard))


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
