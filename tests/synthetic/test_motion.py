"""The cardiac cycle."""

import numpy as np
import pytest

from echoclr_core.synthetic.heart.motion import Cycle

PHASES = np.linspace(0, 1, 200, endpoint=False)


@pytest.mark.parametrize("rate", [45, 70, 100, 130])
def test_curves_keep_the_order_of_a_beat(rate):
    cycle = Cycle(rate)
    beats = [cycle.at(p) for p in PHASES]
    for name in ("contraction", "aortic", "mitral", "filling"):
        curve = np.array([getattr(b, name) for b in beats])
        assert 0 <= curve.min() < 0.15, name
        assert 0.8 < curve.max() <= 1, name
    both = max(min(b.aortic, b.mitral) for b in beats)
    assert both < 0.1  # never are both valves open
    peak = PHASES[np.argmax([b.contraction for b in beats])]
    assert peak == pytest.approx(cycle.end_systole, abs=0.03)
    opened = PHASES[[b.aortic > 0.5 for b in beats]]
    assert 0 < opened.min() < opened.max() < cycle.end_systole + 0.02


def test_atrial_kick_opens_the_mitral_valve_twice():
    mitral = np.array([Cycle(70).at(p).mitral for p in PHASES])
    peaks = (mitral[1:-1] > mitral[:-2]) & (mitral[1:-1] >= mitral[2:]) & (mitral[1:-1] > 0.4)
    assert peaks.sum() == 2


def test_phases_advance_by_the_frame_rate_and_wrap():
    cycle = Cycle(60)
    phases = cycle.phases(0.9, 31, 30.0)
    assert phases[0] == pytest.approx(0.9)
    assert phases[3] == pytest.approx(0.0, abs=1e-9) or phases[3] == pytest.approx(1.0, abs=1e-9)
    assert phases[30] == pytest.approx(0.9)
    assert cycle.at(1.3) == cycle.at(0.3) or cycle.at(1.3).aortic == pytest.approx(cycle.at(0.3).aortic)


def test_systole_takes_more_of_a_fast_beat():
    shares = [Cycle(rate).end_systole for rate in (50, 70, 90, 110)]
    assert shares == sorted(shares)
    assert 0.25 < shares[0] < shares[-1] <= 0.55
