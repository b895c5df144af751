"""Figure 4: saliency of two models on the studies the reference is surest of."""

import numpy as np

from echoclr_core.reporting.saliency import saliency_figure
from echoclr_core.reporting.style import TASK_NAMES, save_figure
from workflow_scripts.lib.job import job

with job(snakemake) as log:
    arrays = np.load(snakemake.input[0])
    figure = saliency_figure(
        arrays["frame"],
        arrays["maps"],
        arrays["probabilities"],
        [str(name) for name in arrays["models"]],
        [str(name) for name in arrays["study_ids"]],
        scale=float(arrays["scale"]) or None,
        labels=arrays["labels"].tolist(),
        task_name=TASK_NAMES[snakemake.wildcards.task],
    )
    save_figure(figure, snakemake.output[0].removesuffix(".png"))
