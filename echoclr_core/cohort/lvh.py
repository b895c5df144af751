"""Left-ventricular mass index from measurements."""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike


def lv_mass_index(
    ivsd: ArrayLike, lvidd: ArrayLike, pwtd: ArrayLike, height: ArrayLike, weight: ArrayLike
) -> np.ndarray:
    """Left-ventricular mass by the cube (Devereux) formula over body surface area (DuBois).

    mass = 0.8 · 1.04 · ((LVIDd + PWTd + IVSd)³ − LVIDd³) + 0.6 g;
    area = 0.007184 · weight^0.425 · height^0.725 m².

    Parameters
    ----------
    ivsd, lvidd, pwtd
        Septum, cavity, posterior wall at end-diastole in cm (not mm: the cube makes that a factor of 1000).
    height, weight
        In cm and kg.

    Returns
    -------
    ndarray of float64
        g/m², broadcast shape; NaN where any value is missing.

    Raises
    ------
    ValueError
        If a value is zero, negative or infinite; the message names the argument and the value.
    """
    arrays = {"ivsd": ivsd, "lvidd": lvidd, "pwtd": pwtd, "height": height, "weight": weight}
    values = {name: _positive(name, array) for name, array in arrays.items()}
    cavity = values["lvidd"]
    outer = cavity + values["pwtd"] + values["ivsd"]
    mass = 0.8 * 1.04 * (outer**3 - cavity**3) + 0.6
    area = 0.007184 * values["weight"] ** 0.425 * values["height"] ** 0.725
    return np.asarray(mass / area)


def _positive(name: str, array: ArrayLike) -> np.ndarray:
    values = _floats(array)
    wrong = ~(np.isnan(values) | ((values > 0) & np.isfinite(values)))
    if wrong.any():
        raise ValueError(
            f"lv_mass_index: {name} is {values[wrong].flat[0]:g}; it must be a number above zero"
        )
    return values


def _floats(array: ArrayLike) -> np.ndarray:
    """float64 with NaN for None, NaN and pandas' NA."""
    if isinstance(array, (pd.Series, pd.Index, pd.api.extensions.ExtensionArray)):
        return array.to_numpy(dtype=float, na_value=np.nan)
    return np.asarray(array, dtype=float)
