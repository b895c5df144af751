"""Draw the labelled training studies of every task, ratio and draw."""

from itertools import product

import pandas as pd

from echoclr_core.cohort.subsets import draw_subsets
from echoclr_core.cohort.tables import COHORT_STUDIES, SUBSETS
from workflow_scripts.lib.job import job, settings
from workflow_scripts.lib.training_data import validation_studies

with job(snakemake) as log:
    chosen = settings(snakemake)
    studies = COHORT_STUDIES.read(snakemake.input.studies)
    if snakemake.config["finetune"]["scale_validation"]:
        # Fine-tuning draws these itself; what cannot be drawn is told now, before days of pretraining.
        for task, ratio, draw in product(chosen.tasks, chosen.ratios, range(chosen.draws)):
            validation_studies(studies, task=task, share=str(ratio), draw=draw, seed=chosen.seed)
    subsets = draw_subsets(
        studies,
        tasks=chosen.tasks,
        ratios=chosen.ratios,
        draws=chosen.draws,
        seed=chosen.seed,
    )
    # Every draw stands there once for each pretraining, under the number of the repeat.
    repeats = [subsets.assign(draw=subsets["draw"] * chosen.seeds + number) for number in range(chosen.seeds)]
    subsets = pd.concat(repeats, ignore_index=True)
    SUBSETS.write(subsets, snakemake.output[0])
    log.info("\n%s", subsets.groupby(["task", "ratio", "draw"]).size().to_string())
