"""The cardiac cycle: how far the ventricle is contracted and each valve open at a phase of the beat."""

from dataclasses import dataclass

import numpy as np

RESOLUTION = 256  # entries of a curve over one beat


@dataclass(frozen=True, kw_only=True)
class Beat:
    """The heart at one moment; every value lies in [0, 1] unless said otherwise.

    Parameters
    ----------
    phase
        Share of the beat since the R wave, in [0, 1).
    contraction
        0 at end-diastole, 1 at end-systole.
    aortic, mitral
        Opening of the two valves.
    filling
        Filling of the left atrium, 1 at end-systole.
    """

    phase: float
    contraction: float
    aortic: float
    mitral: float
    filling: float


class Cycle:
    """The curves of one beat at a heart rate.

    Parameters
    ----------
    heart_rate
        Beats a minute. Systole shortens less than diastole as the rate rises (Weissler: ejection time falls
        by 1.7 ms a beat), so its share of the beat grows.
    """

    def __init__(self, heart_rate: float):
        self.heart_rate = float(heart_rate)
        self.period = 60.0 / self.heart_rate  # seconds
        ejection = max(0.413 - 0.0017 * self.heart_rate, 0.20)
        self.end_systole = min((ejection + 0.06) / self.period, 0.55)
        end = self.end_systole
        rest = 1 - end
        late = end + 0.30 * rest  # end of rapid filling
        kick = end + 0.80 * rest  # start of the atrial contraction
        self._curves = {
            "contraction": _curve(
                [0, 0.05, 0.30 * end, 0.60 * end, end, end + 0.05 * rest, end + 0.20 * rest, late, kick],
                [0, 0.02, 0.35, 0.75, 1.0, 0.94, 0.42, 0.25, 0.20],
            ),
            "aortic": _curve([0, 0.05, 0.09, 0.6 * end, 0.92 * end, end + 0.01], [0, 0, 1, 1, 0.85, 0], 2.0),
            "mitral": _curve(
                [0.0, end + 0.03, end + 0.16 * rest, late, kick - 0.05 * rest, kick + 0.10 * rest, 0.995],
                [0, 0, 1.0, 0.42, 0.35, 0.72, 0.05],
                2.5,
            ),
            "filling": _curve(
                [0, 0.5 * end, end, end + 0.25 * rest, kick, 0.97], [0.1, 0.6, 1, 0.45, 0.35, 0.08]
            ),
        }

    def at(self, phase: float) -> Beat:
        """The heart at ``phase`` (any real number; only its fraction counts)."""
        phase = float(phase) % 1.0
        index = phase * RESOLUTION
        low = int(index) % RESOLUTION
        share = index - int(index)
        values = {
            name: (1 - share) * curve[low] + share * curve[(low + 1) % RESOLUTION]
            for name, curve in self._curves.items()
        }
        return Beat(phase=phase, **{name: float(value) for name, value in values.items()})

    def phases(self, first: float, frames: int, frame_rate: float) -> np.ndarray:
        """Phase of each of ``frames`` frames, the first one at ``first``; (frames,) in [0, 1)."""
        return (first + np.arange(frames) / (frame_rate * self.period)) % 1.0


def _curve(phases: list[float], values: list[float], smooth: float = 4.0) -> np.ndarray:
    """A periodic curve through (phase, value), smoothed by a Gaussian of ``smooth`` 256ths of a beat."""
    grid = np.arange(RESOLUTION) / RESOLUTION
    straight = np.interp(grid, phases, values, period=1.0)
    offsets = np.minimum(np.arange(RESOLUTION), RESOLUTION - np.arange(RESOLUTION))
    kernel = np.exp(-0.5 * (offsets / smooth) ** 2)
    blurred = np.fft.irfft(np.fft.rfft(straight) * np.fft.rfft(kernel / kernel.sum()), RESOLUTION)
    return np.clip(blurred, 0, 1)
