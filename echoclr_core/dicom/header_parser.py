"""Recognise DICOM by content and read its header, up to where the pixels begin."""

import io
import os
import stat
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
)

from echoclr_core.dicom.inflate import open_inflated
from echoclr_core.dicom.outcomes import UnusableFile
from echoclr_core.dicom.values import quiet_pydicom, tag_of

PIXEL_DATA = 0x7FE00010
PIXEL_TAGS = {PIXEL_DATA, 0x7FE00008, 0x7FE00009}  # integer, float and double samples
TRANSFER_SYNTAX = 0x00020010
LONG_VRS = {b"OB", b"OW", b"OF", b"OD", b"OL", b"OV", b"UN", b"SQ", b"UT", b"UC", b"UR", b"SV", b"UV"}
UNDEFINED = 0xFFFFFFFF
MIN_CHECKED_READ = 2**16  # bytes; smaller reads are not worth a look at the size
MAX_HEADER_BYTES = 2**27  # inflated bytes before the pixels; a few kilobytes of a file can claim gigabytes

# Everything that is ever read; other elements are skipped over and never enter memory.
IDENTITY_KEYWORDS = ("SOPInstanceUID", "StudyInstanceUID", "StudyDate", "PatientID", "IssuerOfPatientID")
"""Read with the keyword of the study's key, and not where that is None."""
KEYWORDS = (
    "SpecificCharacterSet",
    "SOPClassUID",
    "Modality",
    "Manufacturer",
    "ManufacturerModelName",
    "SequenceOfUltrasoundRegions",
    "SharedFunctionalGroupsSequence",
    "PerFrameFunctionalGroupsSequence",
    "FrameIncrementPointer",
    "DimensionOrganizationType",
    "FrameTime",
    "FrameTimeVector",
    "CineRate",
    "RecommendedDisplayFrameRate",
    "NumberOfFrames",
    "SamplesPerPixel",
    "PhotometricInterpretation",
    "PlanarConfiguration",
    "Rows",
    "Columns",
    "BitsAllocated",
    "BitsStored",
    "HighBit",
    "PixelRepresentation",
    *(
        f"{prefix}{colour}PaletteColorLookupTable{part}"
        for colour in ("Red", "Green", "Blue")
        for prefix, part in (("", "Descriptor"), ("", "Data"), ("Segmented", "Data"))
    ),
)


class BoundedFile(io.BufferedReader):
    """A file whose reads ask for no more than it holds.

    A broken header may state a length of four gigabytes; Python would set so much memory aside before it
    finds the file shorter.
    """

    def __init__(self, path: str | Path):
        raw = io.FileIO(str(path))
        super().__init__(raw)
        self._bytes = os.fstat(raw.fileno()).st_size

    def read(self, size: int | None = -1) -> bytes:
        if size is not None and size > MIN_CHECKED_READ:
            size = min(size, max(self._bytes - self.tell(), 0))
        return super().read(size)


@dataclass(frozen=True, kw_only=True)
class PixelElement:
    """Where the value of PixelData stands.

    Parameters
    ----------
    offset
        Of its first byte, in the file, or in the inflated stream.
    length
        In bytes; None if undefined, as for encapsulated (compressed) data.
    words
        Whether its VR is OW, whose bytes are swapped in pairs in a big-endian file.
    little_endian
        Byte order of the samples and of item headers.
    inflate_from
        Where in the file the deflated stream begins; None if the file is not deflated.
    """

    offset: int
    length: int | None
    words: bool
    little_endian: bool
    inflate_from: int | None = None

    def open(self, path: str | Path) -> BinaryIO:
        """The stream that ``offset`` speaks of."""
        if self.inflate_from is None:
            return BoundedFile(path)
        return open_inflated(path, self.inflate_from)


@dataclass(frozen=True, kw_only=True)
class ParsedHeader:
    """The header of one DICOM file.

    Parameters
    ----------
    dataset
        The elements of KEYWORDS that the file has.
    transfer_syntax
        Its UID as declared, or None.
    pixel_tag
        Tag of the pixel data, one of PIXEL_TAGS; None where there is none.
    pixels
        Where integer pixel data stands, or None.
    """

    dataset: Dataset
    transfer_syntax: str | None
    pixel_tag: int | None
    pixels: PixelElement | None


