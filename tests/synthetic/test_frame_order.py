"""The order of frames must be read from the heart's motion: noise and speckle alone do not tell it."""

import dataclasses
from itertools import pairwise, permutations

import numpy as np
import pytest

from echoclr_core.synthetic.plan.patients import make_patient
from echoclr_core.synthetic.plan.settings import SyntheticSettings
from echoclr_core.synthetic.rendering.video import make_video_spec

CLIPS, LENGTH = 120, 4
SETTINGS = SyntheticSettings()
# An order and its reverse make the same chain of likenesses: 12 of 24 can be told apart.
ORDERS = [order for order in permutations(range(LENGTH)) if order[0] < order[-1]]


def clip(number, *, still):
    anatomy = make_patient(SETTINGS, number).anatomy
    spec = make_video_spec(SETTINGS, anatomy, number, 1, "plax", LENGTH, 15.0)
    if still:
        spec = dataclasses.replace(spec, phases=np.full(LENGTH, spec.phases[0]))
    return np.stack([polar for _, polar in spec.polar()]).astype(np.float32)


def shortest_chain(frames):
    """The order in which neighbours are most alike: what speckle that fades with time would give away."""
    flat = frames.reshape(len(frames), -1)
    away = np.array([[np.mean((a - b) ** 2) for b in flat] for a in flat])
    return min(ORDERS, key=lambda order: sum(away[a, b] for a, b in pairwise(order)))


@pytest.fixture(scope="module")
def still_clips():
    return [clip(number, still=True) for number in range(CLIPS)]


def test_a_heart_that_stands_still_does_not_tell_the_order(still_clips):
    told = sum(shortest_chain(frames) == tuple(range(LENGTH)) for frames in still_clips)
    expected = CLIPS / len(ORDERS)
    assert abs(told - expected) < 3.5 * np.sqrt(expected * (1 - 1 / len(ORDERS)))


def test_a_beating_heart_does():
    told = sum(shortest_chain(clip(number, still=False)) == tuple(range(LENGTH)) for number in range(40))
    assert told > 15  # 3.3 by chance


def test_nothing_drifts_while_the_heart_stands_still(still_clips):
    """Brightness, contrast and likeness to the first frame have no trend over the frames."""
    time = np.arange(LENGTH) - (LENGTH - 1) / 2
    for statistic in (np.mean, np.std, lambda frame: np.percentile(frame, 90)):
        slopes = np.array([[statistic(frame) for frame in frames] @ time for frames in still_clips])
        assert abs(slopes.mean()) < 3.5 * slopes.std(ddof=1) / np.sqrt(CLIPS)
    likeness = np.array(
        [[np.corrcoef(f[0].ravel(), f[lag].ravel())[0, 1] for lag in (1, 3)] for f in still_clips]
    )
    change = likeness[:, 0] - likeness[:, 1]
    assert abs(change.mean()) < 3.5 * change.std(ddof=1) / np.sqrt(CLIPS)
