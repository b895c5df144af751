"""Schemas of the tables of the cohort."""

from echoclr_core.common.tables import Column, Table

SETS = ("train", "val", "test", "external")

COHORT_VIDEOS = Table(
    "cohort videos",
    {
        "video_id": Column(kind="str", description="pseudonymous video"),
        "study_id": Column(kind="str", description="pseudonymous study"),
        "view": Column(kind="str", description="kept view, as views.keep names it"),
        "set": Column(kind="str", allowed=SETS, description="set of the study"),
        "n_frames": Column(kind="int", low=1, description="frames"),
        "fps": Column(kind="float", low=0, description="frames per second"),
    },
    key=("video_id",),
)

COHORT_STUDIES = Table(
    "cohort studies",
    {
        "study_id": Column(kind="str", description="pseudonymous study"),
        "patient_id": Column(kind="str", nullable=True, description="pseudonymous patient"),
        "study_year": Column(kind="int", nullable=True, description="year of the study"),
        "set": Column(kind="str", allowed=SETS, description="set of the study"),
        "as_severity": Column(kind="str", nullable=True, description="grade as reported"),
        "lv_mass_index": Column(kind="float", nullable=True, description="g/m2"),
        "sex": Column(kind="str", nullable=True, allowed=("female", "male"), description="sex"),
        "n_videos": Column(kind="int", low=1, description="videos of the study in the cohort"),
    },
    key=("study_id",),
    extra=True,
)

SUBSETS = Table(
    "subsets",
    {
        "task": Column(kind="str", description="name of the task"),
        "ratio": Column(kind="float", low=0, high=1, description="share of the labelled training studies"),
        "draw": Column(kind="int", low=0, description="number of the random draw, from 0"),
        "study_id": Column(kind="str", description="pseudonymous study"),
    },
    key=("task", "ratio", "draw", "study_id"),
)
