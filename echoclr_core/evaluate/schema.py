"""The tables that evaluation leaves behind."""

from echoclr_core.common.tables import Column, Table

COHORTS = ("internal", "external")

_RUN = {
    "task": Column(kind="str", description="What is predicted."),
    "ratio": Column(kind="float", description="Share of the labelled training studies used.", low=0, high=1),
    "draw": Column(kind="int", description="Which independent draw of that subset, from 0.", low=0),
    "cohort": Column(kind="str", description="Internal test set or temporal external set.", allowed=COHORTS),
}

METRICS = Table(
    "METRICS",
    {
        "task": _RUN["task"],
        "init": Column(kind="str", description="Initialisation of the model."),
        "ratio": _RUN["ratio"],
        "draw": _RUN["draw"],
        "cohort": _RUN["cohort"],
        "metric": Column(kind="str", description="Name of the metric."),
        "value": Column(kind="float", nullable=True, description="On all studies; missing if undefined."),
        "ci_low": Column(
            kind="float", nullable=True, description="Lower 95 % bound; missing with too few cases."
        ),
        "ci_high": Column(
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
        "n_redrawn": Column(
            kind="int", nullable=True, description="One-class resamples that were drawn again."
        ),
        "reason": Column(kind="str", nullable=True, description="Why there is no value."),
    },
    key=("task", "init", "ratio", "draw", "cohort", "metric"),
)

COMPARISONS = Table(
    "COMPARISONS",
    {
        **_RUN,
        "init_a": Column(kind="str", description="Initialisation held to be better."),
        "init_b": Column(kind="str", description="Initialisation it is compared with."),
        "auroc_a": Column(kind="float", nullable=True, description="AUROC of init_a.", low=0, high=1),
        "auroc_b": Column(kind="float", nullable=True, description="AUROC of init_b.", low=0, high=1),
        "statistic": Column(kind="float", nullable=True, description="D of pROC's bootstrap test."),
        "p": Column(
            kind="float",
            nullable=True,
            description="One-sided p (init_a above init_b), paired.",
            low=0,
            high=1,
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
    key=("task", "ratio", "draw", "cohort", "init_a", "init_b"),
)


_MODEL = {
    "task": _RUN["task"],
    "init": METRICS.columns["init"],
    "ratio": _RUN["ratio"],
    "draw": _RUN["draw"],
    "cohort": _RUN["cohort"],
}
_COUNTS = {"n_studies": METRICS.columns["n_studies"], "n_positive": METRICS.columns["n_positive"]}


def _proportion(what: str, *, nullable: bool = False) -> Column:
    return Column(kind="float", nullable=nullable, description=what, low=0, high=1)


def _with_bounds(name: str, what: str) -> dict[str, Column]:
    """A share and its exact interval; missing where nobody is in the denominator."""
    return {
        name: _proportion(what, nullable=True),
        f"{name}_low": _proportion(f"Lower bound of {name} (Clopper and Pearson).", nullable=True),
        f"{name}_high": _proportion(f"Upper bound of {name}.", nullable=True),
    }


OPERATING_POINTS = Table(
    "OPERATING_POINTS",
    {
        **_MODEL,
        "criterion": Column(
            kind="str",
            description="The rate that the threshold keeps on validation.",
            allowed=("specificity", "sensitivity"),
        ),
        "rate": _proportion("What it is kept at, 0.9 say."),
        "threshold": Column(
            kind="float",
            description="Fixed on validation: a study at or above it is called positive; inf calls nobody.",
            low=0,
        ),
        **_with_bounds("sensitivity", "Share of the cases called positive."),
        **_with_bounds("specificity", "Share of the controls called negative."),
        **_with_bounds("ppv", "Share of cases among those called positive."),
        **_with_bounds("npv", "Share of controls among those called negative."),
        "true_positive": Column(kind="int", description="Cases called positive.", low=0),
        "false_positive": Column(kind="int", description="Controls called positive.", low=0),
        "true_negative": Column(kind="int", description="Controls called negative.", low=0),
        "false_negative": Column(kind="int", description="Cases called negative.", low=0),
        **_COUNTS,
        "n_validation": Column(kind="int", description="Validation studies behind the threshold.", low=0),
        "n_validation_positive": Column(kind="int", description="Cases among them.", low=0),
    },
    key=("task", "init", "ratio", "draw", "cohort", "criterion"),
)


def _estimate(name: str, what: str) -> dict[str, Column]:
    return {
        name: Column(kind="float", nullable=True, description=what),
        f"{name}_low": Column(kind="float", nullable=True, description=f"Lower bound of the {name} (Wald)."),
        f"{name}_high": Column(kind="float", nullable=True, description=f"Upper bound of the {name}."),
    }


def _resampled(name: str, what: str) -> dict[str, Column]:
    missing = "missing with too few cases."
    return {
        name: Column(kind="float", nullable=True, description=what),
        f"{name}_low": Column(kind="float", nullable=True, description=f"Lower bootstrap bound; {missing}"),
        f"{name}_high": Column(kind="float", nullable=True, description=f"Upper bootstrap bound; {missing}"),
    }


CALIBRATION = Table(
    "CALIBRATION",
    {
        **_MODEL,
        **_COUNTS,
        "prevalence": _proportion("Share of cases."),
        "mean_probability": _proportion("Mean predicted probability; the prevalence if right on the whole."),
        **_estimate("intercept", "Calibration in the large; 0 is right. Missing with too few cases."),
        **_estimate("slope", "Calibration slope; 1 is right. Missing where it is not estimable."),
        "reason": Column(kind="str", nullable=True, description="Why intercept or slope is missing."),
        "brier": _proportion("Brier score: mean squared difference of probability and label."),
        "brier_constant": _proportion("Brier score of always predicting the prevalence."),
        **_resampled("oe_ratio", "Observed to expected cases; 1 is right, below 1 risks are too high."),
        **_resampled("brier_scaled", "1 - brier / brier_constant; 1 is perfect, 0 no skill."),
        "recalibration_intercept": Column(
            kind="float",
            nullable=True,
            description="Intercept fitted on validation; missing if not estimable.",
        ),
        "recalibration_slope": Column(
            kind="float", nullable=True, description="Slope fitted on validation; missing if not estimable."
        ),
    },
    key=("task", "init", "ratio", "draw", "cohort"),
)

CALIBRATION_CURVE = Table(
    "CALIBRATION_CURVE",
    {
        **_MODEL,
        "bin": Column(kind="int", description="Bin by rising probability, from 1.", low=1),
        "n_studies": Column(kind="int", description="Studies in it.", low=1),
        "n_positive": Column(kind="int", description="Cases among them.", low=0),
        "lowest": _proportion("Lowest probability in it."),
        "highest": _proportion("Highest probability in it."),
        "mean_probability": _proportion("Mean probability in it."),
        "observed": _proportion("Share of cases in it."),
        "ci_low": _proportion("Lower bound of it (Clopper and Pearson)."),
        "ci_high": _proportion("Upper bound of it."),
    },
    key=("task", "init", "ratio", "draw", "cohort", "bin"),
)

RECALIBRATED_CURVE = Table("RECALIBRATED_CURVE", CALIBRATION_CURVE.columns, key=CALIBRATION_CURVE.key)
"""The calibration curve after logistic recalibration with the coefficients of the validation set."""

_BAND = {
    "ci_low": METRICS.columns["ci_low"],
    "ci_high": METRICS.columns["ci_high"],
    **_COUNTS,
}

CURVES = Table(
    "CURVES",
    {
        **_MODEL,
        "curve": Column(kind="str", description="Which curve.", allowed=("roc", "precision_recall")),
        "x": _proportion("False-positive rate (roc) or recall (precision_recall)."),
        "value": _proportion("Sensitivity (roc) or precision (precision_recall) there."),
        **_BAND,
    },
    key=("task", "init", "ratio", "draw", "cohort", "curve", "x"),
)

DECISION_CURVES = Table(
    "DECISION_CURVES",
    {
        **_MODEL,
        "threshold": Column(
            kind="float", description="Threshold probability: whoever has as much is treated.", low=0, high=1
        ),
        "net_benefit": Column(kind="float", description="True positives less weighted false positives."),
        **_BAND,
        "treat_all": Column(
            kind="float", description="Net benefit of treating everybody; of nobody it is 0."
        ),
        "treat_all_low": Column(kind="float", nullable=True, description="Lower bootstrap bound of it."),
        "treat_all_high": Column(kind="float", nullable=True, description="Upper bootstrap bound of it."),
    },
    key=("task", "init", "ratio", "draw", "cohort", "threshold"),
)

TECHNICAL_CHARACTERISTICS = (
    *("vendor", "frame rate", "image height", "number of videos", "share masked", "view margin"),
)
CHARACTERISTICS = ("sex", "age", "year", "view", *TECHNICAL_CHARACTERISTICS)

SUBGROUPS = Table(
    "SUBGROUPS",
    {
        **_MODEL,
        "characteristic": Column(kind="str", description="What parts the studies.", allowed=CHARACTERISTICS),
        "level": Column(kind="str", description="The part, as text; missing for unknown."),
        "place": Column(kind="int", description="Place of the level among the others, from 0.", low=0),
        **{
            name: METRICS.columns[name]
            for name in (
                "metric",
                "value",
                "ci_low",
                "ci_high",
                "n_studies",
                "n_positive",
                "n_resamples",
                "n_redrawn",
            )
        },
    },
    key=("task", "init", "ratio", "draw", "cohort", "characteristic", "level", "metric"),
)

SUBGROUP_DIFFERENCES = Table(
    "SUBGROUP_DIFFERENCES",
    {
        **_MODEL,
        "characteristic": SUBGROUPS.columns["characteristic"],
        "level": SUBGROUPS.columns["level"],
        "reference": Column(kind="str", description="The largest level, with which it is compared."),
        "difference": Column(
            kind="float", description="AUROC of the level less that of the reference.", low=-1, high=1
        ),
        "ci_low": METRICS.columns["ci_low"],
        "ci_high": METRICS.columns["ci_high"],
        **_COUNTS,
        "n_reference": Column(kind="int", description="Studies of the reference.", low=0),
        "n_reference_positive": Column(kind="int", description="Cases among them.", low=0),
        "n_resamples": Column(
            kind="int", nullable=True, description="Resamples with both classes in both parts."
        ),
    },
    key=("task", "init", "ratio", "draw", "cohort", "characteristic", "level"),
)

EVALUATION = {
    "metrics": METRICS,
    "comparisons": COMPARISONS,
    "operating_points": OPERATING_POINTS,
    "calibration": CALIBRATION,
    "calibration_curve": CALIBRATION_CURVE,
    "recalibrated_curve": RECALIBRATED_CURVE,
    "curves": CURVES,
    "decision_curves": DECISION_CURVES,
    "subgroups": SUBGROUPS,
    "subgroup_differences": SUBGROUP_DIFFERENCES,
}
"""Name of each table below evaluation/ to its schema."""
