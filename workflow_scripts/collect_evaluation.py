"""Join the parts of the evaluation and adjust the p-values."""

import pandas as pd

from echoclr_core.evaluate import COMPARISONS, METRICS, adjust
from workflow_scripts.lib.job import job

with job(snakemake) as log:
    metrics = pd.concat([METRICS.read(path) for path in snakemake.input.metrics], ignore_index=True)
    comparisons = pd.concat(
        [COMPARISONS.read(path) for path in snakemake.input.comparisons], ignore_index=True
    )
    METRICS.write(metrics, snakemake.output.metrics)
    COMPARISONS.write(adjust(comparisons), snakemake.output.comparisons)
