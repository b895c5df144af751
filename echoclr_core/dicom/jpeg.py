"""JPEG frames: baseline, extended (8 and 12 bits), progressive, lossless, and JPEG-LS.

Streams of 8 bits are decoded by simplejpeg, which has libjpeg-turbo's speed and pixels, and refuses a stream
that libjpeg only warns of: half a scan, or bytes lost inside it, would come out as a picture whose rest is
grey or shifted.
"""

import imagecodecs
import numpy as np
import simplejpeg

from echoclr_core.dicom.colour_space import RGB, YBR, converted_photometric
from echoclr_core.dicom.jpeg_header import JPEG_LS, LOSSLESS, JpegHeader, read_jpeg_header
from echoclr_core.dicom.outcomes import UnusableFile
from echoclr_core.dicom.pixel_format import PixelFormat

END = b"\xff\xd9"
ADOBE = b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00"
"""The Adobe marker (APP14) but for its last byte, the colour transform: 0 for none, 1 for YCbCr."""


def decode_jpeg(data: bytes, layout: PixelFormat, colour: bool, space: str | None) -> tuple[np.ndarray, str]:
    """Decode one JPEG or JPEG-LS frame; 8-bit YCbCr goes straight to luma or RGB.

    Returns samples and what they are, as ``codecs.decode_frame`` does.

    Raises
    ------
    UnusableFile
        "truncated" where the end-of-image marker is missing: decoders fill what is cut off with grey and say
        nothing. "corrupt" where the stream is damaged inside.
    """
    header = checked_header(data, layout)
    if header.process == JPEG_LS:
        return decode_jpeg_ls(data), converted_photometric(layout.photometric, space)
    if len(header.component_ids) == 1:
        photometric = "MONOCHROME2" if layout.samples == 3 else layout.photometric  # B-mode filed as colour
        return _decode(data, header, "GRAY"), photometric
    if len(header.component_ids) != 3:
        return imagecodecs.jpeg8_decode(data), layout.photometric
    if (space or declared_space(header, layout)) == RGB:
        return decode_components(data, header), "RGB"
    if header.process == LOSSLESS or header.precision != 8:  # the decoder converts no colours there
        return decode_components(data, header), "YBR_FULL"
    samples = _decode(_with_transform(data, header, YBR), header, "RGB" if colour else "GRAY")
    return samples, "RGB" if colour else "LUMA"


def checked_header(data: bytes, layout: PixelFormat) -> JpegHeader:
    """The header of a frame whose size is the file's and whose end is there, else UnusableFile."""
    header = read_jpeg_header(data)
    if (header.height or layout.rows, header.width) != (layout.rows, layout.columns):
        raise UnusableFile(
            "corrupt", f"the JPEG has {header.height} x {header.width} pixels", tag="Rows", value=layout.rows
        )
    if data.rfind(END) < 0:
        raise UnusableFile("truncated", "the JPEG stream has no end-of-image marker", tag="PixelData")
    return header


def decode_components(data: bytes, header: JpegHeader) -> np.ndarray:
    """The three components of a JPEG (not JPEG-LS) as they are stored: (H, W, 3)."""
    if header.precision != 8:
        return imagecodecs.jpeg8_decode(data, colorspace="RGB", outcolorspace="RGB")
    return _decode(_with_transform(data, header, RGB), header, "RGB")


def decode_jpeg_ls(data: bytes) -> np.ndarray:
    """Decode a JPEG-LS stream; zeros that some encoders put before the end marker are left out."""
    try:
        return imagecodecs.jpegls_decode(data)
    except imagecodecs.JpeglsError:
        tidied = _without_zeros_before_end(data)
        if tidied == data:
            raise
        return decode_jpeg_ls(tidied)


def declared_space(header: JpegHeader, layout: PixelFormat) -> str:
    """RGB or YBR: what the stream says of itself, then what only YCbCr can be, then the DICOM header.

    Components numbered 1, 2, 3 in a lossy stream without marker are YCbCr, as libjpeg and JFIF have it.
    """
    if header.adobe in (0, 1):
        return YBR if header.adobe else RGB
    if header.component_ids == b"RGB":
        return RGB
    lossy = header.process != LOSSLESS  # lossless streams convert nothing
    if header.subsampled or (lossy and (header.jfif or header.component_ids == b"\1\2\3")):
        return YBR
    return RGB if layout.photometric == "RGB" else YBR


def _decode(data: bytes, header: JpegHeader, colours: str) -> np.ndarray:
    """(H, W) for "GRAY" and (H, W, 3) for "RGB", strict for 8 bits a sample."""
    if header.precision != 8:
        return imagecodecs.jpeg8_decode(data)
    try:
        samples = simplejpeg.decode_jpeg(data, colours, strict=True)
    except ValueError as error:
        tidied = _without_zeros_before_end(data)
        if tidied == data:
            raise UnusableFile("corrupt", "the JPEG stream is damaged inside", tag="PixelData") from error
        return _decode(tidied, header, colours)
    return samples[..., 0] if colours == "GRAY" else samples


def _without_zeros_before_end(data: bytes) -> bytes:
    """The stream without zeros before its last marker, but for one after FF, with which coded data may end.

    Of a stream that has only this one, it is left out as well.
    """
    end = data.rfind(END)
    coded = data[:end].rstrip(b"\0")
    stuffed = coded.endswith(b"\xff") and end - len(coded) > 1
    return coded + b"\0" * stuffed + data[end:]


def _with_transform(data: bytes, header: JpegHeader, space: str) -> bytes:
    """The stream with markers by which libjpeg takes its components for ``space``."""
    if _space_by_libjpeg(header) == space:
        return data
    kept, at = [data[:2], ADOBE, b"\1" if space == YBR else b"\0"], 2
    for start, stop in header.colour_markers:
        kept.append(data[at:start])
        at = stop
    return b"".join([*kept, data[at:]])


def _space_by_libjpeg(header: JpegHeader) -> str | None:
    """What libjpeg takes three components for; None for lossless ones without a plain Adobe marker."""
    if header.process == LOSSLESS or header.adobe not in (None, 0, 1):
        return None
    if header.jfif or header.adobe == 1:
        return YBR
    return RGB if header.adobe == 0 or header.component_ids == b"RGB" else YBR
