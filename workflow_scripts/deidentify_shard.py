"""Decode and deidentify the videos of one shard."""

from workflow_scripts.lib.shards import write_shard
from workflow_scripts.lib.source_folder import source_folder

write_shard(snakemake, source_folder(snakemake))
