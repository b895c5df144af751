"""All source files of one shard: one row each, whatever becomes of them."""

import errno
import itertools
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd

from echoclr_core.common.folder_lock import hold_folder
from echoclr_core.common.isolation import Job, run_isolated
from echoclr_core.common.mask_files import mask_path
from echoclr_core.common.resume import resume_key
from echoclr_core.common.shard_cache import ShardCache
from echoclr_core.deidentify.identifiers.pseudonyms import RESTRICTED_CATALOGUE
from echoclr_core.deidentify.settings import DeidentifySettings
from echoclr_core.deidentify.tables import SOURCE_FILES
from echoclr_core.deidentify.unchanged import changed_files, changed_since

ONE_FILE = "echoclr_core.deidentify.video_file:deidentify_video"
IDENTITY = (
    *("video_id", "study_id", "study_uid_id", "patient_id", "unissued_patient_id"),
    *("study_year", "outcome"),
)
RETRIED = ("crashed", "timeout", "changed")  # outcomes that need not be the file's fault
WAIT_SECONDS = 60.0


def deidentify_shard(
    rows: pd.DataFrame,
    root: str | Path,
    target_dir: str | Path,
    work_dir: str | Path,
    *,
    settings: DeidentifySettings | None = None,
    study_key: str = "AccessionNumber",
    workers: int = 1,
    process: str = ONE_FILE,
    wait_seconds: float = WAIT_SECONDS,
    on_delivery: Callable[[pd.DataFrame], None] | None = None,
    on_progress: Callable[[int, int], None] | None = None,
    on_detail: Callable[[str, str], None] | None = None,
) -> pd.DataFrame:
    """Deidentify the videos of a shard; a file that crashes or hangs its decoder costs that file only.

    Parameters
    ----------
    rows
        RESTRICTED_CATALOGUE rows of the shard. Rows whose outcome is not "ok" are carried through unopened.
    root
        The folder that the rows' paths are relative to.
    target_dir
        Appears at the very end, whole, with <video_id>.avi and <video_id>.mask.png of each "ok" row; a
        folder of that name is replaced.
    work_dir
        Keeps finished files and one small JSON a file, so that a run that was killed goes on where it was.
        What was made with other settings, by other code or from a file that has changed is made anew. It is
        removed at the end. It holds no identifiers. One job at a time works in it: see
        :func:`~echoclr_core.common.folder_lock.hold_folder`.
    settings
        See :class:`DeidentifySettings`.
    study_key
        DICOM keyword that named the study when the rows were made. A file whose size, time, study, patient or
        SOP Instance UID is no longer that of its row is "changed", and nothing is written of it.
    workers
        Processes.
    process
        "module:name" of the function for one file, called as ``deidentify_video`` is; for tests.
    wait_seconds
        How long to wait for another job on the same ``work_dir``.
    on_delivery
        Called with the table once ``target_dir`` is there, before ``work_dir`` is removed: writes what
        belongs to the folder. Should it fail, the next run finds every file finished.
    on_progress
        Called with (files done, files in all).
    on_detail
        Called with (video_id, text) where a file could not be used. The text may hold identifiers: write
        it to restricted places only. Nothing else that leaves this function holds any.

    Returns
    -------
    DataFrame
        SOURCE_FILES, one row a source file, sorted by video_id.

    Raises
    ------
    FolderHeldError
        Another job works on ``work_dir``.
    IncompleteShardError
        A finished file was removed or changed behind the job's back; nothing is delivered.
    WorkerError, OSError
        No process can be started, the disk is full, or the archive is not there any more: things that are no
        single file's fault.
    """
    settings = settings or DeidentifySettings()
    rows = RESTRICTED_CATALOGUE.check(rows)
    with hold_folder(work_dir, wait_seconds=wait_seconds):
        cache = ShardCache(work_dir)
        finished, jobs, keys = _sort_out(rows, Path(root), cache, process, settings)
        identities = {row["video_id"]: row for row in rows[list(IDENTITY)].to_dict("records")}
        catalogued = {row["video_id"]: row for row in rows.to_dict("records")}
        jobs, changed = _without_changed(jobs, catalogued, Path(root), study_key, workers)
        for video_id, found, detail in itertools.chain(changed, _run(jobs, process, settings, workers)):
            if found["outcome"] != "changed" and (differing := _changed(catalogued[video_id], Path(root))):
                found, detail = {"outcome": "changed"}, differing
            if found["outcome"] != "ok":
                _require_archive(Path(root))
            cache.put(video_id, keys[video_id], found, _files(video_id) if found["outcome"] == "ok" else ())
            finished[video_id] = identities[video_id] | found
            if detail and on_detail:
                on_detail(video_id, detail)
            if on_progress:
                on_progress(len(finished), len(rows))
        table = pd.DataFrame(list(finished.values())).reindex(columns=list(SOURCE_FILES.columns))
        table = SOURCE_FILES.check(table.sort_values("video_id", ignore_index=True))
        cache.publish(target_dir, list(table.loc[table["outcome"] == "ok", "video_id"]))
        if on_delivery:
            on_delivery(table)
        cache.remove()
    return table


