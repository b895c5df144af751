"""Read a sample of a shard's written videos back and look for what should not be there."""

import numpy as np

from echoclr_core.common.files import atomic_path
from echoclr_core.deidentify.audit.shard import audit_shard
from echoclr_core.deidentify.identifiers.pseudonyms import RESTRICTED_CATALOGUE
from echoclr_core.deidentify.tables import AUDIT, SOURCE_FILES
from workflow_scripts.lib.job import job, settings

with job(snakemake, restricted=True) as log:
    chosen = settings(snakemake)
    rows, pictures = audit_shard(
        SOURCE_FILES.read(snakemake.input.table),
        snakemake.input.videos,
        sample=chosen.audit_videos,
        seed=chosen.seed,
        catalogue=RESTRICTED_CATALOGUE.read(snakemake.input.catalog),
    )
    AUDIT.write(rows, snakemake.output.table, settings=snakemake.params.settings)
    with atomic_path(snakemake.output.pictures) as path:
        np.savez_compressed(path, frames=pictures, video_ids=rows["video_id"].to_numpy(dtype=str))
    log.info("audited %d videos: %s", len(rows), rows["outcome"].value_counts().to_dict())
