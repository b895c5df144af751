"""Describe how the videos of each study of the cohort were acquired."""

import pandas as pd

from echoclr_core.cohort.tables import COHORT_VIDEOS
from echoclr_core.deidentify.tables import SOURCE_FILES
from echoclr_core.evaluate.technical import TECHNICAL, describe_studies
from echoclr_core.video.tables import MASKED_VIDEOS
from echoclr_core.views.tables import VIEW_DECISIONS
from workflow_scripts.lib.job import job

with job(snakemake) as log:
    shards = {
        name: pd.concat([schema.read(path) for path in snakemake.input[name]], ignore_index=True)
        for name, schema in (("files", SOURCE_FILES), ("masked", MASKED_VIDEOS), ("views", VIEW_DECISIONS))
    }
    table = describe_studies(COHORT_VIDEOS.read(snakemake.input.videos), **shards)
    TECHNICAL.write(table, snakemake.output[0])
    log.info("%d studies; vendors: %s", len(table), table["vendor"].value_counts().to_dict())
