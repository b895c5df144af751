"""In which order the samples of native colour stand, by the picture: pixel by pixel or plane by plane."""

import numpy as np

from echoclr_core.dicom.pixel_format import PixelFormat

MAX_PLACES = 1 << 14  # of a picture that are looked at
MIN_SIDE = 8  # pixels; smaller pictures say nothing of their layout
ALIKE = 0.7  # one difference is smaller than another
CLEAR = 0.5  # one difference is far smaller than another


def stands_in_planes(samples: np.ndarray, layout: PixelFormat) -> bool:
    """Whether three samples a pixel stand plane by plane, by the picture, against the header if it is clear.

    Two signs for each order, of which the other must show none: rows one plane (or one interleaved) row apart
    are alike, and what is half a row further is not; or the last two samples of a pixel are alike (grey in
    RGB and YCbCr), and what stands as close but belongs to two pixels is not.

    Parameters
    ----------
    samples
        All samples of a frame in the order of the file, one-dimensional.
    layout
        From the header.
    """
    if min(layout.rows, layout.columns) < MIN_SIDE:
        return layout.planar
    view = SampledPlaces(samples, layout.columns)
    row = layout.columns
    planes = rows_alike(view, row, 3 * row) or _planes_alike(view)
    pixels = rows_alike(view, 3 * row, row) or pixels_alike(view)
    return planes if planes != pixels else layout.planar


class SampledPlaces:
    """The samples of a picture at places spread over it, and how they differ from others."""

    def __init__(self, samples: np.ndarray, columns: int):
        self._samples = samples
        self.columns = columns
        self.pixels = len(samples) // 3
        self._numbers = np.random.default_rng(0).random(min(MAX_PLACES, self.pixels))

    def difference(self, step: int, first: int, second: int) -> float:
        """Mean absolute difference of the samples ``first`` and ``second`` after every ``step``-th one."""
        beyond = max(first, second)
        starts = step * (self._numbers * ((len(self._samples) - beyond - 1) // step + 1)).astype(np.int64)
        return float(np.abs(self._at(starts + first) - self._at(starts + second)).mean())

    def distance_to_grey(self, plane: int) -> float:
        """Mean absolute difference of a plane's samples from 128."""
        starts = (self._numbers * self.pixels).astype(np.int64)
        return float(np.abs(self._at(plane * self.pixels + starts) - 128).mean())

    def _at(self, places: np.ndarray) -> np.ndarray:
        return self._samples[places].astype(np.int32)


def rows_alike(view: SampledPlaces, row: int, other: int, *, further: float = CLEAR) -> bool:
    """Whether samples ``row`` apart are more alike than ``other`` apart, and than half a row further.

    ``further`` is how much more alike than the latter, as the largest ratio of differences.
    """
    found = view.difference(1, 0, row)
    shifted = view.difference(1, 0, row + row // 2)
    return found < ALIKE * view.difference(1, 0, other) and found < further * shifted


def pixels_alike(view: SampledPlaces) -> bool:
    """Whether of three samples the last two are more alike than the last and the next."""
    return view.difference(3, 1, 2) < CLEAR * view.difference(3, 2, 3)


def _planes_alike(view: SampledPlaces) -> bool:
    second, third = view.pixels, 2 * view.pixels
    # by a multiple of 3, so that interleaved samples are compared with those of their own kind
    shifted = view.difference(1, second + 3 * max(1, view.columns // 6), third)
    if view.difference(1, second, third) < 0.25 * shifted:
        return True
    # colour differences of a grey picture are 128
    flat = [view.distance_to_grey(plane) for plane in range(3)]
    return max(flat[1:]) < 0.1 * flat[0]
