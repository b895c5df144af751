"""Study-level evaluation: metrics, bootstrap intervals, the test between two AUROCs, the tables."""

from echoclr_core.evaluate.bootstrap import bootstrap_metrics
from echoclr_core.evaluate.decision import decision_curve
from echoclr_core.evaluate.roc_test import roc_test

__all__ = ["bootstrap_metrics", "decision_curve", "roc_test"]
