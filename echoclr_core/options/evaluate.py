"""Options of section `evaluate`."""

from typing import Annotated, Literal

from pydantic import Field

from echoclr_core.options.base import Unique, option, options

Pair = Annotated[tuple[str, ...], Field(min_length=2, max_length=2)]


@options()
class EvaluateOptions:
    """Metrics, intervals and tests at study level."""

    n_resamples: int = option(
        10000,
        "Bootstrap resamples of intervals and tests.",
        changes="output",
        unit="resamples",
        source="paper (10000)",
        ge=2,
    )
    stratified_intervals: bool = option(
        False,
        "Resample cases and controls apart for the intervals.",
        changes="output",
        source="paper (unstratified)",
    )
    stratified_test: bool = option(
        True,
        "Resample cases and controls apart in the test of two curves.",
        changes="output",
        source="pROC's default",
    )
    resample_unit: Literal["study", "patient"] = option(
        "study",
        "What the bootstrap resamples: studies, or patients with all their studies.",
        changes="output",
        source="paper (study)",
    )
    comparisons: tuple[Pair, ...] | None = option(
        None,
        (
            "Pairs [a, b] of initialisations, each tested for a above b; null = the paper's: echoclr above "
            "each other one, mi_simclr above simclr. P-values are adjusted within a task and test set."
        ),
        changes="output",
        source="paper",
    )
    target_rate: float = option(
        0.9,
        (
            "Sensitivity is reported at this specificity, and specificity at this sensitivity; the "
            "thresholds are fixed on the validation set."
        ),
        changes="output",
        unit="share of controls or cases",
        source="ours",
        gt=0,
        lt=1,
    )
    calibration_bins: int = option(
        10,
        "Bins of the calibration curve, at most.",
        changes="output",
        unit="bins",
        source="ours",
        ge=1,
    )
    age_column: str = option(
        "age",
        "Column of input.extra_columns with the age; subgroups by age where it is there.",
        changes="numbers",
        source="ours",
        min_length=1,
    )
    age_bands: Unique[Annotated[float, Field(gt=0)]] = option(
        (50, 65, 80),
        "Where a new age band begins, rising.",
        changes="output",
        unit="years",
        source="ours",
    )
