"""Tables of the perturbed test sets, apart from their statistics: an edit of these scores no video anew."""

from echoclr_core.common.tables import Column, Table
from echoclr_core.evaluate.schema import METRICS

_RUN = {name: METRICS.columns[name] for name in ("task", "init", "ratio", "cohort")}

PERTURBED = Table(
    "PERTURBED",
    {
        **_RUN,
        "perturbation": Column(kind="str", description="What was done to the videos."),
        "study_id": Column(kind="str", description="Pseudonymous study."),
        "label": Column(kind="int", description="1 for a case, 0 for a control.", allowed=(0, 1)),
        "study_probability": Column(kind="float", description="Of the perturbed study.", low=0, high=1),
    },
    key=("task", "init", "cohort", "perturbation", "study_id"),
)

ROBUSTNESS = Table(
    "ROBUSTNESS",
    {
        **_RUN,
        "perturbation": PERTURBED.columns["perturbation"],
        "auroc": Column(kind="float", description="Of the videos as they are.", low=0, high=1),
        "auroc_perturbed": Column(kind="float", description="Of the perturbed videos.", low=0, high=1),
        "difference": Column(kind="float", description="Perturbed less unperturbed AUROC.", low=-1, high=1),
        "ci_low": METRICS.columns["ci_low"],
        "ci_high": METRICS.columns["ci_high"],
        "mean_shift": Column(kind="float", description="Mean change of the probability.", low=-1, high=1),
        "n_studies": METRICS.columns["n_studies"],
        "n_positive": METRICS.columns["n_positive"],
    },
    key=("task", "init", "cohort", "perturbation"),
)
