"""Print what a finished run found, what it made, and which files to open.

python -m tools.print_summary config/demo.yaml
"""

import sys
from pathlib import Path

import pandas as pd

from echoclr_core.design.grid import Grid
from echoclr_core.reporting.findings import findings
from echoclr_core.reporting.style import own_initialisations
from echoclr_core.views.keep import short_names
from tools.study_config import study_config


def summary(overlay: Path, *, results: Path = Path("results")) -> str:
    """A few lines on a study that has run; every number is read from its tables.

    Parameters
    ----------
    overlay
        The study's configuration over ``config.yaml``.
    results
        The folder of all studies' results.
    """
    config = study_config(overlay)
    folder = results / config["study"]["name"]
    studies = pd.read_parquet(folder / "cohort" / "studies.parquet")
    videos = pd.read_parquet(folder / "cohort" / "videos.parquet")
    metrics = pd.read_parquet(folder / "evaluation" / "metrics.parquet")
    comparisons = pd.read_parquet(folder / "evaluation" / "comparisons.parquet")
    models = len(metrics[["task", "init", "ratio", "draw"]].drop_duplicates())
    grid = Grid(config)
    with own_initialisations(grid.init_titles):
        sentences = findings(metrics, comparisons, dict(grid.titles))
    lines = [f"Found: {sentence}" for sentence in sentences]
    kept = short_names(config["views"]["keep"])
    lines += [
        f"Made:  {len(videos)} masked {kept} videos of {len(studies)} studies, "
        f"{models} selected models, {len(metrics)} rows of metrics.",
        f"Open:  {folder / 'report.html'}",
        f"Also:  {folder / 'figures'} (figures 2 to 4), {folder / 'evaluation'} (result tables)",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    print(summary(Path(sys.argv[1])))
