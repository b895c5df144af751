"""The picture of all views, for a person to look at."""

import numpy as np

from echoclr_core.synthetic.plan.settings import SyntheticSettings
from tools.phantom_montage import TILE, moments, montage, stills


def test_the_montage_shows_every_view_and_every_still():
    shown = montage(SyntheticSettings())
    assert shown.shape == (6 * TILE[0], 6 * TILE[1], 3)  # ten views and the stills, two strips a row
    strips = shown.reshape(6, TILE[0], 2, 3 * TILE[1], 3).swapaxes(1, 2).reshape(12, -1)
    assert [bool(strip.max() > 100) for strip in strips] == [True] * 11 + [False]


def test_three_moments_of_a_view_differ():
    first, second, third = (frame.astype(int) for frame in moments(SyntheticSettings(), 2, "plax"))
    for a, b in ((first, second), (first, third), (second, third)):
        assert (np.abs(a - b) > 30).mean() > 0.01


def test_the_jet_of_a_narrow_valve_is_longer():
    _, wide, narrow = stills(SyntheticSettings())
    reach = [np.flatnonzero((picture > 60).mean(1) > 0.02).max() for picture in (wide, narrow)]
    assert reach[1] > 1.3 * reach[0]
