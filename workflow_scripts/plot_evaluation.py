"""Calibration and subgroups of the models with the most labels."""

from pathlib import Path

from echoclr_core.evaluate.schema import EVALUATION
from echoclr_core.reporting.exhibits import figure_name
from echoclr_core.reporting.pages import page_of
from echoclr_core.reporting.reliability import reliability_figure
from echoclr_core.reporting.style import own_initialisations, save_figure
from echoclr_core.reporting.subgroups import subgroup_figure
from workflow_scripts.lib.job import job

with job(snakemake) as log, own_initialisations(snakemake.params.init_titles):
    all_titles = dict(snakemake.params.titles)
    curve = EVALUATION["calibration_curve"].read(snakemake.input.curve)
    for path in snakemake.output.calibration:
        if path.endswith(".png"):
            titles = page_of(all_titles, figure_name(Path(path).stem)[1])
            figure = reliability_figure(curve, snakemake.params.inits, titles=titles)
            save_figure(figure, path.removesuffix(".png"))
    subgroups = EVALUATION["subgroups"].read(snakemake.input.subgroups)
    for path in snakemake.output.subgroups:
        if path.endswith(".png"):
            titles = page_of(all_titles, figure_name(Path(path).stem)[1])
            figure = subgroup_figure(
                subgroups, snakemake.params.inits, titles=titles, least_cell=snakemake.params.least_cell
            )
            save_figure(figure, path.removesuffix(".png"))
