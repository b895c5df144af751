"""Draw the labelled training studies of one task, ratio and draw; digest what is trained on them."""

import pandas as pd

from echoclr_core.cohort.subsets import draw_subset
from echoclr_core.cohort.tables import COHORT_STUDIES, COHORT_VIDEOS, SUBSETS
from echoclr_core.cohort.training_videos import labelled_videos, subset_videos, validation_videos
from echoclr_core.common.files import write_json
from echoclr_core.common.row_digest import digest_of_rows
from echoclr_core.video.store import ClipStore
from workflow_scripts.lib.job import job, settings

ROW = ["video_id", "study_id", "view", "set", "sha256", "label"]


with job(snakemake) as log:
    chosen, cell = settings(snakemake), snakemake.wildcards
    studies = COHORT_STUDIES.read(snakemake.input.studies)
    subset = draw_subset(studies, task=cell.task, ratio=cell.ratio, draw=int(cell.draw), seed=chosen.seed)
    SUBSETS.write(subset, snakemake.output.subset)
    store = ClipStore.open_manifest(snakemake.input.store)
    videos = COHORT_VIDEOS.read(snakemake.input.videos)
    videos = videos.merge(store.index[["video_id", "sha256"]], on="video_id", validate="one_to_one")
    # A validation set that cannot be drawn is an error here, before days of pretraining.
    validation = validation_videos(
        videos,
        studies,
        task=cell.task,
        share=cell.ratio if chosen.scale_validation else "1",
        draw=int(cell.draw),
        seed=chosen.seed,
    )

    def rows_digest(rows: pd.DataFrame) -> str:
        """Digest of videos with their labels and pixels."""
        return digest_of_rows(rows[ROW], list(store.size))

    parts = {
        "training": rows_digest(subset_videos(videos, studies, subset, task=cell.task)),
        "validation": rows_digest(validation),
        "prediction": rows_digest(labelled_videos(videos[videos["set"] != "train"], studies, cell.task)),
    }
    write_json(snakemake.output.digest, parts)
    log.info("%d studies", len(subset))
