"""Figure 4: saliency of two models on the studies the reference is surest of; its film and its check."""

import numpy as np

from echoclr_core.reporting.movie import movie_frames, write_movie
from echoclr_core.reporting.saliency import saliency_figure
from echoclr_core.reporting.saliency_checks import cascade_figure
from echoclr_core.reporting.style import own_initialisations, save_figure
from workflow_scripts.lib.job import job

with job(snakemake) as log, own_initialisations(snakemake.params.init_titles):
    with np.load(snakemake.input[0]) as stored:
        arrays = dict(stored)
    models = [str(name) for name in arrays["models"]]
    scale = arrays["scale"] if snakemake.params.scale == "figure" else arrays["maps"].max(axis=(1, 2, 3))
    figure = saliency_figure(
        arrays["clips"][:, 0],
        arrays["maps"],
        arrays["probabilities"],
        models,
        [str(name) for name in arrays["study_ids"]],
        scale=scale,
        labels=arrays["labels"].tolist(),
        valves=arrays["valve"],
        task_name=dict(snakemake.params.titles)[snakemake.wildcards.task],
    )
    save_figure(figure, snakemake.output.figure[0].removesuffix(".png"))
    checks = cascade_figure(arrays["correlations"], models, [str(stage) for stage in arrays["stages"]])
    save_figure(checks, snakemake.output.checks[0].removesuffix(".png"))
    # The videos may differ in their rate; a film has one.
    write_movie(movie_frames(arrays, scale), snakemake.output.movie, fps=float(np.median(arrays["fps"])))
