"""Decode the masked videos of one shard into the clip store."""

from echoclr_core.video import MASKED_VIDEOS, build_store
from workflow_scripts.lib.job import job

with job(snakemake) as log:
    build_store(
        MASKED_VIDEOS.read(snakemake.input.table),
        snakemake.input.videos,
        snakemake.output.frames,
        snakemake.output.index,
        size=snakemake.params.size,
    )