def parse_header(path: str | Path, *, study_key: str | None = "AccessionNumber") -> ParsedHeader:
    """Read the header of a DICOM file, whatever its name; nothing beyond the start of the pixels is read.

    Parameters
    ----------
    path
        Any file.
    study_key
        Keyword that names the study ("folder" is no keyword and adds none); None leaves out everything that
        identifies a person.

    Raises
    ------
    UnusableFile
        "not_dicom", or "corrupt" where the header cannot be parsed. Without path: callers add it.
    """
    if stat.S_IFMT(Path(path).stat().st_mode) in (stat.S_IFIFO, stat.S_IFCHR, stat.S_IFSOCK):
        raise UnusableFile("not_dicom", "it is no regular file")  # opening a pipe may never end
    wanted = KEYWORDS if study_key is None else (*KEYWORDS, *IDENTITY_KEYWORDS, study_key)
    tags = [tag for keyword in wanted if (tag := tag_of(keyword)) is not None]
    with BoundedFile(path) as file, quiet_pydicom():
        start, has_magic = _dataset_start(file)
        syntax, start = _file_meta(file, start)
        little_endian = syntax != ExplicitVRBigEndian
        if syntax is None:
            little_endian = _looks_little_endian(file, start)
        deflated = syntax == DeflatedExplicitVRLittleEndian
        with open_inflated(path, start, limit=MAX_HEADER_BYTES) if deflated else file as stream:
            if not deflated:
                stream.seek(start)
            dataset = read_dataset(
                stream,
                syntax == ImplicitVRLittleEndian,
                little_endian,
                # Zeros are what a broken copy ends in: every eight bytes of them would pass for an element.
                stop_when=lambda tag, vr, length: int(tag) in PIXEL_TAGS or int(tag) == 0,
                specific_tags=tags,
            )
            if len(dataset) == 0 and not has_magic:
                raise UnusableFile("not_dicom", "no element can be read")
            tag, pixels = _pixel_element(stream, little_endian, start if deflated else None)
    return ParsedHeader(dataset=dataset, transfer_syntax=syntax, pixel_tag=tag, pixels=pixels)


def _dataset_start(file: BinaryIO) -> tuple[int, bool]:
    """Where the first element stands, and whether the DICM mark vouches for it."""
    head = file.read(160)
    if head[128:132] == b"DICM":
        return 132, True
    # No preamble; one stray byte before the first element; a preamble whose mark was lost.
    for start in (0, 1, 128):
        if _plausible_element(head[start : start + 12]):
            return start, False
    raise UnusableFile(
        "not_dicom", "neither the DICM mark nor an element of group 2 or 8 stands at the start"
    )


def _plausible_element(head: bytes) -> bool:
    """Whether these 12 bytes can be the first element of a file without the DICM mark."""
    if len(head) < 12:
        return False
    for order in "<>":
        group, element, length = struct.unpack(f"{order}HHL", head[:8])
        if group in (0x0002, 0x0008) and element <= 0x0100:
            vr = head[4:6]
            return (vr.isalpha() and vr.isupper()) or length <= 0x400
    return False


def _looks_little_endian(file: BinaryIO, start: int) -> bool:
    file.seek(start)
    group = file.read(2)
    return group != b"\x00\x08"


def _file_meta(file: BinaryIO, start: int) -> tuple[str | None, int]:
    """Transfer syntax and where the dataset begins: group 2 is walked here, explicit or implicit.

    Its declared group length is often wrong, and a deflated dataset begins exactly where the group ends.
    """
    syntax = None
    while True:
        file.seek(start)
        head = file.read(12)
        if len(head) < 8 or head[:2] != b"\x02\x00":
            return syntax, start
        tag = 0x00020000 | struct.unpack("<H", head[2:4])[0]
        vr = head[4:6]
        if vr in LONG_VRS and len(head) == 12:
            start, length = start + 12, struct.unpack("<L", head[8:12])[0]
        elif vr.isalpha() and vr.isupper():
            start, length = start + 8, struct.unpack("<H", head[6:8])[0]
        else:
            start, length = start + 8, struct.unpack("<L", head[4:8])[0]
        if tag == TRANSFER_SYNTAX:
            file.seek(start)
            syntax = file.read(min(length, 64)).decode("latin-1").strip(" \0") or None
        start += length


def _pixel_element(
    stream: BinaryIO, little_endian: bool, inflate_from: int | None
) -> tuple[int | None, PixelElement | None]:
    """The pixel data element that reading stopped at, if it did."""
    at = stream.tell()
    head = stream.read(12)
    order = "<" if little_endian else ">"
    if len(head) < 8:
        return None, None
    group, element = struct.unpack(f"{order}HH", head[:4])
    tag = group << 16 | element
    if tag not in PIXEL_TAGS:
        return None, None
    if tag != PIXEL_DATA:
        return tag, None
    if head[4:6] in LONG_VRS and len(head) == 12:
        header_bytes, length = 12, struct.unpack(f"{order}L", head[8:12])[0]
    else:
        header_bytes, length = 8, struct.unpack(f"{order}L", head[4:8])[0]
    return tag, PixelElement(
        offset=at + header_bytes,
        length=None if length == UNDEFINED else length,
        words=head[4:6] == b"OW",
        little_endian=little_endian,
        inflate_from=inflate_from,
    )
