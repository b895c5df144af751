"""Figures 2, 3, S1 and S2: performance against the share of labels."""

from pathlib import Path

from echoclr_core.evaluate.schema import METRICS
from echoclr_core.reporting.label_efficiency import figure_of_paper
from echoclr_core.reporting.published import published_metrics
from echoclr_core.reporting.style import save_figure
from workflow_scripts.lib.job import job

with job(snakemake) as log:
    metrics = METRICS.read(snakemake.input.metrics)
    published = published_metrics(snakemake.params.published) if snakemake.params.published else None
    for path in snakemake.output:
        if path.endswith(".png"):
            number = Path(path).stem.removeprefix("figure").removeprefix("_")
            save_figure(figure_of_paper(number, metrics, published=published), path.removesuffix(".png"))
