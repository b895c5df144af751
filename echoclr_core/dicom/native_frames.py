"""Frames of uncompressed pixel data, one at a time."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import BinaryIO

import numpy as np

from echoclr_core.dicom.header_parser import PixelElement
from echoclr_core.dicom.native_layout import Strides, find_strides, row_bytes
from echoclr_core.dicom.outcomes import UnusableFile
from echoclr_core.dicom.pixel_format import PixelFormat
from echoclr_core.dicom.sample_order import stands_in_planes


@dataclass(kw_only=True, eq=False)
class NativeFrames:
    """Native frames of an open stream.

    Parameters
    ----------
    stream
        Open at ``pixels``.
    pixels
        Where the pixel data stands; its length is known.
    layout
        From the header.
    count
        Frames that there should be.
    """

    stream: BinaryIO
    pixels: PixelElement
    layout: PixelFormat
    count: int

    @cached_property
    def strides(self) -> Strides:
        """How the frames lie. UnusableFile "corrupt" where they cannot."""
        return find_strides(self._read, self.pixels.length, self.count, self.layout)

    def samples(self, index: int, planar: bool | None = None) -> np.ndarray:
        """The samples of a frame: (H, W) or (H, W, 3), 8 or 16 bits, in the machine's byte order.

        ``planar`` None is as the header says. UnusableFile "truncated" where bytes are missing.
        """
        layout = self.layout if planar is None else replace(self.layout, planar=planar)
        row = self.strides.row if self._padded else None
        return arranged(self._frame(index), layout, self.pixels.little_endian, row)

    def in_planes(self) -> bool:
        """Whether colour stands plane by plane, by the first picture; see ``stands_in_planes``."""
        if self.layout.samples != 3 or self.layout.subsampled or self._padded:
            return self.layout.planar
        flat = _numbers(self._frame(0), self.layout, self.pixels.little_endian)
        return stands_in_planes(flat, self.layout)

    @property
    def _padded(self) -> bool:
        return self.strides.row != row_bytes(self.layout)

    def _frame(self, index: int) -> bytes:
        rows = self.layout.rows * (3 if self.layout.planar and self.layout.samples == 3 else 1)
        size = rows * self.strides.row
        data = self._read(index * self.strides.frame, size)
        if len(data) < size:
            raise UnusableFile(
                "truncated", f"frame {index + 1} has {len(data)} of {size} bytes", tag="PixelData"
            )
        return data

    def _read(self, offset: int, size: int) -> bytes:
        """Bytes from an offset in the pixel data; fewer where it ends."""
        swapped = self.pixels.words and not self.pixels.little_endian and self.layout.bits_allocated == 8
        # Bytes of a word are swapped in pairs counted from the element's start, which a frame may divide.
        stop = offset + size
        first, beyond = (offset // 2 * 2, (stop + 1) // 2 * 2) if swapped else (offset, stop)
        available = max(0, min(beyond, self.pixels.length) - first)
        self.stream.seek(self.pixels.offset + first)
        data = self.stream.read(available) if self.stream.tell() == self.pixels.offset + first else b""
        if swapped:  # half a pair at a cut end says nothing
            data = np.frombuffer(data[: len(data) // 2 * 2], "u2").byteswap().tobytes()
        return data[offset - first : stop - first]


def arranged(data: bytes, layout: PixelFormat, little_endian: bool, row: int | None = None) -> np.ndarray:
    """The bytes of one native frame as (H, W) or (H, W, 3) samples, native byte order.

    ``row`` is the number of bytes from one row to the next; None where rows are not padded.
    """
    if row is not None:
        return _without_row_padding(data, layout, little_endian, row)
    samples = _numbers(data[: layout.frame_bytes], layout, little_endian)
    if layout.subsampled:
        return _spread_chroma(samples, layout.rows, layout.columns)
    if layout.samples == 1:
        return samples.reshape(layout.rows, layout.columns)
    if layout.planar:
        return samples.reshape(3, layout.rows, layout.columns).transpose(1, 2, 0)
    return samples.reshape(layout.rows, layout.columns, 3)


def _without_row_padding(data: bytes, layout: PixelFormat, little_endian: bool, row: int) -> np.ndarray:
    rows = layout.rows * (3 if layout.planar and layout.samples == 3 else 1)
    bytes_of = np.frombuffer(data, np.uint8).reshape(rows, row)
    if not layout.subsampled:
        plain = np.ascontiguousarray(bytes_of[:, : row_bytes(layout)])
        return arranged(plain.tobytes(), layout, little_endian)
    columns = layout.columns + layout.columns % 2
    step = 2 * layout.bits_allocated // 8
    samples = _numbers(np.ascontiguousarray(bytes_of[:, : columns * step]).tobytes(), layout, little_endian)
    return _spread_chroma(samples, layout.rows, columns)[:, : layout.columns]


def _numbers(data: bytes, layout: PixelFormat, little_endian: bool) -> np.ndarray:
    samples = np.frombuffer(data, f"{'<' if little_endian else '>'}u{layout.bits_allocated // 8}")
    return samples.astype(samples.dtype.newbyteorder("="), copy=False)


def _spread_chroma(samples: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """Y Y Cb Cr for every two pixels -> (H, W, 3), both pixels with the same chroma."""
    if rows * columns % 2:
        raise UnusableFile("corrupt", "4:2:2 data needs pairs of pixels", tag="Columns", value=columns)
    pairs = samples.reshape(-1, 4)
    full = np.empty((len(pairs), 2, 3), samples.dtype)
    full[:, :, 0] = pairs[:, :2]
    full[:, :, 1] = pairs[:, 2:3]
    full[:, :, 2] = pairs[:, 3:4]
    return full.reshape(rows, columns, 3)
