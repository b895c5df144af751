"""Decode the given videos of one shard and write them anew."""

from echoclr_core.deidentify import (
    RESTRICTED_CATALOGUE,
    SOURCE_FILES,
    DeidentifySettings,
    deidentify_shard,
)
from echoclr_core.video.given import IMPORT_ONE
from workflow_scripts.lib.job import job, settings

with job(snakemake, restricted=True) as log:
    table = deidentify_shard(
        RESTRICTED_CATALOGUE.read(snakemake.input.catalog),
        snakemake.input.videos,
        snakemake.output.videos,
        snakemake.params.state,
        settings=DeidentifySettings(**settings(snakemake).deidentify),
        workers=snakemake.threads,
        process=IMPORT_ONE,
        on_detail=lambda video, text: log.info("%s %s", video, text),
    )
    SOURCE_FILES.write(table, snakemake.output.table)
    log.info("%d files: %s", len(table), table["outcome"].value_counts().to_dict())
