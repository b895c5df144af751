"""Neighbouring frames differ about as much as in real loops, and their likeness tells the order as well.

Two public apical four-chamber loops, masked and resized as this project does it, 13 to 30 frames/s: mean
absolute difference of neighbours 0.004 to 0.009 of the grey range, at lags 2 and 3 by 1.4 and 1.64 to 1.78
times that; the nearest path through four frames is their order or its reverse in 0.98 to 1.00 of the clips
(chance 0.08).
"""

from itertools import combinations, pairwise, permutations

import cv2
import numpy as np
import pytest

from echoclr_core.synthetic.plan.patients import make_patient
from echoclr_core.synthetic.plan.settings import SyntheticSettings
from echoclr_core.synthetic.rendering.render import ScanConverter
from echoclr_core.synthetic.rendering.video import make_video_spec, place_fan
from echoclr_core.synthetic.screen.vendor_screens import VENDOR_SCREENS

VIDEOS, FRAMES, LENGTH = 16, 16, 4
SCREEN, SIZE = (240, 320), 56
SETTINGS = SyntheticSettings()
PAIRS = list(combinations(range(LENGTH), 2))


def masked_video(number, view, frame_rate):
    """(FRAMES, SIZE, SIZE) in [0, 1]: the fan where a vendor's screen shows it, resized."""
    anatomy = make_patient(SETTINGS, number).anatomy
    spec = make_video_spec(SETTINGS, anatomy, number, 1, view, FRAMES, frame_rate)
    x0, y0, x1, y1 = VENDOR_SCREENS["tablet"].fan
    box = (x0 * SCREEN[1], y0 * SCREEN[0], x1 * SCREEN[1], y1 * SCREEN[0])
    fan = place_fan(spec.acquisition.sector, box, spec.acquisition.cut)
    convert = ScanConverter(fan.sector, fan.apex, fan.scale, SCREEN, fan.cut)
    frames = [
        cv2.resize(convert(polar), (SIZE, SIZE), interpolation=cv2.INTER_AREA) for _, polar in spec.polar()
    ]
    return np.stack(frames).astype(np.float32) / 255


def clip_differences(view, frame_rate):
    """(clips, 6): mean absolute difference of each two frames of all clips of four."""
    videos = [masked_video(number, view, frame_rate) for number in range(VIDEOS)]
    clips = np.stack([video[s : s + LENGTH] for video in videos for s in range(FRAMES - LENGTH + 1)])
    return np.stack([np.abs(clips[:, a] - clips[:, b]).mean((1, 2)) for a, b in PAIRS], 1)


def nearest_path_share(differences):
    """Share of clips whose shortest way through all frames is the true order or its reverse."""
    orders = [order for order in permutations(range(LENGTH)) if order[0] < order[-1]]
    columns = [[PAIRS.index(tuple(sorted(step))) for step in pairwise(order)] for order in orders]
    lengths = np.stack([differences[:, steps].sum(1) for steps in columns], 1)
    return np.mean(lengths.argmin(1) == orders.index(tuple(range(LENGTH))))


@pytest.mark.parametrize("view", ["plax", "a4c"])
@pytest.mark.parametrize(
    ("frame_rate", "largest", "path"), [(15.0, 0.016, 0.75), (30.0, 0.011, 0.93), (50.0, 0.009, 0.93)]
)
def test_neighbouring_frames_differ_as_in_real_loops(view, frame_rate, largest, path):
    differences = clip_differences(view, frame_rate)
    lag = {n: np.mean([differences[:, i] for i, (a, b) in enumerate(PAIRS) if b - a == n]) for n in (1, 2, 3)}
    assert 0.004 < lag[1] < largest
    assert 1.3 < lag[2] / lag[1] < 1.7
    assert 1.6 < lag[3] / lag[1] < 2.15
    assert nearest_path_share(differences) > path
