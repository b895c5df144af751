"""JPEG frames: baseline, extended (8 and 12 bits), progressive, lossless, and JPEG-LS."""

import struct
from dataclasses import dataclass

import imagecodecs
import numpy as np

from echoclr_core.dicom.outcomes import UnusableFile
from echoclr_core.dicom.pixel_format import PixelFormat

FRAME_MARKERS = {*range(0xC0, 0xD0), 0xF7} - {0xC4, 0xC8, 0xCC}  # start of frame; F7 is JPEG-LS
JPEG_LS = 0xF7
LOSSLESS = 0xC3
BARE = {0x01, *range(0xD0, 0xD9)}  # markers without a length


@dataclass(frozen=True, kw_only=True)
class JpegHeader:
    """What the markers before the first scan say.

    Parameters
    ----------
    process
        Second byte of the start-of-frame marker: 0xC0 baseline, 0xC1 extended, 0xC3 lossless, 0xF7 JPEG-LS.
    precision
        Bits a sample.
    height, width
        Pixels; a height of 0 is told later in the stream.
    component_ids
        One a component.
    subsampled
        Whether components differ in resolution.
    jfif
        An APP0 JFIF marker is there: three components are YCbCr.
    adobe
        Colour transform of the APP14 Adobe marker (0 none, 1 YCbCr), or None.
    """

    process: int
    precision: int
    height: int
    width: int
    component_ids: bytes
    subsampled: bool
    jfif: bool
    adobe: int | None


def read_jpeg_header(data: bytes) -> JpegHeader:
    """Parse the markers up to the start of frame. UnusableFile "truncated" where there is none."""
    jfif, adobe = False, None
    at = 2
    while True:
        at = data.find(b"\xff", at)
        if at < 0 or at + 4 > len(data):
            raise UnusableFile("truncated", "the JPEG stream ends before its first scan", tag="PixelData")
        marker = data[at + 1]
        if marker in (0xFF, 0x00) or marker in BARE:
            at += 1 if marker == 0xFF else 2
            continue
        (length,) = struct.unpack(">H", data[at + 2 : at + 4])
        body = data[at + 4 : at + 2 + length]
        if marker == 0xE0 and body.startswith(b"JFIF\0"):
            jfif = True
        elif marker == 0xEE and body.startswith(b"Adobe") and len(body) >= 12:
            adobe = body[11]
        elif marker in FRAME_MARKERS:
            return _frame_header(marker, body, jfif, adobe)
        at += 2 + length


def _frame_header(process: int, body: bytes, jfif: bool, adobe: int | None) -> JpegHeader:
    if len(body) < 6 or len(body) < 6 + 3 * body[5]:
        raise UnusableFile("truncated", "the JPEG frame header is cut", tag="PixelData")
    precision, height, width, count = struct.unpack(">BHHB", body[:6])
    components = [body[6 + 3 * i : 9 + 3 * i] for i in range(count)]
    return JpegHeader(
        process=process,
        precision=precision,
        height=height,
        width=width,
        component_ids=bytes(component[0] for component in components),
        subsampled=len({component[1] for component in components}) > 1,
        jfif=jfif,
        adobe=adobe,
    )


def decode_jpeg(data: bytes, layout: PixelFormat, colour: bool) -> tuple[np.ndarray, str]:
    """Decode one JPEG or JPEG-LS frame; 8-bit YCbCr goes straight to luma or RGB.

    Returns samples and what they are, as ``codecs.decode_frame`` does. Raises UnusableFile "truncated" where
    the end-of-image marker is missing: decoders fill what is cut off with grey and say nothing.
    """
    header = read_jpeg_header(data)
    if (header.height or layout.rows, header.width) != (layout.rows, layout.columns):
        raise UnusableFile(
            "corrupt", f"the JPEG has {header.height} x {header.width} pixels", tag="Rows", value=layout.rows
        )
    if b"\xff\xd9" not in data[-4096:] and data.rfind(b"\xff\xd9") < 0:
        raise UnusableFile("truncated", "the JPEG stream has no end-of-image marker", tag="PixelData")
    if header.process == JPEG_LS:
        return imagecodecs.jpegls_decode(data), layout.photometric
    if len(header.component_ids) != 3:
        grey = len(header.component_ids) == 1 and layout.samples == 3  # B-mode that was filed as colour
        return imagecodecs.jpeg8_decode(data), "MONOCHROME2" if grey else layout.photometric
    space = _colour_space(header, layout)
    if space == "RGB":
        return imagecodecs.jpeg8_decode(data, colorspace="RGB", outcolorspace="RGB"), "RGB"
    if header.process == LOSSLESS or header.precision != 8:  # the decoder converts no colours there
        return imagecodecs.jpeg8_decode(data, colorspace="YCBCR", outcolorspace="YCBCR"), "YBR_FULL"
    wanted = "RGB" if colour else "GRAYSCALE"
    samples = imagecodecs.jpeg8_decode(data, colorspace="YCBCR", outcolorspace=wanted)
    return samples, "RGB" if colour else "LUMA"


def _colour_space(header: JpegHeader, layout: PixelFormat) -> str:
    """RGB or YCBCR: what the stream says of itself, then what only YCbCr can be, then the DICOM header."""
    if header.adobe in (0, 1):
        return "YCBCR" if header.adobe else "RGB"
    if header.component_ids == b"RGB":
        return "RGB"
    if (header.jfif and header.process != LOSSLESS) or header.subsampled:  # lossless streams convert nothing
        return "YCBCR"
    return "RGB" if layout.photometric == "RGB" else "YCBCR"
