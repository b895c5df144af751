"""Note the digest of the archive's files that the plan compared with the catalogue."""

from pathlib import Path

from workflow_scripts.lib.catalogue_record import note_listed
from workflow_scripts.lib.job import job

with job(snakemake, restricted=True):
    params = snakemake.params
    note_listed(params.state, params.archive, params.settings, snakemake.config["catalogue"]["shards"])
    # The same text at each run: tables of shards that did not change are newer than none of their inputs.
    Path(snakemake.output[0]).write_text("compared\n", encoding="utf-8")
