"""Names of the sets of studies that predictions are made for."""

COHORTS = ("internal", "external")
SCORED = (*COHORTS, "validation")
