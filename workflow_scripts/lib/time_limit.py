"""SLURM's time limit: a signal ahead of it, and the job back into the queue instead of a failed attempt.

A job that keeps its work in a state folder loses nothing when it is stopped. A while before the limit the
process receives SIGUSR1, which a training answers by saving and leaving with EXIT_STOPPED. The job is then
put back into SLURM's queue under its own number, with the same resources: for Snakemake it is the same
attempt, so neither ``retries`` nor memory that grows with the attempt are touched.
"""

import logging
import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from echoclr_core.common.folder_lock import FolderHeldError
from echoclr_core.training.stopping import EXIT_STOPPED

LOOK_SECONDS = 600.0  # between two questions for the time that is left: a limit may be changed
MIN_MARGIN, MAX_MARGIN, MARGIN_SHARE = 15.0, 300.0, 0.1
WAIT_FOR_END = 300.0  # s that SLURM has to end a job that it has put back into the queue
log = logging.getLogger("echoclr")


def margin_of(limit: float) -> float:
    """Seconds before the end of a limit of ``limit`` seconds at which to stop: a tenth, 15 s to 5 min."""
    return min(max(MARGIN_SHARE * limit, MIN_MARGIN), MAX_MARGIN)


def parse_time_left(text: str) -> float | None:
    """Seconds of SLURM's [days-][[hours:]minutes:]seconds; None for no limit or no time."""
    match = re.fullmatch(r"(?:(\d+)-)?(?:(?:(\d+):)?(\d+):)?(\d+)", text.strip())
    if match is None:
        return None
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return float(((days * 24 + hours) * 60 + minutes) * 60 + seconds)


class TimeLimit:
    """The limit of the SLURM job that runs this process and nothing else.

    Parameters
    ----------
    job_id
        SLURM's number of the job.
    rule
        The rule; SLURM knows the jobs of Snakemake's executor by it. The allocation in which a user runs
        Snakemake itself is left alone.
    state
        The folder or file that the job keeps its work in.
    """

    def __init__(self, job_id: str, rule: str, state: Path):
        self.job_id = job_id
        self.rule = rule
        self.state = state
        self.reached = False
        self._changed_before = _last_change(state)

    def time_left(self) -> float | None:
        """Seconds until the limit; None without one, where SLURM does not answer, or in another's job."""
        left, ours = self._ask()
        return parse_time_left(left) if ours else None

    def is_ours(self) -> bool:
        """Whether Snakemake's executor submitted the SLURM job for this rule."""
        return self._ask()[1]

    def _ask(self) -> tuple[str, bool]:
        answer = _run("squeue", "--noheader", "--jobs", self.job_id, "--format", "%L|%k")
        left, _, comment = answer.stdout.strip().partition("|")
        ours = re.match(rf"rule_{re.escape(self.rule)}(_wildcards_|$)", comment) is not None
        return left, ours and not answer.returncode

    def watch(self, ended: threading.Event) -> None:
        """Send SIGUSR1 to this process ahead of the limit, unless ``ended`` is set before."""
        left = self.time_left()
        if left is None:
            return
        margin = margin_of(left)
        while left is None or left > margin:
            if ended.wait(min(LOOK_SECONDS, 10.0 if left is None else left - margin)):
                return
            left = self.time_left()
        self.reached = True
        log.info("%.0f s before the time limit of SLURM: this job saves and goes back into the queue", left)
        os.kill(os.getpid(), signal.SIGUSR1)

    def requeue(self) -> None:
        """Put the job back into the queue at its time limit; leave with EXIT_STOPPED where that fails.

        A job that saved nothing since it started is not put back: it would never come to an end.
        """
        self.reached = False
        if _last_change(self.state) == self._changed_before:
            log.error("nothing was saved within the time limit; give the rule a longer runtime")
            raise SystemExit(EXIT_STOPPED)
        self.put_back()
        raise SystemExit(EXIT_STOPPED)

    def put_back(self) -> None:
        """Put the job back into SLURM's queue and wait to be ended; return where that fails."""
        answer = _run("scontrol", "requeue", self.job_id)
        if answer.returncode == 0:
            log.info("SLURM job %s is back in the queue", self.job_id)
            time.sleep(WAIT_FOR_END)
        log.error("SLURM did not take job %s back: %s", self.job_id, answer.stderr.strip())


@contextmanager
def back_in_queue_at_time_limit(rule: str, state: str | Path | None) -> Iterator[None]:
    """Run the body of a resumable job; ahead of SLURM's time limit it goes back into the queue.

    So does a job whose state folder another one holds: after a kill of Snakemake its jobs live on, and the
    next run submits the same once more.

    Nothing happens outside of SLURM, in an allocation that the user made, and where ``state`` is None.
    """
    job_id = os.environ.get("SLURM_JOB_ID", "")
    if state is None or not job_id or threading.current_thread() is not threading.main_thread():
        yield
        return
    limit, ended = TimeLimit(job_id, rule, Path(state)), threading.Event()

    def act(number: int, frame: object) -> None:
        # What does not stop by itself, as a training does, keeps its work as it goes along.
        if limit.reached:
            limit.requeue()
        raise SystemExit(EXIT_STOPPED)

    before = signal.signal(signal.SIGUSR1, act)
    threading.Thread(target=limit.watch, args=(ended,), daemon=True).start()
    try:
        yield
    except SystemExit as stop:
        if stop.code == EXIT_STOPPED and limit.reached:
            limit.requeue()
        raise
    except FolderHeldError as held:
        if limit.is_ours():
            log.warning("%s", held)
            limit.put_back()
        raise
    finally:
        ended.set()
        signal.signal(signal.SIGUSR1, before)


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return subprocess.CompletedProcess(command, 1, "", str(error))


def _last_change(state: Path) -> int:
    """When the file, or anything but logs below the folder, was written last, ns; 0 for nothing."""
    files = [state] if state.is_file() else [path for path in state.rglob("*") if path.suffix != ".log"]
    return max((path.lstat().st_mtime_ns for path in files), default=0)
