"""Study-level evaluation: metrics, bootstrap intervals, the test between two AUROCs, the tables."""

from echoclr_core.evaluate.bootstrap import (
    Resampling,
    bootstrap_metrics,
    bootstrap_models,
    resample_metrics,
)
from echoclr_core.evaluate.comparisons import adjust, default_comparisons
from echoclr_core.evaluate.delong import DelongTest, delong_interval, delong_test
from echoclr_core.evaluate.holm import holm
from echoclr_core.evaluate.metrics import (
    METRIC_NAMES,
    aupr_trapezoid,
    auroc,
    average_precision,
    brier,
    point_metrics,
)
from echoclr_core.evaluate.roc_test import RocTest, roc_test, roc_test_result, roc_tests
from echoclr_core.evaluate.schema import COHORTS, COMPARISONS, INITS, METRICS, TASKS
from echoclr_core.evaluate.settings import MIN_PER_CLASS, EvaluationSettings
from echoclr_core.evaluate.studies import (
    evaluate_cohort,
    study_table,
)
from echoclr_core.evaluate.thresholds import clopper_pearson, rates_at, threshold_at

__all__ = [
    "COHORTS",
    "COMPARISONS",
    "INITS",
    "METRICS",
    "METRIC_NAMES",
    "MIN_PER_CLASS",
    "TASKS",
    "DelongTest",
    "EvaluationSettings",
    "Resampling",
    "RocTest",
    "adjust",
    "aupr_trapezoid",
    "auroc",
    "average_precision",
    "bootstrap_metrics",
    "bootstrap_models",
    "brier",
    "clopper_pearson",
    "default_comparisons",
    "delong_interval",
    "delong_test",
    "evaluate_cohort",
    "holm",
    "point_metrics",
    "rates_at",
    "resample_metrics",
    "roc_test",
    "roc_test_result",
    "roc_tests",
    "study_table",
    "threshold_at",
]
