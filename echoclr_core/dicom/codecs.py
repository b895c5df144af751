"""Decode one compressed frame, by what its first bytes say it is."""

import struct
from collections.abc import Callable

import imagecodecs
import numpy as np

from echoclr_core.dicom.colour import to_uint8
from echoclr_core.dicom.colour_space import converted_photometric
from echoclr_core.dicom.jpeg import checked_header, decode_components, decode_jpeg
from echoclr_core.dicom.jpeg_header import JPEG_LS
from echoclr_core.dicom.outcomes import UnusableFile
from echoclr_core.dicom.pixel_format import SAMPLES, PixelFormat


def decode_frame(
    data: bytes, layout: PixelFormat, *, colour: bool, space: str | None = None
) -> tuple[np.ndarray, str]:
    """Decode one frame.

    Declared transfer syntaxes lie; codestreams do not, so their first bytes choose the decoder.

    Parameters
    ----------
    data
        The joined fragments of the frame.
    layout
        From the header.
    colour
        Whether RGB is wanted; JPEG is decoded straight to luma otherwise.
    space
        What the loop's content says of three samples, "RGB" or "YBR"; None leaves it to markers and header.

    Returns
    -------
    tuple
        (H, W) or (H, W, 3) samples of 8 or 16 bits, and what they are: see ``Converter.convert``.

    Raises
    ------
    UnusableFile
        "corrupt", "truncated".
    """
    samples, photometric = _decoder(data)(data, layout, colour, space)
    shape = (layout.rows, layout.columns)
    if samples.shape[:2] != shape:
        raise UnusableFile(
            "corrupt", f"a frame of {samples.shape[0]} rows was found", tag="Rows", value=layout.rows
        )
    channels = samples.shape[2] if samples.ndim == 3 else 1
    too_deep = samples.dtype.itemsize * 8 > layout.bits_allocated
    if channels != (1 if photometric == "LUMA" else SAMPLES[photometric]) or too_deep:
        raise UnusableFile(
            "corrupt", f"the frame has {channels} channels of {samples.dtype}", tag="SamplesPerPixel"
        )
    return samples, photometric


Decoded = tuple[np.ndarray, str]
JPEG_START = b"\xff\xd8\xff"


def stored_components(data: bytes, layout: PixelFormat) -> np.ndarray | None:
    """A frame of three samples a pixel without any conversion of colours, (H, W, 3); None for others.

    A codec's own transform (JPEG 2000, JPEG XL) is undone. Raises UnusableFile as :func:`decode_frame` does.
    """
    if layout.samples != 3:
        return None
    if data.startswith(JPEG_START):
        header = checked_header(data, layout)
        if header.process != JPEG_LS:
            return decode_components(data, header) if len(header.component_ids) == 3 else None
    samples, _ = decode_frame(data, layout, colour=True, space=None)
    return samples if samples.ndim == 3 else None


def _decoder(data: bytes) -> Callable[[bytes, PixelFormat, bool, str | None], Decoded]:
    if data.startswith(JPEG_START):
        return decode_jpeg
    if data.startswith((b"\xff\x4f\xff\x51", b"\x00\x00\x00\x0cjP  ")):
        return _jpeg2000
    if data.startswith((b"\xff\x0a", b"\x00\x00\x00\x0cJXL ")):
        return _jpeg_xl
    if 1 <= int.from_bytes(data[:4], "little") <= 15 and data[4:8] == b"\x40\0\0\0":
        return _run_length  # its header: so many segments, the first one right behind it
    raise UnusableFile("corrupt", "no known codestream begins here", tag="PixelData")


def _jpeg2000(data: bytes, layout: PixelFormat, colour: bool, space: str | None) -> Decoded:
    codestream = data.find(b"\xff\x4f\xff\x51")
    size = data[codestream + 8 : codestream + 24]  # SIZ: width, height, offsets of the image in them
    if codestream < 0 or len(size) < 16:
        raise UnusableFile("truncated", "the JPEG 2000 header is cut", tag="PixelData")
    right, bottom, left, top = struct.unpack(">4L", size)
    if (bottom - top, right - left) != (layout.rows, layout.columns):
        raise UnusableFile(
            "corrupt",
            f"the codestream has {bottom - top} x {right - left} pixels",
            tag="Rows",
            value=layout.rows,
        )
    if data.rfind(b"\xff\xd9") < codestream:  # no such bytes can stand inside a codestream
        raise UnusableFile("truncated", "the JPEG 2000 stream has no end marker", tag="PixelData")
    # High-throughput streams included: OpenJPH would be faster, but through imagecodecs it lets samples
    # beyond the range wrap, so that lossy white text has black holes, and fills in what is cut off.
    return _squeezed(imagecodecs.jpeg2k_decode(data)), converted_photometric(layout.photometric, space)


def _jpeg_xl(data: bytes, layout: PixelFormat, colour: bool, space: str | None) -> Decoded:
    samples = _squeezed(imagecodecs.jpegxl_decode(data, numthreads=1))
    return samples, converted_photometric("RGB", space) if samples.ndim == 3 else layout.photometric


def _squeezed(samples: np.ndarray) -> np.ndarray:
    return samples[..., 0] if samples.ndim == 3 and samples.shape[2] == 1 else samples


def _run_length(data: bytes, layout: PixelFormat, colour: bool, space: str | None) -> Decoded:
    """DICOM RLE (PS3.5 Annex G): one PackBits segment a sample byte, most significant byte first."""
    if len(data) < 64:
        raise UnusableFile("truncated", "the RLE header is cut", tag="PixelData")
    count, *offsets = struct.unpack("<16L", data[:64])
    size = layout.bits_allocated // 8
    if count != layout.samples * size:
        raise UnusableFile(
            "corrupt",
            f"the RLE header names {count} segments; {layout.samples * size} belong there",
            tag="PixelData",
        )
    pixels = layout.rows * layout.columns
    photometric = converted_photometric(layout.photometric, space)
    luma_only = not colour and photometric.startswith("YBR_FULL")
    needed = size if luma_only else count
    ends = [*offsets[1:count], len(data)]
    planes = np.empty((needed, pixels), np.uint8)
    for index in range(needed):
        segment = imagecodecs.packbits_decode(data[offsets[index] : ends[index]])
        if len(segment) < pixels:
            raise UnusableFile(
                "truncated", f"an RLE segment holds {len(segment)} of {pixels} bytes", tag="PixelData"
            )
        planes[index] = np.frombuffer(segment, np.uint8, pixels)
    if size == 2:
        planes = planes[0::2].astype(np.uint16) << 8 | planes[1::2]
    samples = planes.reshape(-1, layout.rows, layout.columns).transpose(1, 2, 0)
    samples = samples >> (layout.high_bit + 1 - layout.bits_stored)  # run lengths keep words as they stood
    if samples.shape[2] == 1:
        samples = np.ascontiguousarray(samples[..., 0])
        if luma_only:
            return to_uint8(samples, layout.bits_stored, signed=layout.signed), "LUMA"
    return samples, photometric
