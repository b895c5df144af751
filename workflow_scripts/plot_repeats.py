"""Differences between initialisations over draws of the labels and pretrainings."""

from pathlib import Path

from echoclr_core.evaluate.repeats import REPEAT_CLAIMS, REPEATS
from echoclr_core.reporting.exhibits import figure_name
from echoclr_core.reporting.pages import page_of
from echoclr_core.reporting.repeats import repeats_figure
from echoclr_core.reporting.style import own_initialisations, save_figure
from workflow_scripts.lib.job import job

with job(snakemake) as log, own_initialisations(snakemake.params.init_titles):
    repeats = REPEATS.read(snakemake.input.repeats)
    claims = REPEAT_CLAIMS.read(snakemake.input.claims)
    for path in snakemake.output:
        if path.endswith(".png"):
            titles = page_of(dict(snakemake.params.titles), figure_name(Path(path).stem)[1])
            save_figure(repeats_figure(repeats, claims, titles=titles), path.removesuffix(".png"))
