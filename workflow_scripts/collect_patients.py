"""Join the shards of new patients."""

from pathlib import Path

import pandas as pd

from echoclr_core.predict.results import write_results
from echoclr_core.predict.tables import PATIENT_FILES, PATIENT_PREDICTIONS, PATIENT_VIDEOS
from workflow_scripts.lib.job import job

SCHEMAS = {"files": PATIENT_FILES, "videos": PATIENT_VIDEOS, "predictions": PATIENT_PREDICTIONS}

with job(snakemake) as log:
    tables = {
        name: pd.concat([schema.read(path) for path in snakemake.input[name]], ignore_index=True)
        for name, schema in SCHEMAS.items()
    }
    write_results(Path(snakemake.output[0]).parent, **tables)
    log.info(
        "%d predictions of %d studies", len(tables["predictions"]), tables["files"]["study_id"].nunique()
    )
