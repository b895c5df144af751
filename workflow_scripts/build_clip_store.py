"""Decode the masked videos of one shard into the clip store."""

from echoclr_core.deidentify.tables import SOURCE_FILES
from echoclr_core.options.base import settings_from
from echoclr_core.options.clip import ClipOptions
from echoclr_core.video.resampling import unknown_frame_rates
from echoclr_core.video.store import ClipStore
from echoclr_core.video.store_building import build_store
from echoclr_core.video.tables import MASKED_VIDEOS
from workflow_scripts.lib.job import job, settings

with job(snakemake) as log:
    clip = settings_from(ClipOptions, settings(snakemake).clip)
    unknown = set()
    if clip.frame_rate is not None:
        sources = SOURCE_FILES.read(snakemake.input.files)
        unknown = set(sources.loc[unknown_frame_rates(sources), "video_id"])
    masked = MASKED_VIDEOS.read(snakemake.input.table)
    build_store(
        masked,
        snakemake.input.videos,
        snakemake.output.frames,
        snakemake.output.index,
        size=snakemake.params.size,
        settings=clip,
        unknown_rates=unknown,
    )
    # Read back what was written: training trusts the digests, and later checks compare with them.
    store = ClipStore.open([snakemake.output.index], [snakemake.output.frames])
    store.verify()
    log.info("%d videos, %d frames, digests verified", len(store), store.index["n_frames"].sum())
    if clip.frame_rate is not None:
        count = int(masked.loc[masked["outcome"] == "ok", "video_id"].isin(unknown).sum())
        log.info("%d videos without a known frame rate: %s", count, clip.missing_frame_rate)
