"""What `echoclr doctor` says of one study: its files, key, label and view tables, and the disk they need."""

import contextlib
import io
import itertools
import os
import random
import shutil
import stat
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
from snakemake.exceptions import WorkflowError

from echoclr_core.cohort.key_match import match_label_file
from echoclr_core.design.tasks import study_tasks
from workflow_scripts.cli.findings import Finding
from workflow_scripts.lib.file_checks import missing_files
from workflow_scripts.lib.table_checks import check_tables, column_settings

SAMPLE = 48  # files whose headers are read
MAX_WALK = 20.0  # s; a larger archive is sampled from what was listed until then
STORE_BYTES = 100 * 112 * 112 * 2  # a video of 100 frames, in the clip store and as masked AVI
FULL_BYTES = 6e6  # a full-size deidentified video (docs/scale.md)
SHARD_FILES = 3600
WARNING = "warning: "  # begins a line that does not stop a run


@dataclass(kw_only=True)
class Archive:
    """Files below the archive's folder, as far as they were listed."""

    files: int = 0
    bytes: int = 0
    complete: bool = True
    sample: list[Path] = field(default_factory=list)


def configuration_findings(config: dict, *, synthetic: bool) -> Iterator[Finding]:
    """Paths, key and tables, in the words in which the workflow refuses them."""
    missing = [
        line
        for line in missing_files(config, synthetic=synthetic)
        if not line.startswith("finetune.kinetics_weights")  # a finding of its own
    ]
    for line in missing:
        yield Finding(subject="configuration", text=line, level="problem", cure="see docs/own_data.md")
    for line in table_problems(config):
        level = "note" if line.startswith(WARNING) else "problem"
        yield Finding(subject="table", text=line, level=level, cure="correct the table or its key")
    if not missing:
        yield Finding(subject="configuration", text="every named file is there")
    yield from _key(config)


def table_problems(config: dict) -> list[str]:
    """What `snakemake` would say of the input tables."""
    said = io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.suppress(WorkflowError):
        check_tables(config)
    return said.getvalue().splitlines()


def _has_problems(config: dict) -> bool:
    return not all(line.startswith(WARNING) for line in table_problems(config))


def _key(config: dict) -> Iterator[Finding]:
    path = Path(config["input"]["pseudonym_key_file"] or "-")
    if path.is_file():
        mode = stat.S_IMODE(path.stat().st_mode)
        yield Finding(subject="key file", text=f"mode {mode:04o}")


def list_archive(folder: str) -> Archive:
    """Count files and bytes, and draw a sample over the whole tree, within MAX_WALK seconds."""
    found, chance, end = Archive(), random.Random(0), time.monotonic() + MAX_WALK
    for place, _, names in os.walk(folder):
        for name in names:
            path = Path(place) / name
            found.files += 1
            with contextlib.suppress(OSError):
                found.bytes += path.lstat().st_size
            if len(found.sample) < SAMPLE:
                found.sample.append(path)
            elif (number := chance.randrange(found.files)) < SAMPLE:
                found.sample[number] = path
        if time.monotonic() > end:
            found.complete = False
            break
    return found


def archive_findings(config: dict, archive: Archive) -> Iterator[Finding]:
    """What the sampled headers hold, how many of their studies have labels, and the disk."""
    from echoclr_core.dicom.catalogue import describe_paths

    more = "" if archive.complete else f" or more (listing stopped after {MAX_WALK:.0f} s)"
    if not archive.files:
        cure = "is the folder mounted? input.dicom_dir must hold the DICOM files"
        yield Finding(subject="archive", text="holds no file", level="problem", cure=cure)
        return
    yield Finding(subject="archive", text=f"{archive.files} files{more}, {archive.bytes / 1e9:.2f} GB")
    study_key = config["input"]["study_key"]
    workers = max(1, min(4, len(os.sched_getaffinity(0))))
    rows = pd.DataFrame([row for _, row in describe_paths(archive.sample, study_key, workers)])
    yield _outcomes(rows, study_key)
    yield from _labels(config, rows)
    yield disk_finding(config, archive, float((rows["outcome"] == "ok").mean()))


