"""Which resamples stand behind the intervals of a test set."""

from collections.abc import Mapping

import pandas as pd

from echoclr_core.common.randomness import derive_seed
from echoclr_core.evaluate.bootstrap import Resampling
from echoclr_core.evaluate.settings import MIN_PER_CLASS, EvaluationSettings
from echoclr_core.evaluate.study_scores import patients_of


def resampling_stream(seed: int, task: str, cohort: str) -> int:
    """The seed of a cohort's resamples: the same for all models, ratios and draws of a task."""
    return derive_seed(seed, "evaluate", task, cohort)


def resampling_of(
    table: pd.DataFrame,
    run: Mapping[str, object],
    settings: EvaluationSettings,
    patients: Mapping[str, str] | None,
) -> Resampling | None:
    """The resampling behind the intervals of one test set; None below MIN_PER_CLASS cases or controls.

    Parameters
    ----------
    table
        As :func:`~echoclr_core.evaluate.study_scores.study_table` gives it.
    run
        task and cohort, on which the resamples depend besides the seed.
    settings, patients
        See :func:`~echoclr_core.evaluate.studies.evaluate_cohort`.
    """
    positive = int(table["label"].sum())
    if min(positive, len(table) - positive) < MIN_PER_CLASS:
        return None
    return Resampling(
        n_resamples=settings.n_resamples,
        seed=resampling_stream(settings.seed, run["task"], run["cohort"]),
        stratified=settings.stratified_intervals,
        groups=None if patients is None else patients_of(table["study_id"], patients),
    )
