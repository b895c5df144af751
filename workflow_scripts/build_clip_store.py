"""Decode the masked videos of one shard into the clip store."""

from echoclr_core.video.store import ClipStore
from echoclr_core.video.store_building import build_store
from echoclr_core.video.tables import MASKED_VIDEOS
from workflow_scripts.lib.job import job

with job(snakemake) as log:
    build_store(
        MASKED_VIDEOS.read(snakemake.input.table),
        snakemake.input.videos,
        snakemake.output.frames,
        snakemake.output.index,
        size=snakemake.params.size,
    )
    # Read back what was written: training trusts the digests, and later checks compare with them.
    store = ClipStore.open([snakemake.output.index], [snakemake.output.frames])
    store.verify()
    log.info("%d videos, %d frames, digests verified", len(store), store.index["n_frames"].sum())