def _outcomes(rows: pd.DataFrame, study_key: str) -> Finding:
    counts = Counter(rows["outcome"])
    text = f"{len(rows)} headers read: " + ", ".join(f"{name} {n}" for name, n in counts.most_common())
    if counts["no_study_key"] > len(rows) / 4:
        cure = f"{study_key} is empty in many files: another input.study_key, for example StudyInstanceUID"
        return Finding(subject="sample", text=text, level="problem", cure=cure)
    if not counts["ok"]:
        cure = "none is a cine loop: is input.dicom_dir the right folder? docs/errors.md explains outcomes"
        return Finding(subject="sample", text=text, level="problem", cure=cure)
    return Finding(subject="sample", text=text)


def _labels(config: dict, rows: pd.DataFrame) -> Iterator[Finding]:
    if "study_key" not in rows:
        return
    inputs = config["input"]
    match = match_label_file(inputs["labels"], inputs["columns"]["study_key"], rows)
    if match is None:
        return
    text = f"{match.n_common} of {match.n_archive} sampled studies are among {match.n_labels} labelled ones"
    if match.n_common or not match.n_archive:
        few = match.n_common < match.n_archive / 2
        cure = "studies without labels are left out and counted; if more were expected, compare the keys"
        level = "note" if few else "ok"
        yield Finding(subject="labels", text=text, level=level, cure=cure if few else "")
    else:
        yield Finding(subject="labels", text=text, level="problem", cure=match.reason)


def label_findings(config: dict) -> Iterator[Finding]:
    """Positive and negative studies of each task; nothing for a table with problems, which are said above."""
    from echoclr_core.cohort.labels import parse_label_file
    from workflow_scripts.lib.label_columns import label_columns

    if not Path(config["input"]["labels"] or "-").is_file() or _has_problems(config):
        return
    labels, _ = parse_label_file(config["input"]["labels"], label_columns(column_settings(config)))
    for task in study_tasks(config):
        label = task.label(labels)
        positive, negative = int((label == 1).sum()), int((label == 0).sum())
        level, cure = _label_level(positive, negative, task.columns())
        yield Finding(
            subject=f"task {task.name}",
            text=f"{positive} positive, {negative} negative, {int(label.isna().sum())} without label",
            level=level,
            cure=cure,
        )


def _label_level(positive: int, negative: int, columns: list[str]) -> tuple[str, str]:
    """Level and cure by the numbers of labelled studies."""
    if not positive + negative:
        return "problem", f"fill in {columns} of input.labels, or leave the task out of finetune.tasks"
    if min(positive, negative) < 20:
        return "note", "few studies of a class: intervals will be wide, or missing in small test sets"
    return "ok", ""


def view_findings(config: dict) -> Iterator[Finding]:
    """Labelled videos of each view, where a classifier is trained from them."""
    from echoclr_core.common.text_table import read_text_table

    path = Path(config["views"]["labels"] or "-")
    if config["views"]["classifier"] != "compact" or not path.is_file():
        return
    with contextlib.suppress(ValueError):
        table = read_text_table(path).cells
        if "view" in table:
            counts = table["view"].value_counts()
            shown = ", ".join(f"{view} {n}" for view, n in itertools.islice(counts.items(), 12))
            yield Finding(subject="views", text=f"labelled videos: {shown}")


def disk_finding(config: dict, archive: Archive, usable: float) -> Finding:
    """Free disk in the working directory against what the results need, estimated from the sample.

    ``usable`` is the share of sampled files that are cine loops.
    """
    videos = archive.files * usable
    full = videos if config["deidentify"]["keep_videos"] else min(videos, SHARD_FILES)
    need = videos * STORE_BYTES + full * FULL_BYTES
    free = shutil.disk_usage(".").free
    text = f"{free / 1e9:.1f} GB free here, about {need / 1e9:.1f} GB needed for some {videos:.0f} videos"
    if free > 1.2 * need:
        return Finding(subject="disk", text=text)
    cure = "start in a folder on a larger disk (--directory), or deidentify.keep_videos: false"
    return Finding(subject="disk", text=text, level="problem", cure=cure)
