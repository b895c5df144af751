"""Stand-ins for work that brings its process down."""

import os
import signal
import threading

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
