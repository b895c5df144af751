"""Phantom frames a second on one thread at 112x112, beside the least that a plain rendering has to do.

"plain" draws nothing: for each frame it makes fresh complex Gaussian speckle of the same grain with NumPy and
SciPy, takes its logarithm and converts it to the fan by spline interpolation, as a first version of a phantom
does. "ours" renders the whole scene: anatomy of the moment, speckle that moves with the tissue, noise,
shadows, conversion.

    python benchmarks/phantom.py [--frames 240]
"""

import argparse
import os
import time
from collections.abc import Callable

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before the libraries start their threads

import cv2
import numpy as np
import scipy.ndimage

from echoclr_core.common.randomness import generator
from echoclr_core.synthetic.heart.anatomy import draw_anatomy
from echoclr_core.synthetic.heart.views import VIEWS
from echoclr_core.synthetic.plan.settings import SyntheticSettings
from echoclr_core.synthetic.rendering.render import BEAM_SAMPLES, RANGE_SAMPLES
from echoclr_core.synthetic.rendering.video import VideoSpec, fan_video, make_video_spec, place_fan

SIZE, ROUNDS = 112, 3


def plain(spec: VideoSpec) -> np.ndarray:
    """Speckle in a fan, frame by frame: (T, SIZE, SIZE) float64."""
    sector, rng = spec.acquisition.sector, generator(0, "plain")
    fan = place_fan(sector, (0, 0, SIZE, SIZE))
    y, x = np.mgrid[0:SIZE, 0:SIZE].astype(float)
    points = np.stack((x - fan.apex[0], y - fan.apex[1]), -1).reshape(-1, 2) / fan.scale
    beam, sample = sector.polar(points).T
    frames = []
    for _ in spec.phases:
        field = rng.standard_normal((2, RANGE_SAMPLES, BEAM_SAMPLES))
        field = [scipy.ndimage.gaussian_filter(part, (0.75, 1.9)) for part in field]
        level = 10 * np.log10(field[0] ** 2 + field[1] ** 2 + 1e-6)
        frames.append(scipy.ndimage.map_coordinates(level, (sample, beam), order=3).reshape(SIZE, SIZE))
    return np.stack(frames)


def rate(make: Callable[[VideoSpec], np.ndarray], spec: VideoSpec) -> float:
    """Best of a few rounds, frames a second."""
    best = float("inf")
    for _ in range(ROUNDS):
        start = time.perf_counter()
        make(spec)
        best = min(best, time.perf_counter() - start)
    return len(spec.phases) / best


def main() -> None:
    """One line a view."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--frames", type=int, default=120, help="frames of a video")
    frames = parser.parse_args().frames
    cv2.setNumThreads(1)
    anatomy = draw_anatomy(generator(0, "benchmark"))
    print(f"{'view':<16}{'ours':>10}{'plain':>10}{'ratio':>8}   frames/s, one thread, {SIZE}x{SIZE}")
    for view in VIEWS:
        spec = make_video_spec(SyntheticSettings(), anatomy, 0, 1, view, frames, 15.0)
        ours, other = rate(fan_video, spec), rate(plain, spec)
        print(f"{view:<16}{ours:>10.0f}{other:>10.0f}{ours / other:>8.1f}")


if __name__ == "__main__":
    main()
