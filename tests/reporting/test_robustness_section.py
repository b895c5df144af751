"""The section on robustness: how to ask for it, or the changes with intervals."""

import pandas as pd

from echoclr_core.reporting.sections import robustness
from echoclr_core.reporting.sections.page import Page

ROW = {"task": "lvh", "cohort": "internal", "init": "echoclr", "perturbation": "half_frame_rate"}
ROW |= {"difference": -0.0312, "ci_low": -0.08, "ci_high": 0.01}


def test_not_asked_for():
    page = Page(files={"robustness": []}, config={}, titles={}, inits=[], methods=[])
    [text] = robustness.section(page).blocks
    assert "robustness.in_report" in text.rst


def test_changes_by_initialisation():
    other = ROW | {"init": "random", "ci_low": None, "ci_high": None, "perturbation": "gain"}
    table = robustness.robustness_table(pd.DataFrame([ROW, other]), {"lvh": "LVH"})
    rows = table.set_index("Perturbation")
    assert rows.loc["Half frame rate", "EchoCLR"] == "-0.031 (-0.080 to +0.010)"
    assert rows.loc["Gain", "Random"] == "-0.031"
    assert rows.loc["Gain", "EchoCLR"] == "–"
    assert set(table["Task and set"]) == {"LVH, internal test set"}
