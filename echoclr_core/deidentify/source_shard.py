"""All source files of one shard made into videos: one row each, whatever becomes of them."""

import errno
import itertools
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from echoclr_core.common.folder_lock import hold_folder
from echoclr_core.common.isolation import Job, run_isolated
from echoclr_core.common.mask_files import mask_path
from echoclr_core.common.shard_cache import ShardCache
from echoclr_core.deidentify.changed_since import changed_since
from echoclr_core.deidentify.identifiers.pseudonyms import RESTRICTED_CATALOGUE
from echoclr_core.deidentify.review.decisions import Decision, refuse_unknown_videos
from echoclr_core.deidentify.settings import DeidentifySettings
from echoclr_core.deidentify.shard_jobs import IDENTITY, RETRIED, ShardJobs, sort_out
from echoclr_core.deidentify.tables import SOURCE_FILES

WAIT_SECONDS = 60.0
ChangedFiles = Callable[[Sequence[Mapping[str, Any]]], Mapping[str, str]]


def write_source_shard(
    rows: pd.DataFrame,
    root: str | Path,
    target_dir: str | Path,
    work_dir: str | Path,
    *,
    process: str,
    decided_process: str | None = None,
    changed: ChangedFiles | None = None,
    settings: DeidentifySettings | None = None,
    decisions: Mapping[str, Decision] | None = None,
    kept_dir: str | Path | None = None,
    workers: int = 1,
    wait_seconds: float = WAIT_SECONDS,
    on_delivery: Callable[[pd.DataFrame], None] | None = None,
    on_progress: Callable[[int, int], None] | None = None,
    on_detail: Callable[[str, str], None] | None = None,
) -> pd.DataFrame:
    """Write a video of each file of a shard; a file that crashes or hangs its decoder costs that file only.

    Parameters, result and errors are those of :func:`~echoclr_core.deidentify.shard.deidentify_shard`, but
    for what depends on the kind of the files:

    Parameters
    ----------
    process
        "module:name" of the function for one file, called as ``deidentify_video`` is.
    decided_process
        The same for a file that a person decided on; None where ``decisions`` is empty.
    changed
        Looks at rows before their files are decoded: path to what differs from the catalogue. None for files
        of which nothing but size and time is known; these are compared when a file was decoded in any case.
    """
    settings = settings or DeidentifySettings()
    decisions = decisions or {}
    assert decided_process or not decisions, "files of this kind are not decided on"
    rows = RESTRICTED_CATALOGUE.check(rows)
    refuse_unknown_videos(decisions, rows)
    with hold_folder(work_dir, wait_seconds=wait_seconds):
        cache = ShardCache(work_dir)
        if kept_dir is not None:
            cache.take_over(kept_dir)
        work = sort_out(rows, Path(root), cache, (process, decided_process), settings, decisions)
        finished = work.finished
        identities = {row["video_id"]: row for row in rows[list(IDENTITY)].to_dict("records")}
        for video_id, found, detail in _outcomes(work, rows, Path(root), changed, settings, workers):
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
    changed: ChangedFiles | None,
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
        left, ended = (jobs, []) if changed is None else _without_changed(jobs, catalogued, changed)
        for video_id, found, detail in itertools.chain(ended, _run(left, function, settings, workers)):
            if found["outcome"] != "changed" and (differing := _changed(catalogued[video_id], root)):
                found, detail = {"outcome": "changed"}, differing
            if found["outcome"] != "ok":
                _require_archive(root)
            yield video_id, found, detail


def _without_changed(
    jobs: Sequence[Job], catalogued: dict[str, dict[str, Any]], changed: ChangedFiles
) -> tuple[list[Job], list[tuple[str, dict[str, Any], str]]]:
    """The jobs whose files are those of the catalogue; (video_id, row, detail) of the others."""
    differing = changed([catalogued[job.key] for job in jobs])
    paths = {job.key: catalogued[job.key]["path"] for job in jobs}
    left = [job for job in jobs if paths[job.key] not in differing]
    ended = [
        (key, {"outcome": "changed"}, differing[path]) for key, path in paths.items() if path in differing
    ]
    return left, ended


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
