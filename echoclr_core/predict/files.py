"""What became of each file of a new patient, from the tables of the stages."""

import pandas as pd

from echoclr_core.dicom.outcomes import OUTCOME_MEANINGS
from echoclr_core.predict.tables import PATIENT_FILES
from echoclr_core.video.resampling import unknown_frame_rates

MEANINGS = {
    "scored": "a loop of the kept view, scored by the models",
    "another_view": "shows another view",
    "unreadable": "not readable after it was written",
    "blank": "no picture inside the sector",
    "no_calibration": "states no millimetres a pixel, which the models of this study need",
}
"""Outcome of a file to its meaning, where the stages' own table of outcomes has none."""


def patient_files(
    sources: pd.DataFrame, views: pd.DataFrame, masked: pd.DataFrame, *, known_frame_rate: bool = False
) -> pd.DataFrame:
    """Join the tables of deidentification, views and masks: PATIENT_FILES, one row a source file.

    Parameters
    ----------
    sources
        SOURCE_FILES.
    views
        VIEW_DECISIONS of its rows whose outcome is "ok".
    masked
        MASKED_VIDEOS of those whose view is kept.
    known_frame_rate
        Whether a video whose file states no frame rate is left out ("no_frame_rate"), as in the study of the
        models.
    """
    decided = views[["video_id", "outcome", "view", "probability", "kept"]].rename(
        columns={"outcome": "view_outcome", "probability": "view_probability"}
    )
    hulls = masked[["video_id", "outcome", "hull_fraction"]].rename(columns={"outcome": "mask_outcome"})
    rows = sources.merge(decided, on="video_id", how="left", validate="one_to_one")
    rows = rows.merge(hulls, on="video_id", how="left", validate="one_to_one")
    rows["outcome"] = [_outcome(row) for row in rows.to_dict("records")]
    if known_frame_rate:
        unknown = unknown_frame_rates(sources).to_numpy()
        rows.loc[unknown & (rows["outcome"] == "scored"), "outcome"] = "no_frame_rate"
    return PATIENT_FILES.check(rows[list(PATIENT_FILES.columns)])


def _outcome(row: dict) -> str:
    """The first stage at which a file left, or "scored"."""
    if row["outcome"] != "ok":
        return row["outcome"]
    if row["view_outcome"] != "ok":
        return "unreadable"
    if not row["kept"]:
        return "another_view"
    return "scored" if row["mask_outcome"] == "ok" else row["mask_outcome"]


def outcome_counts(files: pd.DataFrame) -> str:
    """Outcomes with their numbers, the most frequent first: "scored 3, another_view 2"."""
    counts = files["outcome"].value_counts().rename_axis("outcome").reset_index(name="files")
    counts = counts.sort_values(["files", "outcome"], ascending=[False, True])
    return ", ".join(f"{row.outcome} {row.files}" for row in counts.itertuples(index=False))


def no_score_reason(files: pd.DataFrame, view: str) -> str:
    """Why a study has no probability: what became of its files, in words, the most frequent first.

    Parameters
    ----------
    files
        The rows of PATIENT_FILES of the study, none of them "scored".
    view
        The view that the models need.
    """
    meanings = {**OUTCOME_MEANINGS, **MEANINGS}
    counts = files["outcome"].value_counts().sort_index().sort_values(ascending=False, kind="stable")
    parts = []
    for outcome, count in counts.items():
        named = _views_shown(files) if outcome == "another_view" else ""
        parts.append(f"{count} of {len(files)} files: {meanings[outcome]}{named}")
    return f"no video of the view {view} could be scored; " + "; ".join(parts)


def _views_shown(files: pd.DataFrame) -> str:
    """The views of the files that show another one, " (a4c 2, psax 1)"."""
    views = files.loc[files["outcome"] == "another_view", "view"].dropna()
    counts = views.value_counts().sort_index().sort_values(ascending=False, kind="stable")
    return f" ({', '.join(f'{name} {count}' for name, count in counts.items())})" if len(counts) else ""