def _require_archive(root: Path) -> None:
    """Raise OSError where the archive has gone: a file that cannot be read is not to blame then."""
    if root.is_dir():
        with os.scandir(root) as entries:
            if next(entries, None) is not None:
                return
    raise OSError(errno.ENOTCONN, "the folder of the source files is empty or gone: is it mounted?")


def _sort_out(
    rows: pd.DataFrame,
    root: Path,
    cache: ShardCache,
    process: str,
    settings: DeidentifySettings,
) -> tuple[dict[str, dict[str, Any]], list[Job], dict[str, str]]:
    """Rows that are known without work; a job for each of the others; every video's key in the cache."""
    finished: dict[str, dict[str, Any]] = {}
    jobs, keys = [], {}
    # In the order of the pseudonyms: in that of the catalogue, the times of the written files would tell the
    # order of the source paths, which often is that of names or dates.
    for row in rows.sort_values("video_id").to_dict("records"):
        identity = {name: None if pd.isna(row[name]) else row[name] for name in IDENTITY}
        video_id = row["video_id"]
        source = [row["path"], row["bytes"], row["mtime_ns"]]
        keys[video_id] = resume_key(process, asdict(settings), source)
        if row["outcome"] != "ok":
            finished[video_id] = identity
        elif (known := cache.get(video_id, keys[video_id])) and known["outcome"] not in RETRIED:
            finished[video_id] = known | identity | {"outcome": known["outcome"]}
        else:
            target = cache.path(f"{video_id}.avi")
            arguments = (str(root / row["path"]), str(target), settings)
            jobs.append(Job(video_id, arguments, settings.time_limit(row["bytes"])))
    return finished, jobs, keys


def _without_changed(
    jobs: Sequence[Job], catalogued: dict[str, dict[str, Any]], root: Path, study_key: str, workers: int
) -> tuple[list[Job], list[tuple[str, dict[str, Any], str]]]:
    """The jobs whose files are those of the catalogue; (video_id, row, detail) of the others."""
    changed = changed_files([catalogued[job.key] for job in jobs], root, study_key, workers)
    paths = {job.key: catalogued[job.key]["path"] for job in jobs}
    left = [job for job in jobs if paths[job.key] not in changed]
    ended = [(key, {"outcome": "changed"}, changed[path]) for key, path in paths.items() if path in changed]
    return left, ended


def _changed(row: dict[str, Any], root: Path) -> str | None:
    """What differs of a file that was decoded; None if nothing does, or it is no longer there."""
    try:
        return changed_since(row, root)
    except OSError:
        return None


def _files(video_id: str) -> tuple[str, str]:
    """Names of the files of a written video."""
    video = f"{video_id}.avi"
    return video, mask_path(video).name


def _run(
    jobs: Sequence[Job], process: str, settings: DeidentifySettings, workers: int
) -> Iterator[tuple[str, dict[str, Any], str]]:
    """(video_id, row, detail) of every job, as they end."""
    runs = run_isolated(process, jobs, workers=workers, memory_megabytes=settings.memory_megabytes)
    for video_id, state, value in runs:
        if state == "done":
            found = dict(value)
            detail = found.pop("detail", "")
            yield video_id, found, detail
        else:
            # An exception that is no UnusableFile is a decoder's failure that nobody foresaw.
            yield video_id, {"outcome": "timeout" if state == "timeout" else "crashed"}, value or state
