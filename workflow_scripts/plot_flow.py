"""From the archive to the sets: every exclusion with its count."""

from echoclr_core.cohort.flow import FLOW
from echoclr_core.reporting.flow import flow_figure
from echoclr_core.reporting.style import save_figure
from workflow_scripts.lib.job import job

with job(snakemake) as log:
    params = snakemake.params
    figure = flow_figure(FLOW.read(snakemake.input[0]), kept=params.kept, least_cell=params.least_cell)
    save_figure(figure, snakemake.output[0].removesuffix(".png"))
