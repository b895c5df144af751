"""Schemas of the tables of views."""

from echoclr_core.common.tables import Column, Table

VIEW_DECISIONS = Table(
    "view decisions",
    {
        "video_id": Column(kind="str", description="Pseudonym of the video"),
        "study_id": Column(kind="str", description="Pseudonym of the study"),
        "outcome": Column(
            kind="str", description="Whether the video could be decoded", allowed=("ok", "unreadable")
        ),
        "view": Column(kind="str", description="Most probable view; missing if unreadable", nullable=True),
        "probability": Column(
            kind="float", description="Its probability, mean over frames", nullable=True, low=0, high=1
        ),
        "runner_up": Column(kind="str", description="Second most probable view", nullable=True),
        "margin": Column(
            kind="float", description="Probability less that of the runner-up", nullable=True, low=0, high=1
        ),
        "kept": Column(
            kind="bool", description="Whether the most probable view is kept; false for an unreadable file"
        ),
        "kept_view": Column(
            kind="str",
            description="The kept view that it counts as (views.keep); missing if none",
            nullable=True,
        ),
        "n_frames_used": Column(kind="int", description="Frames that were classified", low=0),
        "classes": Column(kind="list", description="Names of the classifier's views"),
        "probabilities": Column(
            kind="list", description="Mean probability of each class, in their order", nullable=True
        ),
    },
    key=("video_id",),
)

VIEW_LABELS = Table(
    "view labels",
    {
        "video_id": Column(kind="str", description="pseudonymous video"),
        "study_id": Column(kind="str", description="pseudonymous study; it is in no set of the cohort"),
        "patient_id": Column(kind="str", description="pseudonymous patient, by which the videos are split"),
        "view": Column(kind="str", description="view as labelled"),
    },
    key=("video_id",),
)

PROVIDED_VIEWS = Table(
    "given views",
    {
        "video_id": Column(kind="str", description="pseudonymous video"),
        "view": Column(
            kind="str",
            nullable=True,
            description="view as the table names it, or unknown; missing where it has no such column",
        ),
    },
    key=("video_id",),
)
