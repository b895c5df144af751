"""Run a function over many jobs in processes of their own, so that a decoder's crash or hang costs one job.

The processes are started as plain interpreters, not by :mod:`multiprocessing`: its children run the main
script again, which a workflow engine's scripts do not expect, and its pools do not survive a child that
dies. Each process imports once and then takes job after job; only one that crashed or hung is replaced. A
job that crashed in a process that had served others is tried once more in a fresh one: what they left behind
may have been the cause.
"""

import os
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Hashable, Iterator, Sequence
from multiprocessing.connection import Connection, wait
from typing import Any, NamedTuple

# To import what it needs: minutes where many jobs begin at once on a network file system.
START_SECONDS = 600.0


class WorkerError(RuntimeError):
    """The workers cannot start, or a job failed for a reason that every other job would fail for."""


class Job(NamedTuple):
    """One call of the function.

    Parameters
    ----------
    key
        Identifies the result.
    arguments
        Of the function; pickled.
    timeout_seconds
        Wall-clock time that it may take; None for no limit. Importing does not count.
    """

    key: Hashable
    arguments: tuple[Any, ...]
    timeout_seconds: float | None = None


def run_isolated(
    function: str,
    jobs: Sequence[Job],
    *,
    workers: int,
    memory_megabytes: int | None = None,
) -> Iterator[tuple[Hashable, str, Any]]:
    """Yield (key, state, value) for every job, in the order in which they end.

    Parameters
    ----------
    function
        "package.module:name" of what to call; it is imported in each worker.
    jobs
        See :class:`Job`.
    workers
        Processes, at least 1.
    memory_megabytes
        What a worker's address space may grow by; None for no limit.

    Yields
    ------
    key
        Of the job.
    state
        "done": value is what the function returned. "raised": an exception, value is its text. "crashed": the
        process died or ran out of memory. "timeout": it was killed.
    value
        See ``state``; None for "crashed" and "timeout".

    Raises
    ------
    WorkerError
        A worker cannot import the function. What it writes to its terminal is dropped, since decoders print
        header values there.
    OSError
        A job could not write: no space left, a quota, a read-only or failing disk.
    """
    if workers < 1:
        raise ValueError(f"workers is {workers!r}; allowed is 1 or more")
    waiting = deque(jobs)
    pool: list[_Worker] = []
    try:
        for _ in range(min(workers, len(waiting))):
            pool.append(_Worker(function, memory_megabytes))
        while waiting or any(worker.busy or worker.retry_job for worker in pool):
            for index, worker in enumerate(pool):
                if worker.busy or not (worker.retry_job or waiting):
                    continue
                job = worker.retry_job or waiting.popleft()
                if worker.dead:
                    pool[index] = worker = _Worker(function, memory_megabytes)
                worker.submit(job)
            yield from _finished(pool)
    finally:
        for worker in pool:
            worker.kill()


def _finished(pool: "list[_Worker]") -> Iterator[tuple[Hashable, str, Any]]:
    """Wait for the next end of a job, or the next deadline."""
    busy = [worker for worker in pool if worker.busy]
    if not busy:
        return
    deadline = min(worker.deadline for worker in busy)
    timeout = None if deadline == float("inf") else max(0.0, deadline - time.monotonic())
    ready = wait([worker.connection for worker in busy], timeout=timeout)
    for worker in busy:
        if worker.connection in ready:
            yield from worker.collect()
        elif time.monotonic() >= worker.deadline:
            yield from worker.expire()


class _Worker:
    """One process and its present job."""

    def __init__(self, function: str, memory_megabytes: int | None):
        ours, theirs = socket.socketpair()
        # One thread a process: the pool as a whole fills the cores. The search path goes along, so that
        # a package that runs from its source folder is found.
        environment = os.environ | {
            "OMP_NUM_THREADS": "1",
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        }
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "echoclr_core.common.worker",
                str(theirs.fileno()),
                function,
                str(memory_megabytes or 0),
                str(os.getpid()),
            ],
            pass_fds=(theirs.fileno(),),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=environment,
        )
        theirs.close()
        self.connection = Connection(ours.detach())
        self.dead = False
        self.retry_job: Job | None = None  # to be run by a fresh process
        self.deadline = float("inf")
        self._job: Job | None = None
        self._ready = False
        self._used = False

    @property
    def busy(self) -> bool:
        return self._job is not None

    def submit(self, job: Job) -> None:
        """Hand over a job; it becomes ``retry_job`` if the process has died since its last one."""
        if not self._ready:
            self._await_start()
        try:
            self.connection.send((job.arguments, job.timeout_seconds))
        except ConnectionError:
            self.kill()
            self.retry_job = job
            return
        self._job = job
        self.deadline = (
            float("inf") if job.timeout_seconds is None else time.monotonic() + job.timeout_seconds
        )

    def _await_start(self) -> None:
        if not self.connection.poll(START_SECONDS):
            self.kill()
            raise WorkerError(
                f"a worker process did not start in {START_SECONDS:.0f} s; is the machine, or the "
                "disk that holds the software, overloaded?"
            )
        try:
            state, value = self.connection.recv()
        except EOFError:
            raise WorkerError("a worker process ended while it was starting") from None
        if state != "ready":
            raise WorkerError(f"a worker process cannot start: {value}")
        self._ready = True

    def collect(self) -> Iterator[tuple[Hashable, str, Any]]:
        try:
            state, value = self.connection.recv()
        except (EOFError, ConnectionError):
            state, value = "crashed", None
        job, self._job = self._job, None
        if state == "crashed":  # out of memory as well: what a process has lost, every later job would lack
            self.kill()
            if self._used:
                self.retry_job = job
                return
        if state == "disk":
            raise OSError(*value)
        self._used = True
        yield job.key, state, value

    def expire(self) -> Iterator[tuple[Hashable, str, Any]]:
        self.kill()
        job, self._job = self._job, None
        yield job.key, "timeout", None

    def kill(self) -> None:
        self.dead = True
        self._process.kill()
        self._process.wait()
        self.connection.close()
