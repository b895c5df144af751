"""Names of the sets of studies that predictions are made for."""

COHORTS = ("internal", "external")
PREDICTION_SETS = (*COHORTS, "validation")
