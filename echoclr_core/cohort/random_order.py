"""Ids in a random order, each place by a hash of the id alone."""

from collections.abc import Collection, Iterable

import numpy as np
import pandas as pd

from echoclr_core.common.randomness import derive_seed


def unique_ids(ids: Iterable[str | int]) -> np.ndarray:
    """The ids as a 1-D array; ValueError if one is missing, stands there twice, or kinds are mixed."""
    array = as_keys("ids", list(ids))
    if len(np.unique(array)) < len(array):
        raise ValueError(f"ids: {len(array) - len(np.unique(array))} stand there more than once")
    return array


def as_keys(name: str, values: list[str | int]) -> np.ndarray:
    """The values as a 1-D array; ValueError if one is missing or kinds are mixed."""
    if any(pd.isna(value) for value in values):
        raise ValueError(f"{name}: {sum(map(pd.isna, values))} are missing; each study needs one")
    if len({isinstance(value, str) for value in values}) > 1:
        raise ValueError(f"{name}: some are text, others numbers; allowed is one kind")
    return np.asarray(values)


def random_order(ids: Collection[str | int], seed: int, *keys: str | int) -> np.ndarray:
    """Positions of ``ids`` in a random order: by a hash of (seed, keys, id), so each id has its own place."""
    places = [(derive_seed(seed, *keys, str(item)), str(item)) for item in np.asarray(ids).tolist()]
    return np.array(sorted(range(len(places)), key=places.__getitem__), dtype=int)
