"""Mask, downsample and export the PLAX videos of one shard."""

import shutil
from pathlib import Path

import numpy as np

from echoclr_core.common.files import atomic_path
from echoclr_core.video.mask import MaskSettings, mask_preview, mask_shard
from echoclr_core.video.tables import MASKED_VIDEOS
from echoclr_core.views.tables import VIEW_DECISIONS
from workflow_scripts.lib.job import job, settings

with job(snakemake) as log:
    views = VIEW_DECISIONS.read(snakemake.input.views)
    chosen = views.loc[views["is_plax"].fillna(False), ["video_id", "study_id"]]
    # Written in a folder of the job's own and moved when all is done: the declared folder appears whole.
    work = Path(snakemake.params.state)
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    mask_settings = MaskSettings(**settings(snakemake).mask)
    table = mask_shard(
        chosen, snakemake.input.videos, work, settings=mask_settings, workers=snakemake.threads
    )
    shown, before, after = mask_preview(
        table, snakemake.input.videos, work, keep_aspect=mask_settings.keep_aspect
    )
    with atomic_path(snakemake.output.preview) as path:
        np.savez_compressed(path, before=before, after=after, video_ids=np.array(shown, dtype=str))
    shutil.rmtree(snakemake.output.videos, ignore_errors=True)
    shutil.move(work, snakemake.output.videos)
    MASKED_VIDEOS.write(table, snakemake.output.table)
    log.info("%d PLAX videos: %s", len(table), table["outcome"].value_counts().to_dict())
