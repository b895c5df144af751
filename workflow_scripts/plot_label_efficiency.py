"""Figures 2, 3, S1 and S2: performance against the share of labels."""

from pathlib import Path

from echoclr_core.evaluate.schema import METRICS
from echoclr_core.reporting.exhibits import figure_name
from echoclr_core.reporting.label_efficiency import figure_of_paper, number_of
from echoclr_core.reporting.pages import page_of
from echoclr_core.reporting.published import published_metrics
from echoclr_core.reporting.style import own_initialisations, save_figure
from workflow_scripts.lib.job import job

with job(snakemake) as log, own_initialisations(snakemake.params.init_titles):
    metrics = METRICS.read(snakemake.input.metrics)
    published = published_metrics(**snakemake.params.published) if snakemake.params.published else None
    for path in snakemake.output:
        if path.endswith(".png"):
            name, number = figure_name(Path(path).stem)
            titles = page_of(dict(snakemake.params.titles), number)
            figure = figure_of_paper(number_of(name), metrics, titles=titles, published=published)
            save_figure(figure, path.removesuffix(".png"))
