"""The left-ventricular mass index from measurements."""

import math

import numpy as np
import pandas as pd
import pytest

from echoclr_core.cohort.lvh import lv_mass_index


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
