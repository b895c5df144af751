"""Hull-masked videos of a whole shard, and a look at them."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from echoclr_core.common.avi_reading import iter_avi
from echoclr_core.common.folder_lock import hold_folder
from echoclr_core.common.isolation import Job, run_isolated
from echoclr_core.common.resume import resume_key
from echoclr_core.common.shard_cache import ShardCache
from echoclr_core.options.mask import MaskOptions
from echoclr_core.video.hull import fit_frames
from echoclr_core.video.tables import MASKED_VIDEOS

MASK_FILE = "echoclr_core.video.masked_video:mask_file"
MASKED_FROM = ("video_id", "sha256", "mm_per_pixel_x", "mm_per_pixel_y")
"""Columns of SOURCE_FILES that :func:`mask_shard` reads."""
log = logging.getLogger(__name__)


def mask_shard(
    videos: pd.DataFrame,
    source_dir: str | Path,
    target_dir: str | Path,
    work_dir: str | Path | None = None,
    *,
    settings: MaskOptions,
    workers: int = 1,
    process: str = MASK_FILE,
    on_delivery: Callable[[pd.DataFrame], None] | None = None,
) -> pd.DataFrame:
    """Mask a shard's videos, several at a time; one bad file is a row, not the end of the shard.

    Parameters
    ----------
    videos
        Columns video_id and study_id, and of SOURCE_FILES where they are known sha256 (a file that differs
        from it is unreadable), mm_per_pixel_x and mm_per_pixel_y. Others are not looked at. In any order; may
        have no rows.
    source_dir
        Holds <video_id>.avi.
    target_dir
        Appears at the end, whole, with <video_id>.avi of each "ok" row; a folder of that name is replaced.
    work_dir
        Keeps finished videos, so that a run that was killed goes on where it was; what was made with other
        settings, by other code or from another file is made anew. Removed at the end. One job at a time works
        in it. None: a hidden folder beside ``target_dir``.
    settings
        See :class:`~echoclr_core.options.mask.MaskOptions`.
    workers
        Processes. They change no result.
    process
        "module:name" of the function for one file, called as ``mask_file`` is; for tests.
    on_delivery
        Called with the table once ``target_dir`` is there, before ``work_dir`` is removed: writes what
        belongs to the folder. Should it fail, the next run finds every file finished.

    Returns
    -------
    DataFrame
        MASKED_VIDEOS, in the order of ``videos``.

    Raises
    ------
    FolderHeldError
        Another job works on ``work_dir``.
    IncompleteShardError
        A finished file was removed or changed behind the job's back; nothing is delivered.
    WorkerError, OSError
        No process can be started, or the disk fails.
    """
    source_dir, target_dir = Path(source_dir), Path(target_dir)
    work_dir = target_dir.with_name(f".{target_dir.name}.work") if work_dir is None else Path(work_dir)
    with hold_folder(work_dir):
        cache = ShardCache(work_dir)
        found, jobs, keys = _sort_out(videos, source_dir, cache, process, settings)
        for video_id, state, value in run_isolated(process, jobs, workers=workers):
            row = dict(value) if state == "done" else {"outcome": "unreadable", "detail": value or state}
            if detail := row.pop("detail", None):
                log.warning("%s is unreadable: %s", video_id, detail)
            files = [f"{video_id}.avi"] if row["outcome"] == "ok" else []
            cache.put(video_id, keys[video_id], row, files)
            found[video_id] = row
        rows = [found[video_id] for video_id in videos["video_id"]]
        frame = pd.DataFrame(rows, columns=list(MASKED_VIDEOS.columns))
        frame["video_id"], frame["study_id"] = list(videos["video_id"]), list(videos["study_id"])
        table = MASKED_VIDEOS.check(frame)
        cache.publish(target_dir, list(table.loc[table["outcome"] == "ok", "video_id"]))
        if on_delivery:
            on_delivery(table)
        cache.remove()
    return table


def _sort_out(
    videos: pd.DataFrame, source_dir: Path, cache: ShardCache, process: str, settings: MaskOptions
) -> tuple[dict[str, dict[str, Any]], Sequence[Job], dict[str, str]]:
    """Rows that are known without work; a job for each of the others; every video's key in the cache."""
    digests = videos["sha256"] if "sha256" in videos else [None] * len(videos)
    found, jobs, keys = {}, [], {}
    for video_id, sha256, spacing in zip(videos["video_id"], digests, _spacings(videos), strict=True):
        source = source_dir / f"{video_id}.avi"
        sha256 = None if pd.isna(sha256) else str(sha256)
        keys[video_id] = resume_key(process, asdict(settings), [*_identity(source, sha256), spacing])
        known = cache.get(video_id, keys[video_id])
        if known is not None and known["outcome"] != "unreadable":  # that may have been the machine's fault
            found[video_id] = known
        else:
            target = cache.path(f"{video_id}.avi")
            jobs.append(Job(video_id, (str(source), str(target), settings, sha256, spacing)))
    return found, jobs, keys


def _spacings(videos: pd.DataFrame) -> list[tuple[float, float] | None]:
    """Millimetres a pixel of each video, (across, down); None where they are not known."""
    names = ["mm_per_pixel_x", "mm_per_pixel_y"]
    if not set(names) <= set(videos.columns):
        return [None] * len(videos)
    pairs = videos[names].itertuples(index=False)
    return [None if pd.isna(x) or pd.isna(y) else (float(x), float(y)) for x, y in pairs]


def _identity(source: Path, sha256: str | None) -> list[Any]:
    """What tells one version of a video from another."""
    if sha256 is not None or not source.exists():
        return [source.name, sha256]
    status = source.stat()
    return [source.name, status.st_size, status.st_mtime_ns]


def mask_preview(
    masked: pd.DataFrame,
    source_dir: str | Path,
    target_dir: str | Path,
    *,
    videos: int = 12,
    keep_aspect: bool = False,
) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Middle frames before and after masking, for a montage.

    Parameters
    ----------
    masked
        MASKED_VIDEOS of a shard (or of several whose files lie in the same folders).
    source_dir, target_dir
        The folders that :func:`mask_shard` read and wrote.
    videos
        At most this many, evenly spaced over the rows whose outcome is "ok".
    keep_aspect
        As the videos were masked, so that both frames have the same shape.

    Returns
    -------
    video_ids : list of str
    before, after : (n, size, size) uint8 ndarray
        In the size of the written frames. (0, 1, 1) where no row is "ok".
    """
    good = masked[masked["outcome"] == "ok"]
    places = np.unique(np.linspace(0, len(good) - 1, min(videos, len(good))).round().astype(int))
    chosen = good.iloc[places]
    before, after = [], []
    for video_id, n_frames in chosen[["video_id", "n_frames"]].itertuples(index=False):
        middle = int(n_frames) // 2
        shown = next(islice(iter_avi(Path(target_dir) / f"{video_id}.avi"), middle, None))
        raw = next(islice(iter_avi(Path(source_dir) / f"{video_id}.avi"), middle, None))
        after.append(shown)
        before.append(fit_frames(raw, len(shown), keep_aspect))
    if not before:
        return [], np.zeros((0, 1, 1), np.uint8), np.zeros((0, 1, 1), np.uint8)
    return list(chosen["video_id"]), np.stack(before), np.stack(after)
