"""Stand-ins for work that brings its process down."""

import os
import signal
import threading
import time
from pathlib import Path

SERVED = []


def dies_when_done(how):
    if how == "late":
        threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGKILL)).start()
    if how == "memory":
        bytearray(2**40)
    return os.getpid()


def fails_after_others(how):
    SERVED.append(how)
    if len(SERVED) > 1 and how == "memory":
        raise MemoryError
    if len(SERVED) > 1 and how == "segfault":
        os.kill(os.getpid(), signal.SIGSEGV)
    return list(SERVED)


def sleeps(path):
    """Write the number of this process to ``path`` and stay for ten minutes."""
    Path(path).write_text(str(os.getpid()))
    time.sleep(600)
