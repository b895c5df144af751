"""Calibration and subgroups of the models with the most labels."""

from echoclr_core.evaluate.schema import EVALUATION
from echoclr_core.reporting.reliability import reliability_figure
from echoclr_core.reporting.style import save_figure
from echoclr_core.reporting.subgroups import subgroup_figure
from workflow_scripts.lib.job import job

with job(snakemake) as log:
    curve = EVALUATION["calibration_curve"].read(snakemake.input.curve)
    figure = reliability_figure(curve, snakemake.params.inits)
    save_figure(figure, snakemake.output.calibration[0].removesuffix(".png"))
    subgroups = EVALUATION["subgroups"].read(snakemake.input.subgroups)
    figure = subgroup_figure(subgroups, snakemake.params.inits)
    save_figure(figure, snakemake.output.subgroups[0].removesuffix(".png"))
