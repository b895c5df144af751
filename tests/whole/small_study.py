"""The small study (config/smoke.yaml) in a folder: started, killed with all below it, compared."""

import hashlib
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SNAKEMAKE = Path(sys.executable).parent / "snakemake"
SUFFIXES = {".parquet", ".csv", ".md", ".tex", ".safetensors", ".avi", ".npy", ".npz", ".mp4", ".png"}
# Times of the source files, what a job cost, and what is kept between attempts.
NOT_COMPARED = re.compile(
    r"(^|/)(restricted/catalog|restricted/state|state|benchmarks|logs)/|(crosswalk|timings)\.parquet$"
)


class SmallStudy:
    """One folder in which Snakemake runs the small study.

    Parameters
    ----------
    folder
        The working directory.
    arguments
        What every command has in addition, such as a profile.
    """

    def __init__(self, folder: Path, *arguments: str):
        self.folder = folder
        self.arguments = arguments
        self.results = folder / "results" / "smoke"
        self.said = folder / "said.txt"
        self.process: subprocess.Popen | None = None
        self.earlier = 0  # steps done by attempts that were killed
        self.begin = 0  # where in `said` the last attempt begins

    def command(self, *more: str, overlay: str = "") -> list[str]:
        """The command that starts the study and, given once more, goes on with it."""
        configs = [str(ROOT / "config" / "smoke.yaml")]
        if overlay:
            (self.folder / "overlay.yaml").write_text(overlay)
            configs.append(str(self.folder / "overlay.yaml"))
        where = ["--snakefile", str(ROOT / "Snakefile"), "--directory", str(self.folder)]
        return [str(SNAKEMAKE), *more, *where, *self.arguments, "--configfile", *configs]

    def start(self, *more: str, overlay: str = "") -> subprocess.Popen:
        """Start in a session of its own, so that a kill of the session reaches all below it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.begin = self.said.stat().st_size if self.said.exists() else 0
        with self.said.open("a") as said:
            self.process = subprocess.Popen(
                self.command(*more, overlay=overlay),
                cwd=self.folder,
                stdout=said,
                stderr=said,
                start_new_session=True,
            )
        return self.process

    def run(self, *more: str, overlay: str = "", seconds: float = 7200) -> None:
        """Run to the end; an AssertionError with the last lines unless it succeeds."""
        code = self.start(*(more or self.local()), overlay=overlay).wait(seconds)
        assert code == 0, self.said.read_text()[-4000:]

    def local(self) -> tuple[str, ...]:
        """The profile of a workstation, where no other was named."""
        profile = str(ROOT / "profiles" / "default")
        return () if self.arguments else ("--cores", "2", "--workflow-profile", profile)

    def unlock(self) -> None:
        """What docs/running.md says to do after a kill."""
        subprocess.run(self.command("--unlock"), cwd=self.folder, check=True, capture_output=True)

    def kill(self) -> None:
        """SIGKILL Snakemake and all that it has started."""
        assert self.process is not None
        for pid in processes_of_session(self.process.pid):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self.process.wait()
        self.earlier += self.steps()

    def ended(self) -> bool:
        """Whether Snakemake has ended by itself."""
        return self.process is not None and self.process.poll() is not None

    def wait_for_steps(self, number: float, seconds: float = 3600) -> None:
        """Wait until so many steps are done by all attempts together, or the run has ended."""
        wait_until(
            lambda: self.earlier + self.steps() >= number or self.ended(), seconds, f"step {number:.0f}"
        )

    def steps(self) -> int:
        """How many steps this attempt has done."""
        attempt = self.said.read_bytes()[self.begin :].decode(errors="replace")
        done = re.findall(r"^(\d+) of \d+ steps", attempt, re.MULTILINE)
        return int(done[-1]) if done else 0

    def digests(self) -> dict[str, str]:
        """Path to SHA-256 of every table, weight, video and figure."""
        paths = {path.relative_to(self.results).as_posix(): path for path in self.results.rglob("*")}
        return {
            name: hashlib.sha256(path.read_bytes()).hexdigest()
            for name, path in sorted(paths.items())
            if path.suffix in SUFFIXES and path.is_file() and not NOT_COMPARED.search(name)
        }


def processes_of_session(session: int) -> list[int]:
    """Numbers of the processes of a session."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == session:
            found.append(int(stat.parent.name))
    return found


def differences(a: dict[str, str], b: dict[str, str]) -> list[str]:
    """Paths whose digests differ or that only one has."""
    return sorted(name for name in a.keys() | b.keys() if a.get(name) != b.get(name))


def wait_until(true, seconds: float, what: str, pause: float = 0.2) -> None:
    """Poll until ``true()``; an AssertionError after ``seconds``."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"{what}: not within {seconds:.0f} s"
        time.sleep(pause)
