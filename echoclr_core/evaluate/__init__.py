"""Study-level evaluation: metrics, bootstrap intervals, the test between two AUROCs, the tables."""

from echoclr_core.evaluate.bootstrap import (
    Resampling,
    bootstrap_means,
    bootstrap_metrics,
    bootstrap_models,
    resample_metrics,
)
from echoclr_core.evaluate.calibration import calibration_curve, calibration_line
from echoclr_core.evaluate.comparisons import adjust, default_comparisons
from echoclr_core.evaluate.delong import DelongTest, delong_interval, delong_test
from echoclr_core.evaluate.details import calibration_tables, operating_points, subgroup_metrics
from echoclr_core.evaluate.efficiency import DIFFERENCES, EFFICIENCY, efficiency
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
from echoclr_core.evaluate.schema import (
    CALIBRATION,
    CALIBRATION_CURVE,
    CHARACTERISTICS,
    COHORTS,
    COMPARISONS,
    EVALUATION,
    INITS,
    METRICS,
    OPERATING_POINTS,
    SUBGROUPS,
    TASKS,
)
from echoclr_core.evaluate.settings import MIN_PER_CLASS, EvaluationSettings
from echoclr_core.evaluate.studies import (
    evaluate_cohort,
    study_table,
)
from echoclr_core.evaluate.subgroups import age_band, subgroups_of
from echoclr_core.evaluate.thresholds import classify, clopper_pearson, rates_at, threshold_at

__all__ = [
    "CALIBRATION",
    "CALIBRATION_CURVE",
    "CHARACTERISTICS",
    "COHORTS",
    "COMPARISONS",
    "DIFFERENCES",
    "EFFICIENCY",
    "EVALUATION",
    "INITS",
    "METRICS",
    "METRIC_NAMES",
    "MIN_PER_CLASS",
    "OPERATING_POINTS",
    "SUBGROUPS",
    "TASKS",
    "DelongTest",
    "EvaluationSettings",
    "Resampling",
    "RocTest",
    "adjust",
    "age_band",
    "aupr_trapezoid",
    "auroc",
    "average_precision",
    "bootstrap_means",
    "bootstrap_metrics",
    "bootstrap_models",
    "brier",
    "calibration_curve",
    "calibration_line",
    "calibration_tables",
    "classify",
    "clopper_pearson",
    "default_comparisons",
    "delong_interval",
    "delong_test",
    "efficiency",
    "evaluate_cohort",
    "holm",
    "operating_points",
    "point_metrics",
    "rates_at",
    "resample_metrics",
    "roc_test",
    "roc_test_result",
    "roc_tests",
    "study_table",
    "subgroup_metrics",
    "subgroups_of",
    "threshold_at",
]
