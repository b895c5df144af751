"""The paper's hull mask: outside the convex hull of the largest bright part, every pixel is 0.

One mask a video, from the brightest value each pixel ever has: a mask a frame would flicker with the
tissue. "Every non-zero pixel to 255, then threshold 200" is what keeps the sector; 200 on raw intensities
("literal", the paper's words) keeps little of it. It works on deidentified video, whose outside is 0.
"""

import math
from functools import lru_cache

import cv2
import numpy as np
from scipy.sparse import csr_array

BINARISE = ("nonzero", "literal")
MIN_SHARE = 1e-3  # of a pixel; OpenCV leaves off what a cell has of a pixel below this


def check_binarise(threshold: int, binarise: str) -> None:
    """Raise ValueError unless both are allowed."""
    if binarise not in BINARISE:
        raise ValueError(f"binarise is {binarise!r}; allowed are {list(BINARISE)}")
    if not 0 <= threshold <= 254:
        raise ValueError(f"threshold is {threshold!r}; allowed is 0 to 254")


def sector_mask(frames: np.ndarray, threshold: int = 200, binarise: str = "nonzero") -> np.ndarray:
    """The hull mask of a video (paper, Methods: view classification and preprocessing).

    Parameters
    ----------
    frames
        (T, H, W) uint8, T at least 1.
    threshold
        A pixel is bright where the binarised value is above this, 0 to 254.
    binarise
        "nonzero" (every non-zero pixel to 255 before the threshold) or "literal" (raw intensities).

    Returns
    -------
    (H, W) bool ndarray
        True inside the convex hull of the largest contour of the temporal maximum; all False for a video
        in which nothing is bright.

    See Also
    --------
    echoclr_core.deidentify.boundary_mask : the mask of a loop as it comes from the machine, text and all.
    echoclr_core.video.masked_video.mask_video : mask, shrink and write a file.

    Examples
    --------
    >>> import numpy as np
    >>> frames = np.zeros((3, 5, 5), np.uint8)
    >>> frames[0, 1, 1] = frames[1, 1, 2] = frames[2, 2, 2] = 90
    >>> sector_mask(frames).sum()
    np.int64(3)
    """
    frames = np.asarray(frames)
    if frames.dtype != np.uint8 or frames.ndim != 3 or not frames.size:
        raise ValueError(f"frames are {frames.dtype} {frames.shape}; allowed is uint8 (T, H, W), T >= 1")
    return hull_of(frames.max(axis=0), threshold, binarise)


def hull_of(brightest: np.ndarray, threshold: int, binarise: str) -> np.ndarray:
    """(H, W) bool hull of the largest bright part of the temporal maximum, (H, W) uint8."""
    check_binarise(threshold, binarise)
    if binarise == "nonzero":
        brightest = np.where(brightest > 0, np.uint8(255), np.uint8(0))
    bright = (brightest > threshold).astype(np.uint8)
    contours, _ = cv2.findContours(bright, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    hull = np.zeros(bright.shape, np.uint8)
    if contours:
        # A line or a single pixel has no area: the longer contour is the larger one then.
        largest = max(contours, key=lambda one: (cv2.contourArea(one), cv2.arcLength(one, True)))
        cv2.fillConvexPoly(hull, cv2.convexHull(largest), 1)
    return hull.astype(bool)


def fit_frames(frames: np.ndarray, size: int, keep_aspect: bool = False) -> np.ndarray:
    """Resize by area interpolation.

    Parameters
    ----------
    frames
        (H, W) or (T, H, W) uint8.
    size
        Height and width afterwards.
    keep_aspect
        Pad with zeros to a square first, the picture in the middle.

    Returns
    -------
    (size, size) or (T, size, size) uint8 ndarray
    """
    if frames.ndim == 3:
        return np.stack([fit_frames(frame, size, keep_aspect) for frame in frames])
    if keep_aspect:
        height, width = frames.shape
        side = max(height, width)
        square = np.zeros((side, side), np.uint8)
        top, left = (side - height) // 2, (side - width) // 2
        square[top : top + height, left : left + width] = frames
        frames = square
    return _area_mean(frames, size)


def _area_mean(frame: np.ndarray, size: int) -> np.ndarray:
    """(H, W) uint8 to (size, size) by area interpolation; the empty margins of a masked frame cost nothing.

    Every H / gcd(H, size) rows become size / gcd(H, size) whole ones, and columns likewise: a part that ends
    on such borders, resized alone, is bit by bit the same part of the whole.
    """
    (height, width), (left, top, lit_width, lit_height) = frame.shape, cv2.boundingRect(frame)
    small = np.zeros((size, size), np.uint8)
    if lit_width == 0:
        return small
    rows, small_rows = _whole_cells(top, top + lit_height, height, size)
    columns, small_columns = _whole_cells(left, left + lit_width, width, size)
    part = small[small_rows, small_columns]
    part[:] = shrink(frame[rows, columns], *part.shape)
    return small


def shrink(frame: np.ndarray, height: int, width: int) -> np.ndarray:
    """``cv2.resize(frame, (width, height), interpolation=cv2.INTER_AREA)``, bit by bit, in half the time.

    OpenCV adds pixel by pixel what a row gives to its cells, then row by row, in single precision. The same
    sums in the same order are two sparse products, which add whole rows at a time.

    Parameters
    ----------
    frame
        (H, W) uint8.
    height, width
        Afterwards. Where either grows, or both divide H and W, OpenCV counts in other ways: it is asked.

    Returns
    -------
    (height, width) uint8 ndarray
    """
    rows, columns = frame.shape
    whole = rows % height == 0 and columns % width == 0
    if whole or rows < height or columns < width:
        return cv2.resize(frame, (width, height), interpolation=cv2.INTER_AREA)
    across = _cell_weights(columns, width) @ cv2.transpose(frame).astype(np.float32)
    return np.rint(_cell_weights(rows, height) @ np.ascontiguousarray(across.T)).astype(np.uint8)


@lru_cache(maxsize=64)
def _cell_weights(length: int, cells: int) -> csr_array:
    """(cells, length) float32: each pixel's share of each cell of length / cells pixels, as OpenCV has it."""
    scale = length / cells
    shares, places, ends = [], [], [0]
    for cell in range(cells):
        begin, end = cell * scale, cell * scale + scale
        area = min(scale, length - begin)
        last = min(math.floor(end), length - 1)
        first = min(math.ceil(begin), last)
        if first - begin > MIN_SHARE:
            shares.append((first - begin) / area)
            places.append(first - 1)
        shares += [1 / area] * (last - first)
        places += range(first, last)
        if end - last > MIN_SHARE:
            shares.append(min(end - last, 1.0, area) / area)
            places.append(last)
        ends.append(len(places))
    return csr_array((np.float32(shares), places, ends), shape=(cells, length))


def _whole_cells(first: int, end: int, length: int, size: int) -> tuple[slice, slice]:
    """The least part around [first, end) of ``length`` that becomes whole pixels of ``size``; both parts."""
    parts = math.gcd(length, size)
    step, small_step = length // parts, size // parts
    low, high = first // step, -(-end // step)
    return slice(low * step, high * step), slice(low * small_step, high * small_step)
