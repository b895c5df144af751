"""Decode the given videos of one shard and write them anew."""

from echoclr_core.video.provided import IMPORT_ONE
from workflow_scripts.lib.shards import write_shard

write_shard(snakemake, snakemake.config["input"]["avi"]["dir"], process=IMPORT_ONE)
