"""All source files of one shard: one row each, whatever becomes of them."""

import errno
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from echoclr_core.common.folder_lock import hold_folder
from echoclr_core.common.isolation import Job, run_isolated
from echoclr_core.common.mask_files import mask_path
from echoclr_core.common.shard_cache import ShardCache
from echoclr_core.deidentify.identifiers.pseudonyms import RESTRICTED_CATALOGUE
from echoclr_core.deidentify.review.decisions import Decision, refuse_unknown_videos
from echoclr_core.deidentify.settings import DeidentifySettings
from echoclr_core.deidentify.shard_jobs import IDENTITY, ONE_FILE, RETRIED, ShardJobs, sort_out
from echoclr_core.deidentify.tables import SOURCE_FILES
from echoclr_core.deidentify.unchanged import changed_files, changed_since

WAIT_SECONDS = 60.0


def deidentify_shard(
    rows: pd.DataFrame,
    root: str | Path,
    target_dir: str | Path,
    work_dir: str | Path,
    *,
    settings: DeidentifySettings | None = None,
    study_key: str = "AccessionNumber",
    decisions: Mapping[str, Decision] | None = None,
    kept_dir: str | Path | None = None,
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
    decisions
        What a person decided about videos of the shard, by video. They are made by
        :func:`~echoclr_core.deidentify.review.decided_video.deidentify_decided`.
    kept_dir
        Where the finished files stay for the next run, so that a changed decision or a new file makes that
        video anew and no other. The videos are hard links to those of ``target_dir``. None keeps none.
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
    DecisionError
        A decision is about no video of ``rows``.
    IncompleteShardError
        A finished file was removed or changed behind the job's back; nothing is delivered.
    WorkerError, OSError
        No process can be started, the disk is full, or the archive is not there any more: things that are no
        single file's fault.
    """
    settings = settings or DeidentifySettings()
    decisions = decisions or {}
    rows = RESTRICTED_CATALOGUE.check(rows)
    refuse_unknown_videos(decisions, rows)
    with hold_folder(work_dir, wait_seconds=wait_seconds):
        cache = ShardCache(work_dir)
        if kept_dir is not None:
            cache.take_over(kept_dir)
        work = sort_out(rows, Path(root), cache, process, settings, decisions)
        finished = work.finished
        identities = {row["video_id"]: row for row in rows[list(IDENTITY)].to_dict("records")}
        for video_id, found, detail in _outcomes(work, rows, Path(root), study_key, settings, workers):
            written = _files(video_id) if found["outcome"] == "ok" else ()
            cache.put(video_id, work.keys[video_id], found, written)
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
        _keep(cache, kept_dir, table)
        cache.remove()
    return table


def _outcomes(
    work: ShardJobs,
    rows: pd.DataFrame,
    root: Path,
    study_key: str,
    settings: DeidentifySettings,
    workers: int,
) -> Iterator[tuple[str, dict[str, Any], str]]:
    """(video_id, row, detail) of every file that is left to do; "changed" if it changed while it was read.

    Raises
    ------
    OSError
        The archive has gone while files were read.
    """
    catalogued = {row["video_id"]: row for row in rows.to_dict("records")}
    for function, jobs in work.jobs.items():
        for video_id, found, detail in _results(
            jobs, function, catalogued, root, study_key, settings, workers
        ):
            if found["outcome"] != "changed" and (differing := _changed(catalogued[video_id], root)):
                found, detail = {"outcome": "changed"}, differing
            if found["outcome"] != "ok":
                _require_archive(root)
            yield video_id, found, detail


def _keep(cache: ShardCache, kept_dir: str | Path | None, table: pd.DataFrame) -> None:
    """Leave what is finished for the next run, and nothing of files that are no longer in the shard."""
    if kept_dir is not None:
        cache.keep(kept_dir, list(table.loc[~table["outcome"].isin(RETRIED), "video_id"]))


def _require_archive(root: Path) -> None:
    """Raise OSError where the archive has gone: a file that cannot be read is not to blame then."""
    if root.is_dir():
        with os.scandir(root) as entries:
            if next(entries, None) is not None:
                return
    raise OSError(errno.ENOTCONN, "the folder of the source files is empty or gone: is it mounted?")


def _results(
    jobs: Sequence[Job],
    function: str,
    catalogued: dict[str, dict[str, Any]],
    root: Path,
    study_key: str,
    settings: DeidentifySettings,
    workers: int,
) -> Iterator[tuple[str, dict[str, Any], str]]:
    """(video_id, row, detail) of every job of a function."""
    left, changed = _without_changed(jobs, catalogued, root, study_key, workers)
    yield from changed
    yield from _run(left, function, settings, workers)


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
