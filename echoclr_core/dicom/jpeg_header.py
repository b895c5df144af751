"""What the markers before the first scan of a JPEG or JPEG-LS stream say."""

import struct
from dataclasses import dataclass

from echoclr_core.dicom.outcomes import UnusableFile

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
        Pixels; a height of 0 stands later in the stream.
    component_ids
        One a component.
    subsampled
        Whether components differ in resolution.
    jfif
        An APP0 JFIF marker is there: three components are YCbCr.
    adobe
        Colour transform of the APP14 Adobe marker (0 none, 1 YCbCr), or None.
    colour_markers
        (first byte, byte after the last) of the JFIF and Adobe markers, in order.
    """

    process: int
    precision: int
    height: int
    width: int
    component_ids: bytes
    subsampled: bool
    jfif: bool
    adobe: int | None
    colour_markers: tuple[tuple[int, int], ...]


def read_jpeg_header(data: bytes) -> JpegHeader:
    """Parse the markers up to the start of frame. UnusableFile "truncated" where there is none."""
    jfif, adobe = False, None
    colour_markers = []
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
            colour_markers.append((at, at + 2 + length))
        elif marker == 0xEE and body.startswith(b"Adobe") and len(body) >= 12:
            adobe = body[11]
            colour_markers.append((at, at + 2 + length))
        elif marker in FRAME_MARKERS:
            return _frame_header(marker, body, jfif, adobe, tuple(colour_markers))
        at += 2 + length


def _frame_header(
    process: int, body: bytes, jfif: bool, adobe: int | None, colour_markers: tuple[tuple[int, int], ...]
) -> JpegHeader:
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
        colour_markers=colour_markers,
    )
