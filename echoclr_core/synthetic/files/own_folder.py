"""The folder of the synthetic cohort: the only place that the generator writes to, marked as its own."""

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

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
"""Name of each output to its path below the folder."""


class NotOwnFolderError(ValueError):
    """The folder holds files that the generator did not write."""


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
    rows = sorted(file_facts(work, list(FILES.values())))
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
    return sorted(path for path, facts in file_facts(folder, parts) if (path, facts) not in known)


def file_facts(folder: Path, parts: list[str]) -> Iterator[tuple[str, str]]:
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
