"""Views that are known beforehand: no network decides."""

from collections.abc import Mapping

import pandas as pd

from echoclr_core.views.tables import PROVIDED_VIEWS, VIEW_DECISIONS


def provided_decisions(videos: pd.DataFrame, provided: pd.DataFrame, keep: Mapping[str, str]) -> pd.DataFrame:
    """Decisions on the videos of a shard whose views stand in a table.

    Parameters
    ----------
    videos
        Columns video_id and study_id.
    provided
        PROVIDED_VIEWS of those videos, at least. A missing view is taken for the first of ``keep``.
    keep
        View of the table to the kept view that it counts as; letters' case does not count.

    Returns
    -------
    DataFrame
        VIEW_DECISIONS, with probability 1 and no frame used.

    Raises
    ------
    ValueError
        Where ``provided`` has no row for a video: the two tables are of different states of the archive.
    """
    provided = PROVIDED_VIEWS.check(provided).set_index("video_id")["view"]
    without = videos.loc[~videos["video_id"].isin(provided.index), "video_id"]
    if len(without):
        raise ValueError(
            f"views: {len(without)} of {len(videos)} videos have no row, {without.iloc[0]} first; "
            "run the catalogue again, so that both follow the same table of videos"
        )
    views = provided.loc[videos["video_id"]].fillna(next(iter(keep))).reset_index(drop=True)
    frame = videos[["video_id", "study_id"]].reset_index(drop=True)
    frame = frame.assign(outcome="ok", view=views, probability=1.0, runner_up=None, margin=1.0)
    folded = {name.casefold(): view for name, view in keep.items()}
    frame["kept_view"] = views.str.casefold().map(folded).astype("string")
    frame["kept"] = frame["kept_view"].notna()
    frame["n_frames_used"] = 0
    frame["classes"] = [[view] for view in views]
    frame["probabilities"] = [[1.0] for _ in views]
    return VIEW_DECISIONS.check(frame)
