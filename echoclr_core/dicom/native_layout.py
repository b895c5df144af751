"""Where the samples of native frames stand, when the length of the pixel data contradicts the header.

Decompressing tools pad every frame of odd size to an even one, or every row; others write 16-bit samples
under a header of 8 bits, or planes under a header of interleaved samples. Read as the header says, the
pictures slide from frame to frame without a word.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from echoclr_core.dicom.outcomes import UnusableFile
from echoclr_core.dicom.pixel_format import PixelFormat
from echoclr_core.dicom.sample_order import ALIKE, CLEAR, MIN_SIDE, SampledPlaces, pixels_alike, rows_alike

MAX_ROW_PADDING = 128  # bytes
MAX_PADDING = 4096  # bytes after a frame, or after the last
MIN_GAIN = 1.02  # by which the columns of the right row length stand out more than those of another

Read = Callable[[int, int], bytes]
"""(offset, size) -> bytes of the pixel data, in the order in which they were written; fewer at its end."""


@dataclass(frozen=True, kw_only=True)
class Strides:
    """Bytes from one frame to the next, and from one row of a frame (or of a plane) to the next."""

    frame: int
    row: int


def row_bytes(layout: PixelFormat) -> int:
    """Bytes of one row without padding; of one plane, if planes stand one after the other."""
    samples = 2 if layout.subsampled else 1 if layout.planar else layout.samples
    return layout.columns * samples * layout.bits_allocated // 8


def find_strides(read: Read, length: int, count: int, layout: PixelFormat) -> Strides:
    """How ``count`` frames lie in ``length`` bytes.

    1. Exactly, or with one byte that makes the whole even; also where bytes are missing at the end.
    2. Each frame of an odd number of bytes with one more.
    3. Further whole frames or zeros at the end, or a number of bytes after each frame or row: whichever
       brings frames to lie over each other, and columns to stand out. What follows a single frame is left.

    Raises
    ------
    UnusableFile
        "corrupt" for any other length, and where samples of more bits or channels stand there.
    """
    exact = Strides(frame=layout.frame_bytes, row=row_bytes(layout))
    excess = length - count * exact.frame
    if excess <= 1:
        return exact
    if excess == count and exact.frame % 2:
        return Strides(frame=exact.frame + 1, row=exact.row)
    found = None
    if not _more_samples(read, length, count, exact, layout):
        at_end = count == 1 or length % exact.frame <= 1 or _zeros(read, length - excess, excess)
        candidates = [exact.frame] if at_end else []
        if count > 1 and excess % count <= 1 and excess < count * exact.frame:
            candidates.append(exact.frame + excess // count)
        best = min(candidates, key=lambda stride: _frame_difference(read, stride, count), default=None)
        found = exact if best == exact.frame else best and _padded(read, best, count, exact, layout)
    if not found:
        raise UnusableFile(
            "corrupt", f"{count} frames have {count * exact.frame} bytes, not {length}", tag="PixelData"
        )
    return found


def padding_of_unnumbered(length: int, layout: PixelFormat) -> int:
    """Bytes after each frame where the header gives no number of frames: 1 if only so they are whole ones."""
    size = layout.frame_bytes
    return 1 if size % 2 and length % size > 1 and length % (size + 1) == 0 else 0


def _zeros(read: Read, offset: int, size: int) -> bool:
    return size <= MAX_PADDING and not any(read(offset, size))


def _frame_difference(read: Read, stride: int, count: int) -> float:
    """Mean absolute difference of the first frame's bytes from those of a later one."""
    first, later = (np.frombuffer(read(at, stride), np.uint8) for at in (0, max(1, count // 2) * stride))
    size = min(len(first), len(later))
    return float(np.abs(first[:size].astype(np.int16) - later[:size]).mean()) if size else np.inf


def _more_samples(read: Read, length: int, count: int, exact: Strides, layout: PixelFormat) -> bool:
    """Whether there are so many times the bytes because samples have 16 bits, or pixels more channels."""
    times, left = divmod(length, count * exact.frame)
    if times < 2 or left > 1 or min(layout.rows, layout.columns) < MIN_SIDE:
        return False
    samples = np.frombuffer(read(count // 2 * exact.frame * times, exact.frame * times), np.uint8)
    if len(samples) < exact.frame * times:
        return False
    view = SampledPlaces(samples, layout.columns)
    step = 1 if layout.planar else layout.samples
    words = times == 2 and layout.bits_allocated == 8
    return (
        rows_alike(view, times * exact.row, exact.row, further=ALIKE)
        or (times == 3 and layout.samples == 1 and pixels_alike(view))
        or (words and view.difference(1, 0, 2 * step) < CLEAR * view.difference(1, 0, step))
        or (words and view.difference(2, 0, 1) < CLEAR * view.difference(2, 1, 2))
        or (words and view.difference(2, 1, 2) < CLEAR * view.difference(2, 0, 1))
    )


def _padded(read: Read, stride: int, count: int, exact: Strides, layout: PixelFormat) -> Strides | None:
    """Where the further bytes of a frame stand: after each row, or after the frame if they are zeros.

    Where both can be, or where what follows the rows is not the same everywhere, the columns decide.
    """
    rows = exact.frame // exact.row
    excess = stride - exact.frame
    ends = (index * stride + exact.frame for index in {0, count // 2, count - 1})
    after_frame = all(_zeros(read, end, excess) for end in ends)
    padding, left = divmod(excess, rows)
    picture = np.frombuffer(read(count // 2 * stride, stride), np.uint8)
    if 0 < padding <= MAX_ROW_PADDING and left == 0 and len(picture) == stride:
        edge = picture.reshape(rows, -1)[:, exact.row :]
        odd_pairs = layout.subsampled and layout.columns % 2 == 1 and padding == 2  # the pair's other half
        gain = 1.0 if odd_pairs else MIN_GAIN
        plain = _column_contrast(picture, exact.row, rows)
        stands_out = _column_contrast(picture, exact.row + padding, rows) >= gain * plain
        if stands_out or ((edge == edge[0, 0]).all() and not after_frame):
            return Strides(frame=stride, row=exact.row + padding)
    return Strides(frame=stride, row=exact.row) if after_frame else None


def _column_contrast(data: np.ndarray, row: int, rows: int) -> float:
    """How much the columns of a picture differ on average: little where rows have another length."""
    return float(data[: row * rows].reshape(rows, row).mean(0).var())
