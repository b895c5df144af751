"""The sets of studies that predictions are made for."""

SETS = {"internal": "test", "external": "external", "validation": "val"}
"""Name of a set in paths and tables of results to its value in column ``set`` of the cohort."""
COHORTS = ("internal", "external")
"""The test sets."""
PREDICTION_SETS = tuple(SETS)
