"""Running Snakemake as a user does, and one small study that several tests look at."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # for the modules that the tests share

from planning import Planner
from snakemake_server import ROOT, run_snakemake, user_environment

SNAKEMAKE = Path(sys.executable).parent / "snakemake"


class Study:
    """A working directory in which Snakemake is run with one config."""

    def __init__(self, directory: Path, *configs: Path | str):
        self.directory = directory
        self.configs = [str(config) for config in configs]
        self.environment: dict[str, str] = {}

    def run(self, *arguments: str, overlay: str = "", check: bool = True) -> subprocess.CompletedProcess:
        """Run Snakemake, a dry run as a fork of one process; ``overlay`` is YAML laid over the configs."""
        configs = list(self.configs)
        if overlay:
            path = self.directory / "overlay.yaml"
            path.write_text(overlay)
            configs.append(str(path))
        command = ["--snakefile", str(ROOT / "Snakefile"), "--directory", str(self.directory), *arguments]
        command += ["--configfile", *configs] if configs else []  # last: it takes all names that follow
        environment = user_environment() | self.environment
        if {"-n", "--dry-run"} & set(arguments):
            done = run_snakemake(command, environment)
        else:
            done = subprocess.run(
                [str(SNAKEMAKE), *command],
                cwd=ROOT,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
                timeout=900,  # s; one that hangs fails
            )
        if check:
            assert done.returncode == 0, (
                f"{' '.join(arguments)}\n{done.stdout[-3000:]}\n{done.stderr[-6000:]}"
            )
        return done

    def plan(self, *arguments: str, overlay: str = "") -> dict[str, int]:
        """Rule to number of jobs of a dry run (without `all`)."""
        done = self.run("--dry-run", *arguments, overlay=overlay)
        text = done.stdout + done.stderr
        table = re.search(r"^job +count\n-[- ]+\n(.*?)^total ", text, re.MULTILINE | re.DOTALL)
        if table is None:
            assert "Nothing to be done" in text, text[-3000:]
            return {}
        rows = (line.split() for line in table.group(1).strip().splitlines())
        return {name: int(count) for name, count in rows if name != "all"}

    def path(self, *parts: str) -> Path:
        """A path in the working directory."""
        return self.directory.joinpath(*parts)


@pytest.fixture(scope="session")
def smoke(tmp_path_factory) -> Study:
    """The whole study, run once with config/smoke.yaml."""
    study = Study(tmp_path_factory.mktemp("smoke"), ROOT / "config" / "smoke.yaml")
    # what each job imports, for test_code_digests.py
    study.imports = tmp_path_factory.mktemp("imports")
    study.environment = {
        "PYTHONPATH": str(Path(__file__).parent / "recorder"),
        "ECHOCLR_RECORD_IMPORTS": str(study.imports),
    }
    study.output = study.run("--cores", "2", "--quiet", "rules")
    return study


@pytest.fixture(scope="session")
def study_of():
    """Make a Study from a directory and configs."""
    return Study


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """A planner of the small study, all outputs in place; see planning.py."""
    study = Planner(tmp_path_factory.mktemp("finished"), ROOT / "config" / "smoke.yaml")
    study.finish()
    return study
