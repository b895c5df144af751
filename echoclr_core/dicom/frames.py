"""Frames of a file, read and decoded one at a time."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import BinaryIO

import cv2
import numpy as np

from echoclr_core.dicom.codecs import decode_frame
from echoclr_core.dicom.colour import Converter
from echoclr_core.dicom.encapsulated import Fragment, group_frames, index_fragments, read_fragments
from echoclr_core.dicom.header_parser import PixelElement
from echoclr_core.dicom.inflate import InflatedFile
from echoclr_core.dicom.outcomes import UnusableFile
from echoclr_core.dicom.pixel_format import PixelFormat
from echoclr_core.dicom.video_stream import (
    ELEMENTARY_STREAMS,
    FragmentReader,
    count_packets,
    decode_stream,
)

_LOG = logging.getLogger(__name__)


@contextmanager
def as_unusable(path: str | Path) -> Iterator[None]:
    """Turn whatever a parser or decoder throws at a file into UnusableFile with its path.

    Broken files make third-party code raise nearly anything; one of them must never end more than itself.
    MemoryError passes: it is the process's state as well, and whoever keeps the process must know.
    """
    try:
        yield
    except UnusableFile as error:
        if error.path is not None:
            raise
        raise UnusableFile(
            error.outcome, error.why, path=path, tag=error.tag, value=error.value
        ) from error.__cause__
    except MemoryError:
        raise
    except OSError as error:
        raise UnusableFile(
            "corrupt", f"it cannot be read: {error.strerror or type(error).__name__}", path=path
        ) from error
    except Exception as error:
        if isinstance(error, cv2.error) and error.code == cv2.Error.StsNoMem:
            raise MemoryError from error
        raise UnusableFile("corrupt", f"decoding ended in {type(error).__name__}", path=path) from error


@dataclass(frozen=True, kw_only=True, eq=False)
class FileFrames:
    """The pixel data of one file. Holds no open file; it can be sent to another process.

    Parameters
    ----------
    path
        The file.
    pixels
        Where its pixel data stands.
    layout
        How samples are laid out.
    codec_family
        What the transfer syntax declares: a value of ``syntaxes.CODEC_FAMILIES``, or None.
    declared
        NumberOfFrames, or None.
    palette
        See ``colour.read_palette``.
    """

    path: Path
    pixels: PixelElement
    layout: PixelFormat
    codec_family: str | None
    declared: int | None
    palette: np.ndarray | None = None

    def count(self) -> int:
        """Frames that there should be: NumberOfFrames from 2 on, else what the data holds.

        A loop whose header forgot the number is still a loop; native data only if it is whole frames.
        """
        if (self.declared or 0) > 1:
            return self.declared
        if self.pixels.length is not None:
            whole, left = divmod(self.pixels.length, self.layout.frame_bytes)
            return whole if self.declared is None and whole > 1 and left <= 1 else 1
        with as_unusable(self.path), self.pixels.open(self.path) as stream:
            if self.codec_family in ELEMENTARY_STREAMS:
                return count_packets(FragmentReader(stream, self._fragments[0]), self.codec_family)
            return max(1, len(self._grouped))

    @cached_property
    def _fragments(self) -> tuple[list[Fragment], list[int]]:
        """All fragments and the offset table; asked for several times a file, and hundreds of seeks each."""
        with self.pixels.open(self.path) as stream:
            return index_fragments(stream, self.pixels.offset, self.pixels.little_endian)

    @cached_property
    def _grouped(self) -> list[list[Fragment]]:
        """The fragments of every frame."""
        return group_frames(*self._fragments, self.declared)

    def read(self, indices: Sequence[int], *, colour: bool) -> Iterator[np.ndarray]:
        """Yield the frames of ascending ``indices``: (H, W) uint8 luma, or (H, W, 3) uint8 RGB."""
        with as_unusable(self.path), self.pixels.open(self.path) as stream:
            if self.pixels.length is not None:
                yield from self._native(stream, indices, colour)
                return
            fragments, _ = self._fragments
            if not fragments:
                raise UnusableFile("truncated", "there is not one fragment", tag="PixelData")
            if self.codec_family in ELEMENTARY_STREAMS:
                yield from decode_stream(
                    FragmentReader(stream, fragments), self.codec_family, self.layout, indices, colour=colour
                )
                return
            yield from self._encapsulated(stream, indices, colour)

    def _encapsulated(
        self,
        stream: BinaryIO | InflatedFile,
        indices: Sequence[int],
        colour: bool,
    ) -> Iterator[np.ndarray]:
        frames = self._grouped
        converter = Converter(self.layout, self.palette)
        if len(frames) > (self.declared or len(frames)) > 1:
            _LOG.warning(
                "a file holds %d frames and declares %d: the rest is not read", len(frames), self.declared
            )
        for index in indices:
            if index >= len(frames):
                raise UnusableFile(
                    "truncated", f"{len(frames)} frames are there", tag="NumberOfFrames", value=self.declared
                )
            data = read_fragments(stream, frames[index])
            if self.codec_family in ("native", "encapsulated native") and _looks_raw(data, self.layout):
                yield self._convert_native(data, converter, colour)
                continue
            samples, photometric = decode_frame(data, self.layout, colour=colour)
            yield converter.convert(samples, photometric, colour=colour, native=False)

    def _native(
        self, stream: BinaryIO | InflatedFile, indices: Sequence[int], colour: bool
    ) -> Iterator[np.ndarray]:
        converter = Converter(self.layout, self.palette)
        size = self.layout.frame_bytes
        swapped = self.pixels.words and not self.pixels.little_endian and self.layout.bits_allocated == 8
        for index in indices:
            start, stop = index * size, (index + 1) * size
            # Bytes of a word are swapped in pairs counted from the element's start, which a frame may divide.
            first, beyond = (start // 2 * 2, (stop + 1) // 2 * 2) if swapped else (start, stop)
            available = max(0, min(beyond, self.pixels.length) - first)
            stream.seek(self.pixels.offset + first)
            data = stream.read(available) if stream.tell() == self.pixels.offset + first else b""
            if swapped:
                data = data[: len(data) // 2 * 2]  # half a pair at a cut end says nothing
            if len(data) < stop - first:
                raise UnusableFile(
                    "truncated",
                    f"frame {index + 1} has {max(0, len(data) - (start - first))} of {size} bytes",
                    tag="NumberOfFrames",
                    value=self.declared,
                )
            if swapped:
                data = np.frombuffer(data, "u2").byteswap().tobytes()
            yield self._convert_native(data[start - first : stop - first], converter, colour)

    def _convert_native(self, data: bytes, converter: Converter, colour: bool) -> np.ndarray:
        layout = self.layout
        order = "<" if self.pixels.little_endian else ">"
        samples = np.frombuffer(data[: layout.frame_bytes], f"{order}u{layout.bits_allocated // 8}")
        samples = samples.astype(samples.dtype.newbyteorder("="), copy=False)
        if layout.subsampled:
            samples = _spread_chroma(samples, layout)
        elif layout.samples == 1:
            samples = samples.reshape(layout.rows, layout.columns)
        elif layout.planar:
            samples = samples.reshape(3, layout.rows, layout.columns).transpose(1, 2, 0)
        else:
            samples = samples.reshape(layout.rows, layout.columns, 3)
        frame = converter.convert(samples, layout.photometric, colour=colour, native=True)
        return frame if frame.flags.writeable else frame.copy()


def _spread_chroma(samples: np.ndarray, layout: PixelFormat) -> np.ndarray:
    """Y Y Cb Cr for every two pixels -> (H, W, 3), both pixels with the same chroma."""
    if layout.rows * layout.columns % 2:
        raise UnusableFile("corrupt", "4:2:2 data needs pairs of pixels", tag="Columns", value=layout.columns)
    pairs = samples.reshape(-1, 4)
    full = np.empty((len(pairs), 2, 3), samples.dtype)
    full[:, :, 0] = pairs[:, :2]
    full[:, :, 1] = pairs[:, 2:3]
    full[:, :, 2] = pairs[:, 3:4]
    return full.reshape(layout.rows, layout.columns, 3)


def _looks_raw(data: bytes, layout: PixelFormat) -> bool:
    """A fragment of exactly one native frame (and its padding byte)."""
    return layout.frame_bytes <= len(data) <= layout.frame_bytes + 1
