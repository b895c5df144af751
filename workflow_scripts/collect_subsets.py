"""Join the label subsets of every task, ratio and draw."""

import pandas as pd

from echoclr_core.cohort.tables import SUBSETS
from workflow_scripts.lib.job import job

with job(snakemake) as log:
    subsets = pd.concat([SUBSETS.read(path) for path in snakemake.input], ignore_index=True)
    SUBSETS.write(subsets, snakemake.output[0])
    log.info("\n%s", subsets.groupby(["task", "ratio", "draw"]).size().to_string())
