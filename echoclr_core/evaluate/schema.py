"""The two tables that evaluation leaves behind."""

from echoclr_core.common import Column, Table

TASKS = ("severe_as", "lvh")
INITS = ("random", "kinetics400", "simclr", "mi_simclr", "echoclr")
COHORTS = ("internal", "external")

_RUN = {
    "task": Column(kind="str", description="What is predicted.", allowed=TASKS),
    "ratio": Column(kind="float", description="Share of the labelled training studies used.", low=0, high=1),
    "draw": Column(kind="int", description="Which independent draw of that subset, from 0.", low=0),
    "cohort": Column(kind="str", description="Internal test set or temporal external set.", allowed=COHORTS),
}

METRICS = Table(
    "METRICS",
    {
        "task": _RUN["task"],
        "init": Column(kind="str", description="Initialisation of the model.", allowed=INITS),
        "ratio": _RUN["ratio"],
        "draw": _RUN["draw"],
        "cohort": _RUN["cohort"],
        "metric": Column(kind="str", description="Name of the metric."),
        "value": Column(kind="float", nullable=True, description="On all studies; missing if undefined."),
        "low": Column(
            kind="float", nullable=True, description="Lower 95 % bound; missing with too few cases."
        ),
        "high": Column(
            kind="float", nullable=True, description="Upper 95 % bound; missing with too few cases."
        ),
        "n_studies": Column(kind="int", description="Studies evaluated.", low=0),
        "n_positive": Column(kind="int", description="Cases among them.", low=0),
        "n_labelled_studies": Column(
            kind="int", nullable=True, description="Training studies at that ratio.", low=0
        ),
        "n_resamples": Column(
            kind="int", nullable=True, description="Bootstrap resamples behind the interval."
        ),
        "redrawn": Column(
            kind="int", nullable=True, description="One-class resamples that were drawn again."
        ),
    },
    key=("task", "init", "ratio", "draw", "cohort", "metric"),
)

COMPARISONS = Table(
    "COMPARISONS",
    {
        **_RUN,
        "a": Column(kind="str", description="Initialisation held to be better.", allowed=INITS),
        "b": Column(kind="str", description="Initialisation it is compared with.", allowed=INITS),
        "auroc_a": Column(kind="float", nullable=True, description="AUROC of a.", low=0, high=1),
        "auroc_b": Column(kind="float", nullable=True, description="AUROC of b.", low=0, high=1),
        "statistic": Column(kind="float", nullable=True, description="D of pROC's bootstrap test."),
        "p": Column(
            kind="float", nullable=True, description="One-sided p (a above b), paired.", low=0, high=1
        ),
        "p_holm": Column(
            kind="float", nullable=True, description="Holm-adjusted within task and cohort.", low=0, high=1
        ),
        "p_delong": Column(
            kind="float", nullable=True, description="One-sided DeLong p, a cross-check.", low=0, high=1
        ),
        "estimable": Column(
            kind="bool", description="False where p is missing or a convention (no spread, too few cases)."
        ),
        "n_studies": Column(kind="int", description="Studies evaluated.", low=0),
        "n_positive": Column(kind="int", description="Cases among them.", low=0),
    },
    key=("task", "ratio", "draw", "cohort", "a", "b"),
)
