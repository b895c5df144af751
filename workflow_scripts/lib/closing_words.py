"""Three lines at the end of the demo: what was made and what to open."""

import sys
from pathlib import Path

import pandas as pd


def closing_words(folder: Path) -> str:
    """What stands in ``folder``, in three lines, every number read from it."""
    studies = pd.read_parquet(folder / "cohort" / "studies.parquet")
    videos = pd.read_parquet(folder / "cohort" / "videos.parquet")
    metrics = pd.read_parquet(folder / "evaluation" / "metrics.parquet")
    models = len(metrics[["task", "init", "ratio", "draw"]].drop_duplicates())
    return (
        f"Made:  {len(videos)} masked PLAX videos of {len(studies)} studies, {models} selected models, "
        f"{len(metrics)} rows of metrics.\n"
        f"Open:  {folder / 'report.html'}\n"
        f"Also:  {folder / 'figures'} (figures 2 to 4), {folder / 'evaluation'} (Tables S2 and S3)"
    )


if __name__ == "__main__":
    print(closing_words(Path(sys.argv[1])))
