"""The schema of the pretraining history."""

from echoclr_core.common.tables import Column, Table

HISTORY = Table(
    "pretraining history",
    {
        "epoch": Column(kind="float", description="passes over the items so far", low=0),
        "step": Column(kind="int", description="optimisation steps so far", low=1),
        "loss": Column(kind="float", description="mean loss of the interval's steps"),
        "contrastive_loss": Column(
            kind="float",
            nullable=True,
            description="NT-Xent; log(2N - 1) is chance; missing for a method without",
            low=0,
        ),
        "order_loss": Column(
            kind="float",
            description="cross-entropy of the frame order; log(K!) is chance",
            nullable=True,
            low=0,
        ),
        "contrastive_accuracy": Column(
            kind="float",
            nullable=True,
            description="share of anchors nearest to their partner, chance 1/(2N - 1)",
            low=0,
            high=1,
        ),
        "order_accuracy": Column(
            kind="float", description="share of orders recognised; chance 1/K!", nullable=True, low=0, high=1
        ),
        "spread": Column(
            kind="float",
            nullable=True,
            description="spread of the embeddings: about 1 even, 0 collapsed",
            low=0,
        ),
        "alignment": Column(
            kind="float",
            nullable=True,
            description="squared distance of partners on the unit sphere; 0 equal",
            low=0,
            high=4,
        ),
        "uniformity": Column(
            kind="float",
            nullable=True,
            description="log of the mean exp(-2 d^2) over other embeddings: near -4 even, 0 collapsed",
            low=-8,
        ),
        "gradient_norm": Column(
            kind="float", nullable=True, description="mean norm of the gradient before clipping", low=0
        ),
        "learning_rate": Column(kind="float", description="of the interval's last step", low=0),
    },
    key=("step",),
    # <term>_loss: further terms of a method's loss;
    extra=True,  # probe_<task>: AUROC of the task on validation studies by k nearest neighbours, where probed
)
