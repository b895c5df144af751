"""What the audit keeps of a video that it reads once, one frame in memory at a time."""

import numpy as np
from numpy.typing import NDArray

COMPARED_FRAMES = 16  # spread over the video, for what stands still in it


class FrameTotals:
    """Sums over all frames of a video, and the few frames that are looked at more closely.

    Parameters
    ----------
    mask
        (H, W) bool, what was kept.
    n_frames
        Frames that are expected; it decides which ones are kept.

    Attributes
    ----------
    count
        Frames added.
    outside_pixels
        Pixels outside the mask that are not 0, over all frames.
    outside_squares
        Sum of their squared grey values.
    brightest
        (H, W) uint8, the largest value of each pixel over time; None before the first frame.
    compared
        At most 16 frames (H, W) uint8, evenly spaced from the first to the last.
    middle
        (H, W) uint8, the frame in the middle; None before it was added.
    """

    def __init__(self, mask: NDArray[np.bool_], n_frames: int):
        self._outside = ~mask
        self._kept = set(np.linspace(0, max(n_frames - 1, 0), COMPARED_FRAMES).round().astype(int).tolist())
        self._middle = n_frames // 2
        self.count = 0
        self.outside_pixels = 0
        self.outside_squares = 0
        self.brightest: NDArray[np.uint8] | None = None
        self.compared: list[NDArray[np.uint8]] = []
        self.middle: NDArray[np.uint8] | None = None

    def add(self, frame: NDArray[np.uint8]) -> None:
        """Take in the next frame, (H, W) uint8 of the mask's size. ValueError for another size."""
        if frame.shape != self._outside.shape:
            raise ValueError(f"frames are {frame.shape}, the mask is {self._outside.shape}")
        beyond = frame[self._outside]
        if lit := int(np.count_nonzero(beyond)):
            self.outside_pixels += lit
            self.outside_squares += int((beyond.astype(np.int64) ** 2).sum())
        if self.brightest is None:
            self.brightest = frame.copy()
        else:
            np.maximum(self.brightest, frame, out=self.brightest)
        if self.count in self._kept:
            self.compared.append(frame.copy())
        if self.count == self._middle:
            self.middle = frame.copy()
        self.count += 1

    @property
    def outside_energy(self) -> float:
        """Mean square grey value outside the mask."""
        return self.outside_squares / max(self.count * int(self._outside.sum()), 1)
