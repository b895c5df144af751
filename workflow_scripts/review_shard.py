"""Pictures of one shard's quarantined and doubtful videos, for the review page."""

from echoclr_core.deidentify.identifiers.pseudonyms import RESTRICTED_CATALOGUE
from echoclr_core.deidentify.review.clips import REVIEW_CLIPS, review_shard
from echoclr_core.deidentify.tables import AUDIT, SOURCE_FILES
from workflow_scripts.lib.job import job
from workflow_scripts.lib.shards import file_settings
from workflow_scripts.lib.source_folder import source_folder

with job(snakemake, restricted=True) as log:
    clips = review_shard(
        RESTRICTED_CATALOGUE.read(snakemake.input.catalog),
        SOURCE_FILES.read(snakemake.input.table),
        AUDIT.read(snakemake.input.audit),
        source_folder(snakemake),
        settings=file_settings(snakemake),
        workers=snakemake.threads,
    )
    REVIEW_CLIPS.write(clips, snakemake.output[0])
    log.info("%d videos to review", len(clips))
