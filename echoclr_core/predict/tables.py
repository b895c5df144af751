"""The tables of new patients: every file, every scored video, every study."""

from echoclr_core.common.tables import Column, Table
from echoclr_core.deidentify.identifiers.header_allowlist import FIXED_WORDS
from echoclr_core.dicom.outcomes import OUTCOMES

FILE_OUTCOMES = (
    *("scored", "another_view", "unreadable", "no_calibration"),
    *(name for name in OUTCOMES if name != "ok"),
)
"""What becomes of a file: scored, of another view, or the outcome of the stage at which it left."""

PATIENT_FILES = Table(
    "files of new patients",
    {
        "video_id": Column(kind="str", description="pseudonym of the file"),
        "study_id": Column(kind="str", description="pseudonym of its study", nullable=True),
        "outcome": Column(
            kind="str", description="scored, or why the file was left out", allowed=FILE_OUTCOMES
        ),
        "view": Column(kind="str", description="most probable view", nullable=True),
        "view_probability": Column(
            kind="float", description="probability of that view", nullable=True, low=0, high=1
        ),
        "n_frames": Column(kind="int", description="frames", nullable=True, low=1),
        "fps": Column(kind="float", description="frames per second", nullable=True, low=0),
        "height": Column(kind="int", description="rows of the source, pixels", nullable=True, low=1),
        "width": Column(kind="int", description="columns of the source, pixels", nullable=True, low=1),
        "manufacturer": Column(
            kind="str",
            description="known vendor, or other",
            nullable=True,
            allowed=FIXED_WORDS["manufacturer"],
        ),
        "kept_fraction": Column(
            kind="float", description="share of the frame inside the sector", nullable=True, low=0, high=1
        ),
        "hull_fraction": Column(
            kind="float", description="share of the frame inside the hull", nullable=True, low=0, high=1
        ),
    },
    key=("video_id",),
)

_BUNDLE = {
    "task": Column(kind="str", description="what is predicted"),
    "initialisation": Column(kind="str", description="initialisation of the models"),
    "ratio": Column(kind="float", description="share of the labels they were trained on", low=0, high=1),
}

PATIENT_VIDEOS = Table(
    "scored videos of new patients",
    {
        "study_id": Column(kind="str", description="pseudonym of the study"),
        "video_id": Column(kind="str", description="pseudonym of the video"),
        **_BUNDLE,
        "draw": Column(kind="str", description="which model of the ensemble"),
        "clip_probabilities": Column(kind="list", description="probability, clip by clip"),
        "video_probability": Column(kind="float", description="mean over the clips", low=0, high=1),
        "embedding_distance": Column(
            kind="float",
            description="Mahalanobis distance from the training videos in the first model's representation",
            nullable=True,
            low=0,
        ),
    },
    key=("video_id", "task", "initialisation", "ratio", "draw"),
)

PATIENT_PREDICTIONS = Table(
    "predictions of new patients",
    {
        "study_id": Column(kind="str", description="pseudonym of the study"),
        **_BUNDLE,
        "probability": Column(
            kind="float",
            description="mean over the models of the mean over the study's videos; missing with none",
            nullable=True,
            low=0,
            high=1,
        ),
        "lowest": Column(
            kind="float",
            description="lowest of the models, where there are several",
            nullable=True,
            low=0,
            high=1,
        ),
        "highest": Column(kind="float", description="highest of the models", nullable=True, low=0, high=1),
        "n_models": Column(kind="int", description="models of the ensemble", low=1),
        "threshold_specificity": Column(
            kind="float",
            description="fixed on validation to keep a specificity; missing: none, or nobody is above it",
            nullable=True,
        ),
        "above_specificity": Column(
            kind="bool", description="whether the probability reaches it", nullable=True
        ),
        "threshold_sensitivity": Column(
            kind="float",
            description="fixed on validation to keep a sensitivity; missing: none, or nobody is above it",
            nullable=True,
        ),
        "above_sensitivity": Column(
            kind="bool", description="whether the probability reaches it", nullable=True
        ),
        "n_files": Column(kind="int", description="files of the study", low=1),
        "n_videos": Column(kind="int", description="videos that were scored", low=0),
        "outcomes": Column(kind="str", description="what became of the files: outcome and number"),
        "reason": Column(kind="str", description="why there is no probability", nullable=True),
        "warnings": Column(
            kind="str", description="how the videos differ from the training data", nullable=True
        ),
    },
    key=("study_id", "task", "initialisation", "ratio"),
)
