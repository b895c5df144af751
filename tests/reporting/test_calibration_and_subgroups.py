"""Reliability diagram and forest plot draw what the tables say, and survive thin tables."""

from itertools import product

import numpy as np
import pandas as pd
import pytest

from echoclr_core.evaluate.schema import EVALUATION
from echoclr_core.reporting.panels import COHORTS, at_max_ratio
from echoclr_core.reporting.reliability import reliability_figure
from echoclr_core.reporting.style import save_figure
from echoclr_core.reporting.subgroups import subgroup_figure, without_small_parts

INITS = ("random", "echoclr")
TITLES = {"lvh": "LVH", "severe_as": "Severe AS"}


def curve(ratios=(0.1, 1.0), draws=(0, 1), tasks=("lvh", "severe_as")):
    rows = []
    for task, cohort in product(TITLES, COHORTS):
        if task not in tasks:
            continue
        for init in INITS:
            for ratio in ratios:
                for draw in draws:
                    for number in range(1, 4):
                        p = 0.2 * number + 0.1 * ratio + 0.01 * draw
                        run = {"task": task, "init": init, "ratio": ratio, "draw": draw, "cohort": cohort}
                        counts = {"bin": number, "n_studies": 10, "n_positive": 2 * number}
                        edges = {"lowest": p - 0.05, "highest": p + 0.05, "mean_probability": p}
                        seen = {"observed": 0.2 * number, "ci_low": 0.1 * number, "ci_high": 0.3 * number}
                        rows.append({**run, **counts, **edges, **seen})
    return EVALUATION["calibration_curve"].check(pd.DataFrame(rows))


def subgroups(levels):
    rows = []
    for task, cohort in product(TITLES, COHORTS):
        for init in INITS:
            for characteristic, level, value in levels:
                run = {"task": task, "init": init, "ratio": 1.0, "draw": 0, "cohort": cohort}
                part = {"characteristic": characteristic, "level": level, "place": 0, "metric": "auroc"}
                numbers = {
                    "value": value,
                    "ci_low": np.nan,
                    "ci_high": np.nan,
                    "n_studies": 9,
                    "n_positive": 4,
                }
                rows.append({**run, **part, **numbers, "n_resamples": pd.NA, "n_redrawn": pd.NA})
    return EVALUATION["subgroups"].check(pd.DataFrame(rows))


def test_the_first_draw_of_the_most_labels():
    rows = at_max_ratio(curve())
    assert set(rows["ratio"]) == {1.0}
    assert set(rows["draw"]) == {0}


def test_reliability_draws_the_bins():
    figure = reliability_figure(curve(), INITS, titles=TITLES)
    assert [axis.get_title(loc="left") for axis in figure.axes] == [
        "LVH, internal test set",
        "LVH, external test set",
        "Severe AS, internal test set",
        "Severe AS, external test set",
    ]
    diagonal, random, echoclr = figure.axes[2].lines
    np.testing.assert_allclose(diagonal.get_xdata(), diagonal.get_ydata())
    for line in (random, echoclr):
        np.testing.assert_allclose(line.get_xdata(), [0.3, 0.5, 0.7])
        np.testing.assert_allclose(line.get_ydata(), [0.2, 0.4, 0.6])
    [bars] = figure.axes[2].collections
    np.testing.assert_allclose(
        [segment[:, 1] for segment in bars.get_segments()], [[0.1, 0.3], [0.2, 0.6], [0.3, 0.9]]
    )
    assert "100% of the labels" in figure.get_supxlabel()
    assert len(reliability_figure(curve(tasks=("lvh",)), INITS, titles=TITLES).axes) == 2
    with pytest.raises(ValueError, match="no rows"):
        reliability_figure(curve().iloc[:0], INITS, titles=TITLES)


def test_subgroups_in_a_reader_s_order():
    given = [
        ("sex", "female", 0.7),
        ("age", "65–79", 0.6),
        ("age", "≥80", 0.8),
        ("age", "<50", 0.9),
        ("age", "50–64", np.nan),
    ]
    figure = subgroup_figure(subgroups(given), INITS, titles=TITLES)
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert labels == [
        "Sex: female\n(4 of 9)",
        "Age: <50\n(4 of 9)",
        "Age: 65–79\n(4 of 9)",
        "Age: ≥80\n(4 of 9)",
    ]


def test_no_subgroups_is_said(tmp_path):
    empty = subgroups([("sex", "female", np.nan)])
    for table in (empty, empty.iloc[:0]):
        figure = subgroup_figure(table, INITS, titles=TITLES)
        assert "No subgroup" in figure.texts[0].get_text()
        save_figure(figure, tmp_path / "none")


def test_small_parts_are_left_out_with_the_one_that_would_tell_them():
    table = subgroups(
        [("sex", "female", 0.7), ("sex", "male", 0.8), ("age", "<50", 0.6), ("age", "≥50", 0.9)]
    )
    table = pd.concat([table, table.assign(level=table["level"] + " more")], ignore_index=True)
    table.loc[table["level"] == "female", ["n_positive", "n_studies"]] = [2, 900]
    table.loc[table["level"] == "male more", ["n_positive", "n_studies"]] = [300, 900]
    table.loc[table["characteristic"] == "age", ["n_positive", "n_studies"]] = [300, 900]
    table.loc[table["level"] == "male", ["n_positive", "n_studies"]] = [30, 900]
    table.loc[table["level"] == "female more", ["n_positive", "n_studies"]] = [40, 900]
    kept = without_small_parts(table, 5)
    assert set(kept.loc[kept["characteristic"] == "sex", "level"]) == {"male more", "female more"}
    assert (kept["characteristic"] == "age").sum() == (table["characteristic"] == "age").sum()
    for least in (0, 1):
        pd.testing.assert_frame_equal(without_small_parts(table, least), table)
    figure = subgroup_figure(table, INITS, titles=TITLES, least_cell=5)
    labels = " ".join(label.get_text() for axis in figure.axes for label in axis.get_yticklabels())
    assert "2 of 900" not in labels
    assert "female more" in labels
