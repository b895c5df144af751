"""List the shards of the clip store with their digests."""

from pathlib import Path

from echoclr_core.common.digest import file_digest
from echoclr_core.common.files import write_json
from workflow_scripts.lib.job import job

with job(snakemake) as log:
    # The index of a shard holds the digest of each video's frames, so its own digest stands for the frames.
    shards = {Path(path).stem: file_digest(path) for path in snakemake.input.index}
    write_json(snakemake.output[0], {"shards": shards})
