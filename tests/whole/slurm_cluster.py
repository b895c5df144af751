"""The SLURM that tools/slurm/up.sh started: what runs, and what can befall it."""

import os
import signal
import subprocess
from pathlib import Path

from small_study import wait_until

FOLDER = Path(os.environ.get("SLURM_TEST_DIR", "/tmp/echoclr-slurm"))


def slurm(*command: str) -> str:
    """What a command of SLURM says."""
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def jobs(folder: Path, rule: str = "", state: str = "") -> list[str]:
    """Numbers of the jobs of the study in ``folder``."""
    lines = slurm("squeue", "--noheader", "--states=all", "--format=%i|%T|%k|%Z").splitlines()
    rows = [line.split("|") for line in lines]
    return [
        number
        for number, now, comment, place in rows
        if Path(place) == folder
        and (not rule or comment.startswith(f"rule_{rule}"))
        and (not state or now == state)
    ]


def wait_for_job(folder: Path, rule: str, seconds: float = 3600) -> str:
    """The number of a running job of a rule, a while after it began."""
    wait_until(lambda: jobs(folder, rule, "RUNNING"), seconds, f"a job of {rule}", pause=0.5)
    return jobs(folder, rule, "RUNNING")[0]


def kill_node() -> None:
    """End the node as a power cut would: its daemon, its job steps and all that they had started."""
    daemon = int((FOLDER / "run" / "slurmd.pid").read_text())
    children = _children()
    steps = [pid for pid in children if b"slurmstepd:" in _command(pid)]
    victims, queue = [daemon], steps
    while queue:
        pid = queue.pop()
        victims.append(pid)
        queue += children.get(pid, [])
    for pid in victims:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    wait_until(lambda: slurm("sinfo", "-h", "-N", "-o", "%T").startswith("down"), 120, "the node is down")


def start_node() -> None:
    """Bring the node back."""
    subprocess.run(["slurmd", "-f", str(FOLDER / "etc" / "slurm.conf")], check=True)
    wait_until(
        lambda: slurm("sinfo", "-h", "-N", "-o", "%T").startswith(("idle", "mix", "alloc")), 120, "node"
    )


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _children() -> dict[int, list[int]]:
    """Every process to those that it started."""
    found: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(path.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        found.setdefault(int(path.parent.name), [])
        found.setdefault(parent, []).append(int(path.parent.name))
    return found
