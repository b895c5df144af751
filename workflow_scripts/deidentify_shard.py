"""Decode and deidentify the videos of one shard."""

from workflow_scripts.lib.shards import write_shard

write_shard(snakemake, snakemake.config["input"]["dicom_dir"])
