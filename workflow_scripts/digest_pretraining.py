"""Digest of what pretraining reads: videos of the training and validation set, labels if it looks at any."""

import json
from pathlib import Path

from echoclr_core.cohort.digests import digest_of_split
from echoclr_core.cohort.tables import COHORT_STUDIES, COHORT_VIDEOS
from echoclr_core.common.files import write_json
from echoclr_core.common.row_digest import digest_of_rows
from echoclr_core.video.store import ClipStore
from workflow_scripts.lib.job import job

with job(snakemake) as log:
    store = ClipStore.open_manifest(snakemake.input.store)
    studies = COHORT_STUDIES.read(snakemake.input.studies)
    split = json.loads(Path(snakemake.input.split).read_text(encoding="utf-8"))
    if digest_of_split(studies) != split["digest"]:
        raise ValueError("cohort/studies.parquet: the split is not the one that cohort/split.json records")
    videos = COHORT_VIDEOS.read(snakemake.input.videos)
    videos = videos.merge(store.index[["video_id", "sha256"]], on="video_id", validate="one_to_one")
    videos = videos[videos["set"].isin(["train", "val"])]
    parts = {
        "videos": digest_of_rows(videos[["video_id", "study_id", "view", "set", "sha256"]], list(store.size))
    }
    if snakemake.params.probe:
        columns = ["study_id", "set", *studies.select_dtypes("boolean").columns]
        parts["labels"] = digest_of_rows(studies.loc[studies["set"].isin(["train", "val"]), columns])
    write_json(snakemake.output[0], parts)
    log.info("%d videos", len(videos))
