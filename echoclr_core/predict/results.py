"""The result files of new patients, as the workflow and the one-study command write them."""

from pathlib import Path

import pandas as pd

from echoclr_core.common.files import atomic_path
from echoclr_core.predict.tables import PATIENT_FILES, PATIENT_PREDICTIONS, PATIENT_VIDEOS
from echoclr_core.reporting.tables import to_csv

NAMES = ("predictions.parquet", "predictions.csv", "files.parquet", "files.csv", "videos.parquet")


def write_results(
    folder: str | Path, files: pd.DataFrame, videos: pd.DataFrame, predictions: pd.DataFrame
) -> None:
    """Write the tables of :data:`NAMES`, each whole, sorted by study.

    Parameters
    ----------
    files, videos, predictions
        PATIENT_FILES, PATIENT_VIDEOS, PATIENT_PREDICTIONS.
    """
    folder = Path(folder)
    predictions = predictions.sort_values(["study_id", "task", "initialisation"], ignore_index=True)
    files = files.sort_values(["study_id", "video_id"], ignore_index=True)
    videos = videos.sort_values(["study_id", "video_id", "task", "draw"], ignore_index=True)
    PATIENT_PREDICTIONS.write(predictions, folder / "predictions.parquet")
    PATIENT_FILES.write(files, folder / "files.parquet")
    PATIENT_VIDEOS.write(videos, folder / "videos.parquet")
    for name, table in (("predictions", predictions), ("files", files)):
        with atomic_path(folder / f"{name}.csv") as temporary:
            temporary.write_text(to_csv(table), encoding="utf-8")
