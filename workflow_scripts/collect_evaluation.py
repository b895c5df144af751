"""Join the parts of the evaluation and adjust the p-values."""

import json

import pandas as pd

from echoclr_core.common.recorded import joined
from echoclr_core.evaluate.comparisons import adjust
from echoclr_core.evaluate.schema import EVALUATION
from workflow_scripts.lib.job import job

with job(snakemake) as log:
    for name, schema in EVALUATION.items():
        table = pd.concat([schema.read(path) for path in snakemake.input[name]], ignore_index=True)
        made_with = json.dumps(joined(snakemake.input[name]), sort_keys=True)
        schema.write(
            adjust(table) if name == "comparisons" else table, snakemake.output[name], settings=made_with
        )
