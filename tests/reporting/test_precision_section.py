"""The section on precision says what the tables say, and a dash where nothing can be said."""

import numpy as np

from echoclr_core.evaluate.precision import cases_needed, expected_width
from echoclr_core.reporting.sections.precision import cases_table, fewest_labels, width_table

TITLES = {"lvh": "LVH", "severe_as": "Severe AS"}


def test_widths_are_of_the_fewest_labels(metrics):
    rows = fewest_labels(metrics[metrics["metric"] == "auroc"])
    assert set(rows["ratio"]) == {0.01}
    table = width_table(rows, TITLES)
    assert len(table) == len(rows)
    first, shown = rows.iloc[0], table.iloc[0]
    assert shown["Task and set"] == "LVH, internal test set"
    assert shown["Cases, controls"] == "160, 903"
    assert shown["Width of the interval"] == "0.070"
    assert shown["Expected width"] == f"{expected_width(first['value'], 160, 903):.3f}"
    none = width_table(rows.assign(ci_low=np.nan, ci_high=np.nan), TITLES)
    assert set(none["Width of the interval"]) == {"–"}
    assert width_table(rows.assign(value=np.nan), TITLES).empty


def test_cases_that_a_comparison_would_need(comparisons):
    rows = fewest_labels(comparisons)
    table = cases_table(rows, TITLES)
    estimable = table[table["Comparison"] == "EchoCLR above Random"].iloc[0]
    assert estimable["Cases here"] == "160"
    assert estimable["Cases needed"] == f"{cases_needed(1.0, 160):,}"
    not_estimable = table[table["Comparison"] == "EchoCLR above SimCLR"].iloc[0]
    assert (not_estimable["P (raw)"], not_estimable["Cases needed"]) == ("–", "–")
    behind = cases_table(rows.assign(statistic=-0.4), TITLES)
    assert set(behind["Cases needed"]) == {"–"}
