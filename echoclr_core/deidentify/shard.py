"""All source files of one shard: one row each, whatever becomes of them."""

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd

import echoclr_core
from echoclr_core.common import digest, write_json
from echoclr_core.common.isolation import Job, run_isolated
from echoclr_core.common.mask_files import mask_path
from echoclr_core.common.modules import code_digest
from echoclr_core.deidentify.pseudonyms import RESTRICTED_CATALOGUE
from echoclr_core.deidentify.settings import DeidentifySettings
from echoclr_core.deidentify.tables import SOURCE_FILES

ONE_FILE = "echoclr_core.deidentify.videos:deidentify_video"
IDENTITY = ("video_id", "study_id", "patient_id", "study_year", "shifted_date", "outcome")


def deidentify_shard(
    rows: pd.DataFrame,
    root: str | Path,
    target_dir: str | Path,
    work_dir: str | Path,
    *,
    settings: DeidentifySettings | None = None,
    workers: int = 1,
    process: str = ONE_FILE,
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
        removed at the end. It holds no identifiers.
    settings
        See :class:`DeidentifySettings`.
    workers
        Processes.
    process
        "module:name" of the function for one file, called as ``deidentify_video`` is; for tests.
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
    WorkerError, OSError
        No process can be started, or the disk is full: things that are no single file's fault.
    """
    settings = settings or DeidentifySettings()
    rows = RESTRICTED_CATALOGUE.check(rows)
    target_dir, work = Path(target_dir), _Work(Path(work_dir))
    code = code_digest(_module_file(), Path(echoclr_core.__file__).parents[1], "echoclr_core")
    finished: dict[str, dict[str, Any]] = {}
    jobs, keys = [], {}
    # In the order of the pseudonyms: in that of the catalogue, the times of the written files would tell the
    # order of the source paths, which often is that of names or dates.
    for row in rows.sort_values("video_id").to_dict("records"):
        identity = {name: None if pd.isna(row[name]) else row[name] for name in IDENTITY}
        video_id = row["video_id"]
        keys[video_id] = digest([asdict(settings), process, code, row["path"], row["bytes"], row["mtime_ns"]])
        known = identity if row["outcome"] != "ok" else work.recall(video_id, keys[video_id])
        if known is not None:
            dates = {name: identity[name] for name in ("study_year", "shifted_date")}
            finished[video_id] = identity | known | dates
        else:
            arguments = (str(Path(root) / row["path"]), str(work.video(video_id)), settings)
            jobs.append(Job(video_id, arguments, settings.time_limit(row["bytes"])))
    identities = {row["video_id"]: row for row in rows[list(IDENTITY)].to_dict("records")}
    for video_id, found, detail in _run(jobs, process, settings, workers):
        work.remember(video_id, keys[video_id], found)
        finished[video_id] = identities[video_id] | found
        if detail and on_detail:
            on_detail(video_id, detail)
        if on_progress:
            on_progress(len(finished), len(rows))
    table = pd.DataFrame(list(finished.values())).reindex(columns=list(SOURCE_FILES.columns))
    table = SOURCE_FILES.check(table.sort_values("video_id", ignore_index=True))
    work.deliver(target_dir, set(table.loc[table["outcome"] == "ok", "video_id"]))
    return table


def _module_file() -> str:
    from echoclr_core.deidentify import videos

    return videos.__file__


def _run(jobs, process, settings, workers) -> Iterator[tuple[str, dict[str, Any], str]]:
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


class _Work:
    """The folder in which a shard is made, file by file."""

    def __init__(self, folder: Path):
        self._folder = folder
        self._files = folder / "files"
        self._rows = folder / "rows"
        self._files.mkdir(parents=True, exist_ok=True)
        self._rows.mkdir(exist_ok=True)

    def video(self, video_id: str) -> Path:
        return self._files / f"{video_id}.avi"

    def remember(self, video_id: str, key: str, row: dict[str, Any]) -> None:
        write_json(self._rows / f"{video_id}.json", {"key": key, "row": row})

    def recall(self, video_id: str, key: str) -> dict[str, Any] | None:
        """The row of a file that is done already, or None. "crashed" and "timeout" get another chance."""
        path = self._rows / f"{video_id}.json"
        if not path.exists():
            return None
        kept = json.loads(path.read_text(encoding="utf-8"))
        row = kept["row"]
        if kept["key"] != key or row["outcome"] in ("crashed", "timeout"):
            return None
        video = self.video(video_id)
        whole = video.exists() and video.stat().st_size == row.get("bytes") and mask_path(video).exists()
        return row if row["outcome"] != "ok" or whole else None

    def deliver(self, target: Path, video_ids: set[str]) -> None:
        """Make the finished files the target folder in one step, and remove the working folder."""
        wanted = {
            path.name
            for video_id in video_ids
            for path in (self.video(video_id), mask_path(self.video(video_id)))
        }
        for path in self._files.iterdir():
            if path.name not in wanted:
                path.unlink()
        target.parent.mkdir(parents=True, exist_ok=True)
        source = self._files
        if not _same_device(source, target.parent):
            source = target.with_name(f".{target.name}.partial")
            shutil.rmtree(source, ignore_errors=True)
            shutil.copytree(self._files, source)
        if target.exists():
            shutil.rmtree(target)
        source.rename(target)
        shutil.rmtree(self._folder)


def _same_device(one: Path, other: Path) -> bool:
    return one.stat().st_dev == other.stat().st_dev
