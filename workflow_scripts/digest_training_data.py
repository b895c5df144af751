"""Digests of what each training job reads: the videos' frames, and the labels of its task and subset."""

import json
from pathlib import Path

import pandas as pd

from echoclr_core.cohort.digests import digest_of_split, digest_of_videos
from echoclr_core.cohort.tables import COHORT_STUDIES, COHORT_VIDEOS, SUBSETS
from echoclr_core.common.files import write_json
from workflow_scripts.lib.job import job
from workflow_scripts.lib.store import open_store
from workflow_scripts.lib.training_data import labelled_videos, subset_videos


def frames_digest(videos: pd.DataFrame, labels=None) -> str:
    """The digest of some videos' frames and labels."""
    return digest_of_videos(videos["video_id"], videos["sha256"], labels)


with job(snakemake) as log:
    store = open_store(snakemake.input.store)
    videos = COHORT_VIDEOS.read(snakemake.input.videos)
    videos = videos.merge(store.index[["video_id", "sha256"]], on="video_id", validate="one_to_one")
    studies = COHORT_STUDIES.read(snakemake.input.studies)
    split = json.loads(Path(snakemake.input.split).read_text(encoding="utf-8"))
    if digest_of_split(studies) != split["digest"]:
        raise ValueError("cohort/studies.parquet: the split is not the one that cohort/split.json records")
    subsets = SUBSETS.read(snakemake.input.subsets)
    pretraining = videos[videos["set"].isin(["train", "val"])]
    write_json(snakemake.output.pretrain, {"videos": frames_digest(pretraining)})
    for path in snakemake.output.finetune:
        task, ratio, draw = path.rsplit("/", 1)[1].removesuffix(".json").rsplit("_", 2)
        chosen = subset_videos(videos, studies, subsets, task=task, ratio=float(ratio), draw=int(draw))
        rest = labelled_videos(videos[videos["set"] != "train"], studies, task)
        write_json(
            path,
            {
                "training": frames_digest(chosen, chosen["label"]),
                "evaluation": frames_digest(rest, rest["label"]),
            },
        )
