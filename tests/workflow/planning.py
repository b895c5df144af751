"""Plans of a finished study, made in a second each: no job runs, the outputs are empty files.

A dry run decides by times, parameters, inputs and metadata, not by what the files hold. So a study counts as
finished once every output exists and Snakemake has recorded its metadata (``--touch``).
"""

import hashlib
import re
from pathlib import Path

import yaml
from snakemake_server import ROOT, run_snakemake, user_environment

from echoclr_core.synthetic.files import own_folder


def own_cohort(folder: Path) -> None:
    """Mark the files of a folder as those of the generator of the synthetic cohort."""
    (folder / own_folder.MARK).touch()
    key = folder / own_folder.FILES["key"]
    key.write_text(hashlib.sha256(b"a key").hexdigest() + "\n")
    key.chmod(0o600)
    facts = own_folder.file_facts(folder, list(own_folder.FILES.values()))
    lines = "".join(f"{path}\t{more}\n" for path, more in facts)
    (folder / own_folder.LISTING).write_text(lines)


class Planner:
    """Plans of one study in a working directory.

    Parameters
    ----------
    directory
        The working directory.
    configs
        Configuration files, laid over each other.
    """

    def __init__(self, directory: Path, *configs: Path | str):
        self.directory = directory
        self.configs = [str(config) for config in configs]

    def run(self, *arguments: str, overlay: dict | str | None = None) -> str:
        """What Snakemake prints; it must end well."""
        configs = list(self.configs)
        if overlay:
            path = self.directory / "overlay.yaml"
            path.write_text(overlay if isinstance(overlay, str) else yaml.safe_dump(overlay))
            configs.append(str(path))
        command = ["--snakefile", str(ROOT / "Snakefile"), "--directory", str(self.directory), *arguments]
        command += ["--configfile", *configs] if configs else []
        done = run_snakemake(command, user_environment())
        text = done.stdout + done.stderr
        assert done.returncode == 0, f"{' '.join(arguments)}: exit code {done.returncode}\n{text[-6000:]}"
        return text

    def finish(self, overlay: dict | str | None = None) -> None:
        """Make every output of the study an empty file, with the metadata of a finished job."""
        table = self.run("--summary", "--quiet", overlay=overlay)
        rows = [line.split("\t") for line in table.splitlines() if line.count("\t") >= 5]
        names = [row[0] for row in rows if row[0] != "output_file"]
        assert names, table[-3000:]
        for name in names:
            path = self.directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            inside = any(other.startswith(f"{name}/") for other in names)
            if Path(name).suffix or inside:
                path.touch() if not inside else path.mkdir(exist_ok=True)
            else:
                path.mkdir(exist_ok=True)
        for path in self.directory.glob("results/*/clips/store.json"):
            path.write_text('{"shards": []}')  # read while jobs are planned: their memory depends on it
        for folder in {self.directory / Path(name).parts[0] for name in names} - {self.directory / "results"}:
            own_cohort(folder)
        self.run("--touch", "--forceall", "--cores", "1", "--quiet", overlay=overlay)

    def jobs(self, *arguments: str, overlay: dict | str | None = None) -> dict[str, int]:
        """Rule to number of jobs of a dry run (without `all`)."""
        text = self.run("--dry-run", *arguments, overlay=overlay)
        table = re.search(r"^job +count\n-[- ]+\n(.*?)^total ", text, re.MULTILINE | re.DOTALL)
        if table is None:
            assert "Nothing to be done" in text, text[-3000:]
            return {}
        rows = (line.split() for line in table.group(1).strip().splitlines())
        return {name: int(count) for name, count in rows if name != "all"}

    def started(self, *arguments: str, overlay: dict | str | None = None) -> set[str]:
        """The rules of a dry run that run for a reason of their own, not because of a job before them."""
        text = self.reasons(*arguments, overlay=overlay)
        blocks = re.findall(r"^(?:local)?rule (\w+):\n(.*?)(?:\n\n|\Z)", text, re.MULTILINE | re.DOTALL)
        because = [(rule, re.search(r"^ +reason: (.*)$", block, re.MULTILINE)) for rule, block in blocks]
        derived = ("Input files updated by another job", "Rules with neither input nor output")
        return {rule for rule, reason in because if reason and not reason.group(1).startswith(derived)}

    def reasons(self, *arguments: str, overlay: dict | str | None = None) -> str:
        """The text of a dry run, which names each job with its reason."""
        return self.run("--dry-run", *arguments, overlay=overlay)
