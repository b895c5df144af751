"""One job at a time on a state folder: a lock of the operating system, and a record of who holds it.

The lock (``flock``) is released by the kernel however the job ends. On a network file system it holds between
machines where the server hands locks on (NFS 4, NFS 3 with lockd, GPFS, Lustre mounted with ``flock``). Some
mounts grant locks to one machine only (NFS with ``local_lock``, Lustre with ``localflock``, BeeGFS without
global locks). For these the holder also rewrites its record every few seconds: a job that gets the lock while
the record of another machine keeps changing is refused. A file system without any locks is an error.
"""

import errno
import fcntl
import json
import logging
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

BEAT_SECONDS = 5.0  # between two changes of the record by whoever holds the folder
WATCH_SECONDS = 20.0  # for which the record of another machine must stand still
HELD = (errno.EAGAIN, errno.EACCES)
NO_LOCKS = (errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOLCK, errno.EINVAL)
logger = logging.getLogger(__name__)


class FolderHeldError(RuntimeError):
    """Another job holds the folder; the message says on which host, under which number, and since when."""

    holds_no_identifier = True  # the message may be shown outside of restricted/


_held: dict[Path, int] = {}  # folder to the thread of this process that holds it
_held_lock = threading.Lock()


@contextmanager
def hold_folder(
    folder: str | Path, *, wait_seconds: float = 60.0, poll_seconds: float = 0.2
) -> Iterator[None]:
    """Hold ``folder`` for as long as the context lasts; every other job on it waits, then is refused.

    The lock and the record lie beside the folder (``.<name>.lock``, ``.<name>.holder.json``), which may
    itself be removed meanwhile. A thread that holds a folder may hold it once more.

    Parameters
    ----------
    folder
        Need not exist.
    wait_seconds
        How long to wait for a job that holds it; a job whose workflow was killed needs a moment to end.
    poll_seconds
        Pause between two tries.

    Raises
    ------
    FolderHeldError
        It is still held after ``wait_seconds``, or held from a machine that the locks do not reach.
    OSError
        The file system grants no locks.
    """
    folder = Path(os.path.abspath(folder))  # noqa: PTH100 (links stay: the lock lies beside the given name)
    with _held_lock:
        nested = _held.get(folder) == threading.get_ident()
    if nested:
        yield
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    descriptor = _acquire(folder, time.monotonic() + wait_seconds, poll_seconds)
    with _held_lock:
        _held[folder] = threading.get_ident()
    try:
        with _recorded(folder):
            yield
    finally:
        with _held_lock:
            del _held[folder]
        fcntl.flock(descriptor, fcntl.LOCK_UN)  # also for a child that inherited the descriptor
        os.close(descriptor)


def _lock_path(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.lock")


def _record_path(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.holder.json")


def _acquire(folder: Path, deadline: float, poll_seconds: float) -> int:
    """The descriptor of the lock, once it is ours."""
    said = False
    while True:
        descriptor = os.open(_lock_path(folder), os.O_RDWR | os.O_CREAT, 0o666)
        try:
            if _try_lock(descriptor, folder):
                _refuse_if_alive_elsewhere(folder)
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)
        if not said:
            logger.info("waiting: %s", _holder(folder))
            said = True
        if time.monotonic() > deadline:
            raise FolderHeldError(
                f"{_holder(folder)}. Two jobs on one state folder would lose results: wait for that job, or "
                "end it (scancel, kill), and start again"
            )
        time.sleep(poll_seconds)


def _try_lock(descriptor: int, folder: Path) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in HELD:
            return False
        if error.errno in NO_LOCKS:
            raise OSError(
                error.errno,
                f"the file system grants no locks ({error.strerror}); keep the results on one that does "
                "(Lustre: mount with flock)",
                str(_lock_path(folder)),
            ) from error
        raise
    try:  # somebody may have removed the file between opening and locking it
        return os.fstat(descriptor).st_ino == _lock_path(folder).stat().st_ino
    except FileNotFoundError:
        return False


def _refuse_if_alive_elsewhere(folder: Path) -> None:
    """Raise if a machine that the lock does not reach goes on changing the record."""
    before = _read(folder)
    if before is None or before.get("host") == socket.gethostname():
        return  # of this machine: the lock would be taken if it lived
    logger.info("watching for %g s whether its last job lives: %s", WATCH_SECONDS, _holder(folder))
    end = time.monotonic() + WATCH_SECONDS
    while time.monotonic() < end:
        time.sleep(BEAT_SECONDS / 10)
        if (now := _read(folder)) is not None and now != before:
            raise FolderHeldError(
                f"{_holder(folder)}, and the locks of this file system do not reach that machine"
            )


def _read(folder: Path) -> dict | None:
    """The record, tried again while it is just being written; None if there is none."""
    for _ in range(20):
        try:
            found = json.loads(_record_path(folder).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError):
            time.sleep(0.02)
            continue
        return found if isinstance(found, dict) else None
    return None


def _holder(folder: Path) -> str:
    found = _read(folder) or {}
    names = ("host", "pid", "since", *(["SLURM job"] if "SLURM job" in found else []))
    who = ", ".join(f"{name} {found.get(name, 'unknown')}" for name in names)
    return f"the state folder {folder.name} is held by another job ({who})"


@contextmanager
def _recorded(folder: Path) -> Iterator[None]:
    """Keep the record of this process up to date."""
    who = {
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "since": datetime.now().astimezone().isoformat(timespec="seconds"),
    }
    if job_id := os.environ.get("SLURM_JOB_ID"):
        who["SLURM job"] = job_id
    ended = threading.Event()
    path = _record_path(folder)

    def write(beat: int) -> None:
        # In place: a network file system shows a changed file to other machines sooner than a replaced one.
        path.write_text(json.dumps(who | {"beat": beat}), encoding="utf-8")

    def keep_writing() -> None:
        beat = 1
        while not ended.wait(BEAT_SECONDS):
            try:
                write(beat)
            except OSError as error:  # a full disk is for the job itself to meet
                logger.warning("the record of who holds a state folder was not written: %s", error.strerror)
            beat += 1

    write(0)
    thread = threading.Thread(target=keep_writing, name="holder of a state folder", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        path.unlink(missing_ok=True)
