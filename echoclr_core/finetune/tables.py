"""The schemas of what fine-tuning writes."""

from echoclr_core.common.tables import Column, Table

HISTORY = Table(
    "fine-tuning history",
    {
        "epoch": Column(kind="int", description="epochs so far", low=1),
        "step": Column(kind="int", description="optimisation steps so far", low=1),
        "loss": Column(kind="float", description="mean training loss of the epoch's clips", low=0),
        "validation_loss": Column(
            kind="float", description="mean over validation videos of the mean loss of their clips", low=0
        ),
        "improved": Column(kind="bool", description="whether it is the lowest validation loss so far"),
        "epochs_without_improvement": Column(
            kind="int", description="epochs since the lowest validation loss", low=0
        ),
        "gradient_norm": Column(
            kind="float", nullable=True, description="mean norm of the gradient before clipping", low=0
        ),
        "learning_rate": Column(kind="float", description="of the epoch", low=0),
    },
    key=("epoch",),
)

PREDICTIONS = Table(
    "predictions",
    {
        "video_id": Column(kind="str", description="pseudonym of the video"),
        "study_id": Column(kind="str", description="pseudonym of its study"),
        "view": Column(kind="str", nullable=True, description="kept view of the video"),
        "label": Column(kind="int", description="the study's label", allowed=(0, 1)),
        "clip_probabilities": Column(
            kind="list", description="probability of the positive class, clip by clip"
        ),
        "video_probability": Column(kind="float", description="mean over the clips", low=0, high=1),
        "study_probability": Column(
            kind="float", description="mean over the study's videos, or of its views' means", low=0, high=1
        ),
    },
    key=("video_id",),
)
