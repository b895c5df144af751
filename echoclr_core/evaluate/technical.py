"""How the videos of each study were acquired: what, beside the heart, could explain a difference."""

from itertools import pairwise

import numpy as np
import pandas as pd

from echoclr_core.common.tables import Column, Table

SEVERAL = "several"

TECHNICAL = Table(
    "technical",
    {
        "study_id": Column(kind="str", description="pseudonymous study"),
        "vendor": Column(
            kind="str",
            nullable=True,
            description="known vendor of the videos, other, or several; missing if the header has none",
        ),
        "frame_rate": Column(
            kind="float", nullable=True, low=0, description="median over the videos, frames per second"
        ),
        "image_height": Column(
            kind="float", nullable=True, low=0, description="median height before resizing, pixels"
        ),
        "n_videos": Column(kind="int", low=1, description="videos of the study in the cohort"),
        "masked_share": Column(
            kind="float",
            nullable=True,
            low=0,
            high=1,
            description="share of the frame outside the sector mask, mean over the videos",
        ),
        "view_margin": Column(
            kind="float",
            nullable=True,
            low=0,
            high=1,
            description="smallest margin of the view decision over the videos",
        ),
        "n_quarantined": Column(
            kind="int",
            low=0,
            description="further videos of the study left out for burned-in text or no sector",
        ),
    },
    key=("study_id",),
)
QUARANTINED = ("burned_in_text", "no_sector")


def describe_studies(
    videos: pd.DataFrame, files: pd.DataFrame, masked: pd.DataFrame, views: pd.DataFrame
) -> pd.DataFrame:
    """TECHNICAL of every study of the cohort.

    Parameters
    ----------
    videos
        COHORT_VIDEOS.
    files, masked, views
        SOURCE_FILES, MASKED_VIDEOS and VIEW_DECISIONS, all shards.

    Raises
    ------
    ValueError
        A video of the cohort is missing in one of the three tables.
    """
    joined = videos[["video_id", "study_id", "fps"]]
    for name, table, columns in (
        ("source files", files[files["outcome"] == "ok"], ["manufacturer"]),
        ("masked videos", masked, ["height", "hull_fraction"]),
        ("view decisions", views, ["margin"]),
    ):
        lacking = int((~joined["video_id"].isin(table["video_id"])).sum())
        if lacking:
            raise ValueError(f"the {name} lack {lacking} of {len(joined)} videos of the cohort")
        joined = joined.merge(table[["video_id", *columns]], on="video_id", validate="one_to_one")
    joined["masked"] = 1 - joined["hull_fraction"]
    table = joined.groupby("study_id", as_index=False).agg(
        vendor=("manufacturer", _vendor),
        frame_rate=("fps", "median"),
        image_height=("height", "median"),
        n_videos=("video_id", "size"),
        masked_share=("masked", "mean"),
        view_margin=("margin", "min"),
    )
    left_out = files[files["outcome"].isin(QUARANTINED)].groupby("study_id").size()
    table["n_quarantined"] = table["study_id"].map(left_out).fillna(0).astype(int)
    return TECHNICAL.check(table)


def with_technical(studies: pd.DataFrame, technical: pd.DataFrame) -> pd.DataFrame:
    """``studies`` (COHORT_STUDIES) with the columns of TECHNICAL, which replace columns of the same name."""
    own = [name for name in studies.columns if name == "study_id" or name not in technical.columns]
    return studies[own].merge(technical, on="study_id", how="left", validate="one_to_one")


def _vendor(names: pd.Series) -> str | None:
    known = names.dropna().unique()
    if not len(known):
        return None
    return str(known[0]) if len(known) == 1 else SEVERAL


def thirds(values: pd.Series) -> tuple[pd.Series, list[str]]:
    """Cut numbers at their thirds: the level of each as text, and the levels in rising order.

    The cuts have three significant digits, as they are printed. Equal numbers stay together: there are fewer
    levels where values repeat.
    """
    numbers = values.astype("float64")
    present = numbers.dropna().to_numpy()
    if not len(present):
        return pd.Series(pd.NA, index=values.index, dtype="string"), []
    cuts = np.unique([float(f"{cut:.3g}") for cut in np.quantile(present, [1 / 3, 2 / 3])])
    cuts = cuts[(cuts > present.min()) & (cuts <= present.max())]
    names = _names(cuts)
    places = np.searchsorted(cuts, numbers.fillna(0).to_numpy(), side="right")
    levels = pd.Series([names[place] for place in places], index=values.index, dtype="string")
    return levels.mask(numbers.isna()), names


def _names(cuts: np.ndarray) -> list[str]:
    if not len(cuts):
        return ["all"]
    between = [f"{a:g} to <{b:g}" for a, b in pairwise(cuts)]
    return [f"<{cuts[0]:g}", *between, f"≥{cuts[-1]:g}"]
