"""The DICOM files of one shard, deidentified: one row each, whatever becomes of them."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import pandas as pd

from echoclr_core.deidentify.review.decisions import Decision
from echoclr_core.deidentify.settings import DeidentifySettings
from echoclr_core.deidentify.source_shard import WAIT_SECONDS, write_source_shard
from echoclr_core.deidentify.unchanged import changed_files

ONE_FILE = "echoclr_core.deidentify.video_file:deidentify_video"
DECIDED_FILE = "echoclr_core.deidentify.review.decided_video:deidentify_decided"


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
    return write_source_shard(
        rows,
        root,
        target_dir,
        work_dir,
        process=process,
        decided_process=DECIDED_FILE,
        changed=partial(changed_files, root=root, study_key=study_key, workers=workers),
        settings=settings,
        decisions=decisions,
        kept_dir=kept_dir,
        workers=workers,
        wait_seconds=wait_seconds,
        on_delivery=on_delivery,
        on_progress=on_progress,
        on_detail=on_detail,
    )
