"""Which videos a training or prediction job reads, with their labels."""

from collections.abc import Collection

import pandas as pd

from echoclr_core.cohort.subsets import label_subset


def labelled_videos(videos: pd.DataFrame, studies: pd.DataFrame, task: str) -> pd.DataFrame:
    """The videos whose study has a label of ``task``, with it as a column label (0 or 1)."""
    labels = studies.loc[studies[task].notna(), ["study_id", task]].rename(columns={task: "label"})
    joined = videos.merge(labels, on="study_id", validate="many_to_one")
    return joined.assign(label=joined["label"].astype("int64")).sort_values("video_id", ignore_index=True)


def subset_videos(
    videos: pd.DataFrame, studies: pd.DataFrame, subset: pd.DataFrame, *, task: str
) -> pd.DataFrame:
    """The labelled training videos of one label subset of ``task``, schema SUBSETS."""
    train = videos[(videos["set"] == "train") & videos["study_id"].isin(subset["study_id"])]
    return labelled_videos(train, studies, task)


def validation_videos(
    videos: pd.DataFrame, studies: pd.DataFrame, *, task: str, share: str, draw: int, seed: int
) -> pd.DataFrame:
    """The labelled validation videos of :func:`validation_studies`."""
    chosen = validation_studies(studies, task=task, share=share, draw=draw, seed=seed)
    return labelled_videos(videos[videos["study_id"].isin(chosen)], studies, task)


def validation_studies(
    studies: pd.DataFrame, *, task: str, share: str, draw: int, seed: int
) -> Collection[str]:
    """A ``share`` of the labelled validation studies; "1" is all of them.

    Drawn as the training subsets are: nested, both classes, the same for all initialisations.

    Raises
    ------
    ValueError
        When the share leaves fewer than two studies, or only one class is there to draw from.
    """
    labelled = studies[(studies["set"] == "val") & studies[task].notna()]
    if float(share) == 1:
        return list(labelled["study_id"])
    try:
        return label_subset(labelled["study_id"], labelled[task], share, seed, draw=draw)
    except ValueError as error:
        raise ValueError(
            f"finetune.scale_validation: validation set of {task} at {share}: {error}"
        ) from error
