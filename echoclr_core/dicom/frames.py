"""Frames of a file, read and decoded one at a time."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import BinaryIO

import numpy as np

from echoclr_core.dicom.codecs import decode_frame, stored_components
from echoclr_core.dicom.colour import Converter, to_uint8
from echoclr_core.dicom.colour_space import colour_space_of, converted_photometric
from echoclr_core.dicom.encapsulated import Fragment, group_frames, index_fragments, read_fragments
from echoclr_core.dicom.header_parser import PixelElement
from echoclr_core.dicom.native_frames import NativeFrames, arranged
from echoclr_core.dicom.native_layout import padding_of_unnumbered
from echoclr_core.dicom.outcomes import UnusableFile
from echoclr_core.dicom.pixel_format import PixelFormat
from echoclr_core.dicom.third_party import as_unusable
from echoclr_core.dicom.video_stream import (
    ELEMENTARY_STREAMS,
    FragmentReader,
    count_packets,
    decode_stream,
)

_LOG = logging.getLogger(__name__)


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
            size = self.layout.frame_bytes + padding_of_unnumbered(self.pixels.length, self.layout)
            whole, left = divmod(self.pixels.length, size)
            return whole if self.declared is None and whole > 1 and left <= 1 else 1
        with as_unusable(self.path), self.pixels.open(self.path) as stream:
            if self.codec_family in ELEMENTARY_STREAMS:
                return count_packets(FragmentReader(stream, self._fragments[0]), self.codec_family)
            return max(1, len(self._grouped))

    def read(self, indices: Sequence[int], *, colour: bool) -> Iterator[np.ndarray]:
        """Yield the frames of ascending ``indices``: (H, W) uint8 luma, or (H, W, 3) uint8 RGB."""
        with as_unusable(self.path):
            if self.pixels.length is None and self.codec_family in ELEMENTARY_STREAMS:
                yield from self._video(indices, colour)
                return
            stored = self._stored  # before the file is opened for the frames, which are read forwards
            with self.pixels.open(self.path) as stream:
                if self.pixels.length is not None:
                    yield from self._native(stream, indices, colour, stored)
                else:
                    yield from self._encapsulated(stream, indices, colour, stored.space)

    @cached_property
    def _fragments(self) -> tuple[list[Fragment], list[int]]:
        """All fragments and the offset table; asked for several times a file, and hundreds of seeks each."""
        with self.pixels.open(self.path) as stream:
            fragments, table = index_fragments(stream, self.pixels.offset, self.pixels.little_endian)
        return fragments, table

    @cached_property
    def _grouped(self) -> list[list[Fragment]]:
        """The fragments of every frame."""
        return group_frames(*self._fragments, self.declared)

    @cached_property
    def _stored(self) -> "Stored":
        """What the first picture, or where it does not say the middle one, tells of three samples a pixel.

        Frames that cannot be read say nothing here: reading them for their own sake raises.
        """
        planar, space = self.layout.planar, None
        if self.layout.samples != 3 or (self.layout.subsampled and self.pixels.length is not None):
            return Stored(planar=planar, space=space)
        with self.pixels.open(self.path) as stream:
            for index in dict.fromkeys((0, self._last // 2)):
                try:
                    if self.pixels.length is not None:
                        native = self._native_frames(stream)
                        planar = native.in_planes() if index == 0 else planar
                        samples = native.samples(index, planar)
                    else:
                        samples = self._components(stream, index)
                    space = None if samples is None else colour_space_of(self._eight_bits(samples))
                except MemoryError:  # tells of the process, not of the file
                    raise
                except Exception:
                    break
                if space is not None:
                    break
        return Stored(planar=planar, space=space)

    @property
    def _last(self) -> int:
        """The number of the last frame that there should be."""
        if (self.declared or 0) > 1:
            return self.declared - 1
        return self.count() - 1

    def _components(self, stream: BinaryIO, index: int) -> np.ndarray | None:
        data = read_fragments(stream, self._grouped[index])
        native = self._native_layout_of(data)
        if native is not None:
            return arranged(data, native, self.pixels.little_endian)
        return stored_components(data, self.layout)

    def _eight_bits(self, samples: np.ndarray) -> np.ndarray:
        high = self.layout.high_bit if self.pixels.length is not None else None
        return to_uint8(samples, self.layout.bits_stored, high=high, signed=self.layout.signed)

    def _video(self, indices: Sequence[int], colour: bool) -> Iterator[np.ndarray]:
        fragments, _ = self._fragments
        self._refuse_nothing(fragments)
        with self.pixels.open(self.path) as stream:
            reader = FragmentReader(stream, fragments)
            yield from decode_stream(reader, self.codec_family, self.layout, indices, colour=colour)

    def _refuse_nothing(self, fragments: Sequence[Fragment]) -> None:
        if not fragments:
            raise UnusableFile("truncated", "there is not one fragment", tag="PixelData")

    def _encapsulated(
        self, stream: BinaryIO, indices: Sequence[int], colour: bool, space: str | None
    ) -> Iterator[np.ndarray]:
        self._refuse_nothing(self._fragments[0])
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
            native = self._native_layout_of(data)
            if native is not None:
                samples = arranged(data, native, self.pixels.little_endian)
                photometric = converted_photometric(native.photometric, space)
                yield _own(converter.convert(samples, photometric, colour=colour, native=True))
                continue
            samples, photometric = decode_frame(data, self.layout, colour=colour, space=space)
            yield converter.convert(samples, photometric, colour=colour, native=False)

    def _native_layout_of(self, data: bytes) -> PixelFormat | None:
        """The layout of a fragment of exactly one native frame (and its padding byte); None for others."""
        if self.codec_family in ("native", "encapsulated native"):
            for layout in (self.layout, self.layout.with_every_sample()):
                if layout.frame_bytes <= len(data) <= layout.frame_bytes + 1:
                    return layout
        return None

    def _native_frames(self, stream: BinaryIO) -> NativeFrames:
        return NativeFrames(stream=stream, pixels=self.pixels, layout=self.layout, count=self._last + 1)

    def _native(
        self, stream: BinaryIO, indices: Sequence[int], colour: bool, stored: "Stored"
    ) -> Iterator[np.ndarray]:
        converter = Converter(self.layout, self.palette)
        frames = self._native_frames(stream)
        photometric = converted_photometric(self.layout.photometric, stored.space)
        for index in indices:
            samples = frames.samples(index, stored.planar)
            yield _own(converter.convert(samples, photometric, colour=colour, native=True))


@dataclass(frozen=True, kw_only=True)
class Stored:
    """How three samples a pixel are stored, by the pictures themselves.

    Parameters
    ----------
    planar
        Native data stands plane by plane.
    space
        "RGB" or "YBR"; None where the pictures do not say, and the header counts.
    """

    planar: bool
    space: str | None


def _own(frame: np.ndarray) -> np.ndarray:
    """The frame in memory that may be written to."""
    return frame if frame.flags.writeable else frame.copy()
