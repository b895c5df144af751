"""Both tasks' labels: the paper's thresholds and bins."""

import math

import numpy as np
import pandas as pd
import pytest

from echoclr_core.cohort.lvh import lv_mass_index, lvh_label
from echoclr_core.cohort.severe_as import EXCLUDED_GRADES, grade_counts, is_grade, severe_as_label


def by_hand(ivsd, lvidd, pwtd, height, weight):
    mass = 0.8 * (1.04 * ((ivsd + lvidd + pwtd) ** 3 - lvidd**3)) + 0.6
    return mass / (0.007184 * math.exp(0.425 * math.log(weight) + 0.725 * math.log(height)))


def test_mass_index_is_devereux_over_dubois():
    rng = np.random.default_rng(0)
    rows = rng.uniform([0.6, 3.5, 0.6, 140, 40], [1.8, 6.5, 1.8, 200, 140], size=(50, 5))
    expected = [by_hand(*row) for row in rows]
    found = lv_mass_index(*rows.T)
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_mass_index_known_value():
    # 0.832 * (6.6**3 - 4.6**3) + 0.6 = 158.813 g; a body of 170 cm and 70 kg has 1.80966 m2 by DuBois.
    assert lv_mass_index(1.0, 4.6, 1.0, 170.0, 70.0) == pytest.approx(158.81312 / 1.80966, rel=1e-4)


def test_mass_index_missing_and_shapes():
    assert np.isnan(lv_mass_index([1.0, None], 4.6, 1.0, 170, 70)).tolist() == [False, True]
    column = pd.Series([1.0, pd.NA], dtype="Float64")
    assert np.isnan(lv_mass_index(column, column, column, column, column)).tolist() == [False, True]
    assert lv_mass_index(np.ones((2, 1)), np.ones(3) * 4, 1.0, 170, 70).shape == (2, 3)


@pytest.mark.parametrize("wrong", [0.0, -1.0, math.inf])
def test_mass_index_refuses_impossible_values(wrong):
    with pytest.raises(ValueError, match="height"):
        lv_mass_index(1.0, 4.6, 1.0, wrong, 70.0)


def test_thresholds_are_strict_and_by_sex():
    sex = ["female", "female", "male", "male", "F", "m", None, "male", "other"]
    index = [95.0, 95.0001, 115.0, 115.0001, 100.0, 100.0, 200.0, None, 200.0]
    found = lvh_label(sex, index)
    assert found.tolist() == [False, True, False, True, True, False, pd.NA, pd.NA, pd.NA]
    with pytest.raises(ValueError, match="'X'"):
        lvh_label(["X"], [100.0])
    with pytest.raises(ValueError, match="1 sexes but 2"):
        lvh_label(["F"], [100.0, 100.0])


def test_severe_against_all_else_and_missing_stays_missing():
    grades = ["Severe", "severe  as", "Moderate", "None", "Non-Severe", "NA", None, "Mild"]
    assert severe_as_label(grades).tolist() == [True, True, False, False, False, False, pd.NA, False]
    assert severe_as_label(["Critical", "Severe"], severe=["critical"]).tolist() == [True, False]


def test_low_flow_low_gradient_names():
    assert is_grade(["Low gradient AS", "PARADOXICAL AS", "Severe", None], EXCLUDED_GRADES).tolist() == [
        True,
        True,
        False,
        False,
    ]


def test_grade_counts_show_how_each_text_was_understood():
    counts = grade_counts(["None", "Severe", "None", None, "Paradoxical AS", "Odd"])
    rows = {row.as_severity if isinstance(row.as_severity, str) else None: row for row in counts.itertuples()}
    assert (rows["None"].studies, rows["None"].counts_as) == (2, "not severe")
    assert rows["Severe"].counts_as == "severe"
    assert rows["Paradoxical AS"].counts_as == "excluded"
    assert rows["Odd"].counts_as == "not severe"
    assert rows[None].counts_as == "missing"
    assert counts["studies"].sum() == 6


def test_columns_of_missing_cells_alone_give_missing_labels():
    nothing = [None, None]
    assert severe_as_label(nothing).isna().all()
    assert lvh_label(nothing, nothing).isna().all()
    assert not is_grade(nothing, ["Severe"]).any()
    assert list(grade_counts(nothing)["counts_as"]) == ["missing"]
