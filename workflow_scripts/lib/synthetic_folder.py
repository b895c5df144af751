"""The folder of the synthetic cohort: the only place that the generator writes to, marked as its own.

The paths below are outputs of a rule, and Snakemake removes outputs before a job starts. They are therefore
never taken from the configuration: all lie at fixed names below ``synthetic.folder``, and that folder must
be new, empty, or carry the mark of an earlier cohort.
"""

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

from echoclr_core.design.sources import is_synthetic

MARK = "SYNTHETIC_COHORT.json"
LISTING = "synthetic_files.tsv"
PARTIAL = ".partial"
ENGINE_FILE = ".snakemake_timestamp"  # of Snakemake, in each folder that is an output
FILES = {
    "dicom": "dicom",
    "labels": "labels.csv",
    "views": "view_labels.csv",
    "truth": "truth.parquet",
    "frames": "truth_frames.parquet",
    "distractors": "distractor_files.parquet",
    "key": "pseudonym.key",
}
"""Name of each output of the rule to its path below the folder."""

INPUTS = {
    ("input", "dicom_dir"): "dicom",
    ("input", "labels"): "labels",
    ("input", "pseudonym_key_file"): "key",
    ("views", "labels"): "views",
}
"""Keys that name a file of the cohort to that file; in a synthetic study empty or exactly this path."""


class NotOwnFolderError(ValueError):
    """The folder holds files that the generator did not write."""


def output_paths(config: dict) -> dict[str, str]:
    """Name of each output to its path, all below ``synthetic.folder``."""
    return {name: f"{config['synthetic']['folder']}/{file}" for name, file in FILES.items()}


def input_problems(config: dict) -> list[str]:
    """Keys that name the user's own data in a study of the synthetic cohort: it is one or the other."""
    if not is_synthetic(config):
        return []
    if not config["synthetic"]["folder"]:
        return ["synthetic.folder: is empty; name a new folder for the synthetic cohort, such as demo_data"]
    paths, found = output_paths(config), []
    for (section, key), name in INPUTS.items():
        value = config[section][key]
        if value and Path(value) != Path(paths[name]):
            found.append(f"{section}.{key}: names your own data, but {_both(config)}")
    found += [
        f"input.avi.{key}: names your own data, but {_both(config)}"
        for key in ("dir", "table")
        if config["input"]["avi"][key]
    ]
    return found


def _both(config: dict) -> str:
    studies = config["synthetic"]["development_studies"]
    return (
        f"synthetic.development_studies is {studies}, which makes a synthetic cohort; leave the overlay of "
        "the synthetic cohort out of --configfile, or set synthetic.development_studies: 0"
    )


def fill_inputs(config: dict) -> dict:
    """The configuration of a synthetic study with the paths of its cohort; any other as it is."""
    if not is_synthetic(config):
        return config
    paths = output_paths(config)
    filled = {section: dict(config[section]) for section, _ in INPUTS}
    for (section, key), name in INPUTS.items():
        filled[section][key] = paths[name]
    return config | filled


def folder_problems(config: dict) -> list[str]:
    """What forbids the generator to write to ``synthetic.folder``."""
    if not is_synthetic(config):
        return []
    folder = Path(config["synthetic"]["folder"])
    if not folder.exists() or is_marked(folder) or (folder.is_dir() and not any(folder.iterdir())):
        return []
    return [
        f"synthetic.folder: {folder} exists and was not written by the generator of the synthetic cohort (it "
        f"has no file {MARK}); name a new folder, or remove this one if nothing in it is needed"
    ]


def is_marked(folder: Path) -> bool:
    """Whether the generator has marked the folder as its own."""
    return (folder / MARK).is_file()


def claim(folder: Path) -> None:
    """Make the folder and mark it, before anything is written to it.

    Raises
    ------
    NotOwnFolderError
        The folder holds something and has no mark.
    """
    if folder.exists() and not is_marked(folder) and any(folder.iterdir()):
        raise NotOwnFolderError(
            f"synthetic.folder holds files and no {MARK}; the generator writes to its own only"
        )
    folder.mkdir(parents=True, exist_ok=True)
    text = "Written by the generator of the synthetic cohort; files added by hand stop it from writing anew."
    (folder / MARK).write_text(json.dumps({"about": text}, indent=2) + "\n", encoding="utf-8")


def publish(work: Path, folder: Path) -> None:
    """Move what was written below ``work`` to its place in the folder.

    The listing of all files is written before the first of them is moved, so that a kill in between leaves
    nothing that the generator would not know again.
    """
    rows = sorted(_facts(work, list(FILES.values())))
    partial = folder / f".{LISTING}"
    partial.write_text("".join(f"{path}\t{facts}\n" for path, facts in rows), encoding="utf-8")
    partial.replace(folder / LISTING)
    for name in FILES.values():
        (work / name).rename(folder / name)
    work.rmdir()


def foreign_files(folder: Path) -> list[str]:
    """Paths below the folder that the generator did not write, or that were changed since."""
    if not folder.is_dir():
        return []
    listing = folder / LISTING
    lines = listing.read_text(encoding="utf-8").splitlines() if listing.exists() else []
    known = {tuple(line.split("\t", 1)) for line in lines}
    own = (MARK, LISTING, f".{LISTING}", PARTIAL)
    parts = [path.name for path in folder.iterdir() if path.name not in own]
    return sorted(path for path, facts in _facts(folder, parts) if (path, facts) not in known)


def _facts(folder: Path, parts: list[str]) -> Iterator[tuple[str, str]]:
    """Path and what tells that the file is as it was written, for each file below ``parts``."""
    for part in parts:
        top = folder / part
        if top.is_dir() and not top.is_symlink():
            for path in _files(top):
                facts = path.lstat()
                yield str(path.relative_to(folder)), f"{facts.st_size}\t{facts.st_mtime_ns}"
        else:  # Snakemake sets the time of each declared file when the job has ended
            yield part, "link" if top.is_symlink() else hashlib.sha256(top.read_bytes()).hexdigest()


def _files(top: Path) -> Iterator[Path]:
    """Everything below a folder that is no folder; links are not followed."""
    for place, folders, names in os.walk(top):
        linked = [name for name in folders if (Path(place) / name).is_symlink()]
        yield from (Path(place) / name for name in (*names, *linked) if name != ENGINE_FILE)
