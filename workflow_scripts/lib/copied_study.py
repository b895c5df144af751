"""A study copied without the times of its files, as `cp -r` does: the times are put back before the plan.

Snakemake runs a job again where an input is newer than its outputs, and tells by checksum only that a small
file is the same: not a folder of videos, not a large table. A copy gives every file the time at which it was
copied, in whatever order. Snakemake's own records, which are copied with it, hold the time of each output at
the end of its job.
"""

import base64
import binascii
import json
import os
import sys
import time
from collections.abc import Collection, Iterator
from pathlib import Path

from echoclr_core.common.files import atomic_path

RECORD = "times.json"
FOLDER_TIME = ".snakemake_timestamp"  # a folder's time for Snakemake is that of this file in it
COARSEST = 2  # s: the coarsest time of change that a file system keeps (FAT)


def record_times(state: str | Path) -> None:
    """Leave a file that states its own time of change: where the two differ, times were lost in a copy."""
    moment = int(time.time()) // COARSEST * COARSEST
    with atomic_path(Path(state) / RECORD) as temporary:
        temporary.write_text(json.dumps({"changed": moment}) + "\n", encoding="utf-8")
        os.utime(temporary, (moment, moment))


def restore_times(state: str | Path, folders: Collection[str], engine: Path = Path(".snakemake")) -> None:
    """Give the outputs below ``folders`` the times of Snakemake's records, if the study was copied without.

    Nothing is done to a study whose times are its own. A line on the terminal says what was done.

    Parameters
    ----------
    state
        The folder that :func:`record_times` wrote to.
    folders
        Folders of outputs, relative to the working directory as Snakemake names them.
    engine
        Snakemake's folder.
    """
    record = Path(state) / RECORD
    if not record.is_file() or _own_time(record):
        return
    found = [
        (path, moment)
        for path, moment in _recorded(engine / "metadata")
        if any(path.startswith(f"{folder}/") for folder in folders)
    ]
    restored = sum(_set_time(Path(path), moment) for path, moment in found)
    record_times(state)
    print(
        f"The study was copied without the times of its files: those of {restored} outputs are put back as "
        "Snakemake recorded them, so that nothing runs again because of the copy.",
        file=sys.stderr,
    )


def warn_of_missing_records(state: str | Path, engine: Path = Path(".snakemake")) -> None:
    """Print a warning for a study that was begun and of which Snakemake has no records here."""
    metadata = engine / "metadata"
    if (Path(state) / RECORD).is_file() and not (metadata.is_dir() and any(metadata.iterdir())):
        print(
            f"warning: there are results, but no records of Snakemake in {metadata}: changed settings and "
            "changed code go unnoticed. Copy .snakemake together with results/, or start with --forceall",
            file=sys.stderr,
        )


def _own_time(record: Path) -> bool:
    return int(record.stat().st_mtime) == json.loads(record.read_text(encoding="utf-8"))["changed"]


def _recorded(metadata: Path) -> Iterator[tuple[str, float]]:
    """Output and time of change of every record. A record's name is the output's in Base64, in pieces."""
    for folder, _, names in os.walk(metadata):
        pieces = [piece.removeprefix("@") for piece in Path(folder).relative_to(metadata).parts]
        for name in names:
            try:
                output = base64.urlsafe_b64decode("".join([*pieces, name])).decode()
                moment = json.loads(Path(folder, name).read_text(encoding="utf-8"))["endtime"]
            except (binascii.Error, UnicodeDecodeError, ValueError, KeyError):  # no record
                continue
            if moment is not None:
                yield output, moment


def _set_time(path: Path, moment: float) -> bool:
    """Set the time of an output; False for one that is not there, as temporary ones are not."""
    carrier = path / FOLDER_TIME
    target = carrier if carrier.is_file() else path
    if not target.exists() or target.is_symlink():
        return False
    os.utime(target, (moment, moment))
    return True
