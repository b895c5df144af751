"""Draw the labelled training studies of every task, ratio and draw."""

import pandas as pd

from echoclr_core.cohort import COHORT_STUDIES, SUBSETS, draw_subsets
from workflow_scripts.lib.job import job, settings

with job(snakemake) as log:
    chosen = settings(snakemake)
    subsets = draw_subsets(
        COHORT_STUDIES.read(snakemake.input.studies),
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
