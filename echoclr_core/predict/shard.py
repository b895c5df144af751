"""The new studies of a shard: scores of every bundle, and their pages."""

from collections.abc import Collection, Sequence
from pathlib import Path

import pandas as pd

from echoclr_core.predict.bundle import Bundle
from echoclr_core.predict.scoring import score_files
from echoclr_core.predict.study_page import StudyPage, write_page
from echoclr_core.predict.tables import PATIENT_PREDICTIONS, PATIENT_VIDEOS
from echoclr_core.video.store import ClipStore


def score_shard(
    bundles: Sequence[Bundle],
    store: ClipStore,
    files: pd.DataFrame,
    *,
    device: str = "cpu",
    jobs_per_gpu: int = 1,
    workers: int = 0,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """PATIENT_VIDEOS and PATIENT_PREDICTIONS of several bundles; see :func:`score_files`."""
    scored = [
        score_files(bundle, store, files, device=device, jobs_per_gpu=jobs_per_gpu, workers=workers)
        for bundle in bundles
    ]
    return (
        PATIENT_VIDEOS.check(pd.concat([videos for videos, _ in scored], ignore_index=True)),
        PATIENT_PREDICTIONS.check(pd.concat([studies for _, studies in scored], ignore_index=True)),
    )


def write_pages(
    folder: str | Path,
    bundles: Sequence[Bundle],
    store: ClipStore,
    tables: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame],
    clean: Collection[str],
) -> None:
    """Write ``<study_id>.html`` of every study into ``folder``.

    Parameters
    ----------
    bundles
        In the order of the page's sections.
    store
        Clips of the scored videos.
    tables
        PATIENT_FILES, PATIENT_VIDEOS, PATIENT_PREDICTIONS of the shard.
    clean
        Videos of which pictures may be shown; see :class:`StudyPage`.
    """
    for study in tables[2]["study_id"].unique():
        files, videos, predictions = (table[table["study_id"] == study] for table in tables)
        page = StudyPage(
            study_id=study, files=files, videos=videos, predictions=predictions, store=store, clean=clean
        )
        write_page(Path(folder) / f"{study}.html", page, bundles)
