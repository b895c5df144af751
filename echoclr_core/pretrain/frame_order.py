"""The frame-order task: which of the K! orders a clip's frames were shown in."""

import itertools
import math

import numpy as np

LONGEST = 8


def frame_orders(k: int) -> np.ndarray:
    """All orders of ``k`` frames, in lexicographic order: the row is the class.

    Parameters
    ----------
    k
        Frames of a clip, 1 to 8 (8! = 40,320 classes; 16! would be 2.1e13).

    Returns
    -------
    (k!, k) int64 ndarray
        Position t of a clip of class c shows frame ``orders[c, t]``; class 0 is the true order.

    Raises
    ------
    ValueError
        For a ``k`` outside the range.
    """
    if not 1 <= k <= LONGEST:
        raise ValueError(f"frame orders exist here for clips of 1 to {LONGEST} frames; received {k}")
    return np.array(list(itertools.permutations(range(k))), dtype=np.int64)


def draw_orders(count: int, k: int, rng: np.random.Generator) -> np.ndarray:
    """``count`` classes, each uniform over 0 .. k! - 1, (count,) int64."""
    return rng.integers(0, math.factorial(k), size=count)
