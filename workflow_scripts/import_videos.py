"""Decode the given videos of one shard and write them anew."""

from functools import partial

from echoclr_core.deidentify.source_shard import write_source_shard
from echoclr_core.video.provided import IMPORT_ONE
from workflow_scripts.lib.shards import write_shard

write_shard(
    snakemake, snakemake.config["input"]["avi"]["dir"], partial(write_source_shard, process=IMPORT_ONE)
)
