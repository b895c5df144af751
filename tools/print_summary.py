"""Print what a finished run found, what it made, and which files to open."""

import sys
from pathlib import Path

import pandas as pd

from echoclr_core.reporting.findings import findings


def summary(folder: Path) -> str:
    """A few lines on the results in ``folder``; every number is read from its tables."""
    studies = pd.read_parquet(folder / "cohort" / "studies.parquet")
    videos = pd.read_parquet(folder / "cohort" / "videos.parquet")
    metrics = pd.read_parquet(folder / "evaluation" / "metrics.parquet")
    comparisons = pd.read_parquet(folder / "evaluation" / "comparisons.parquet")
    found = findings(metrics, comparisons, sorted(metrics["task"].unique()))
    models = len(metrics[["task", "init", "ratio", "draw"]].drop_duplicates())
    return (
        "".join(f"Found: {sentence}\n" for sentence in found)
        + f"Made:  {len(videos)} masked PLAX videos of {len(studies)} studies, {models} selected models, "
        f"{len(metrics)} rows of metrics.\n"
        f"Open:  {folder / 'report.html'}\n"
        f"Also:  {folder / 'figures'} (figures 2 to 4), {folder / 'evaluation'} (Tables S2 and S3)"
    )


if __name__ == "__main__":
    print(summary(Path(sys.argv[1])))
