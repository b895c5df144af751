"""Decode and deidentify the videos of one shard."""

from functools import partial

from echoclr_core.deidentify.shard import deidentify_shard
from workflow_scripts.lib.job import settings
from workflow_scripts.lib.shards import write_shard
from workflow_scripts.lib.source_folder import source_folder

write_shard(
    snakemake,
    source_folder(snakemake),
    partial(deidentify_shard, study_key=settings(snakemake).study_key),
)
