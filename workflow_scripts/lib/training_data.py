"""Which videos a training or prediction job reads, with their labels."""

import pandas as pd

SETS = {"validation": "val", "internal": "test", "external": "external"}


def labelled_videos(videos: pd.DataFrame, studies: pd.DataFrame, task: str) -> pd.DataFrame:
    """The videos whose study has a label of ``task``, with it as a column label (0 or 1)."""
    labels = studies.loc[studies[task].notna(), ["study_id", task]].rename(columns={task: "label"})
    joined = videos.merge(labels, on="study_id", validate="many_to_one")
    return joined.assign(label=joined["label"].astype("int64")).sort_values("video_id", ignore_index=True)


def subset_videos(
    videos: pd.DataFrame, studies: pd.DataFrame, subsets: pd.DataFrame, *, task: str, ratio: float, draw: int
) -> pd.DataFrame:
    """The labelled training videos of one label subset."""
    rows = subsets[
        (subsets["task"] == task) & ((subsets["ratio"] - ratio).abs() < 1e-9) & (subsets["draw"] == draw)
    ]
    assert len(rows), f"no subset of {task} at ratio {ratio:g}, draw {draw}"
    train = videos[(videos["set"] == "train") & videos["study_id"].isin(rows["study_id"])]
    return labelled_videos(train, studies, task)
