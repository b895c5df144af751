"""Mask, downsample and export the kept videos of one shard."""

import numpy as np
import pandas as pd

from echoclr_core.common.files import atomic_path
from echoclr_core.deidentify.tables import SOURCE_FILES
from echoclr_core.options.base import settings_from
from echoclr_core.options.mask import MaskOptions
from echoclr_core.video.mask import MASKED_FROM, mask_preview, mask_shard
from echoclr_core.video.tables import MASKED_VIDEOS
from echoclr_core.views.tables import VIEW_DECISIONS
from workflow_scripts.lib.job import job, settings

with job(snakemake) as log:
    views = VIEW_DECISIONS.read(snakemake.input.views)
    chosen = views.loc[views["kept"].fillna(False), ["video_id", "study_id"]]
    written = SOURCE_FILES.read(snakemake.input.table)[list(MASKED_FROM)]
    mask_settings = settings_from(MaskOptions, settings(snakemake).mask)

    def write_table_and_preview(table: pd.DataFrame) -> None:
        shown, before, after = mask_preview(
            table, snakemake.input.videos, snakemake.output.videos, keep_aspect=mask_settings.keep_aspect
        )
        with atomic_path(snakemake.output.preview) as path:
            np.savez_compressed(path, before=before, after=after, video_ids=np.array(shown, dtype=str))
        MASKED_VIDEOS.write(table, snakemake.output.table, settings=snakemake.params.settings)

    table = mask_shard(
        chosen.merge(written, on="video_id", how="left", validate="one_to_one"),
        snakemake.input.videos,
        snakemake.output.videos,
        snakemake.params.state,
        settings=mask_settings,
        workers=snakemake.threads,
        on_delivery=write_table_and_preview,
    )
    log.info("%d kept videos: %s", len(table), table["outcome"].value_counts().to_dict())
