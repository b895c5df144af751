"""From a path to a :class:`Cine`: header first, every reason against the file before any decoding."""

from dataclasses import asdict, replace
from pathlib import Path

from pydicom.datadict import dictionary_VR, tag_for_keyword

from echoclr_core.dicom.cine import Cine
from echoclr_core.dicom.colour import read_palette
from echoclr_core.dicom.frame_rate import frame_rate
from echoclr_core.dicom.frames import FileFrames
from echoclr_core.dicom.header import Description, Header, Identity
from echoclr_core.dicom.header_parser import ParsedHeader, PixelElement, parse_header
from echoclr_core.dicom.image_kind import refuse_other_images
from echoclr_core.dicom.outcomes import UnusableFile
from echoclr_core.dicom.pixel_format import PixelFormat, read_pixel_format
from echoclr_core.dicom.regions import Region, only_spectral_or_m_mode, read_regions
from echoclr_core.dicom.syntaxes import codec_family_of
from echoclr_core.dicom.third_party import as_unusable
from echoclr_core.dicom.values import day, integer, quiet_pydicom, strings, text


def read_cine(
    path: str | Path,
    *,
    min_frames: int = 2,
    default_fps: float | None = None,
    study_key: str | None = "AccessionNumber",
) -> Cine:
    """Open a DICOM cine loop. Reads the header only; frames are decoded when asked for.

    Parameters
    ----------
    path
        Any file: DICOM is recognised by content.
    min_frames
        Loops with fewer frames are refused; 1 lets stills pass.
    default_fps
        Frames per second where no tag gives a believable rate; None leaves ``fps`` None.
    study_key
        DICOM keyword that names the study, or "folder" (:data:`FOLDER`); None reads nothing that identifies a
        person, and ``header`` is a :class:`~echoclr_core.dicom.header.Description`.

    Raises
    ------
    UnusableFile
        A ValueError whose message says file, tag, value and why, and whose ``outcome`` is one of
        "not_dicom", "no_pixels", "corrupt", "unsupported_syntax", "single_frame", "too_short",
        "not_ultrasound_cine", "spectral_doppler_or_mmode".
    MemoryError
        The file needs more memory than there is. Frames raise both as well.
    ValueError
        Where an option makes no sense, ``study_key`` is no DICOM keyword say.

    See Also
    --------
    echoclr_core.deidentify.boundary_mask : what of its frames may be kept.
    echoclr_core.video.read_avi : a video without a DICOM header.

    Examples
    --------
    >>> cine = read_cine("loop.dcm")
    >>> cine.frame_count, cine.height, cine.width, cine.fps, cine.fps_source
    (12, 240, 320, 25.0, 'FrameTime')
    >>> next(cine.frames()).shape
    (240, 320)
    """
    if min_frames < 1:
        raise ValueError(f"min_frames: {min_frames}; at least 1 is allowed")
    if default_fps is not None and not default_fps > 0:
        raise ValueError(f"default_fps: {default_fps}; a positive rate or None is allowed")
    if study_key is not None:
        check_study_key(study_key)
    with as_unusable(path):
        parsed = parse_header(path, study_key=study_key)
        with quiet_pydicom():
            header = read_description(parsed) if study_key is None else read_header(path, parsed, study_key)
            return cine_of(path, parsed, header, min_frames=min_frames, default_fps=default_fps)


FOLDER = "folder"
"""In place of a keyword: a study is named by the folder that holds its files, whatever their headers say."""


def check_study_key(keyword: str) -> None:
    """Raise ValueError unless ``keyword`` is :data:`FOLDER` or a DICOM keyword that holds text or numbers."""
    if keyword == FOLDER:
        return
    tag = tag_for_keyword(keyword)
    if tag is None or dictionary_VR(tag) in ("SQ", "OB", "OW", "OB or OW", "UN", "OF", "OD"):
        raise ValueError(
            f"study_key: {keyword!r} is no DICOM keyword with a text value, as AccessionNumber, "
            f"StudyInstanceUID and StudyID are; or {FOLDER!r} for the folder that holds the file"
        )


def read_identity(path: str | Path, parsed: ParsedHeader, study_key: str) -> Identity:
    """Whose a file is."""
    dataset = parsed.dataset
    return Identity(
        study_key=Path(path).parent.name if study_key == FOLDER else text(dataset, study_key),
        patient_key=text(dataset, "PatientID"),
        patient_issuer=text(dataset, "IssuerOfPatientID"),
        study_date=day(dataset, "StudyDate"),
        study_uid=text(dataset, "StudyInstanceUID"),
        sop_uid=text(dataset, "SOPInstanceUID"),
    )


def read_description(parsed: ParsedHeader) -> Description:
    """What a file is; NumberOfFrames is left out where it is not a number."""
    dataset = parsed.dataset
    return Description(
        manufacturer=text(dataset, "Manufacturer"),
        model=text(dataset, "ManufacturerModelName"),
        transfer_syntax=parsed.transfer_syntax,
        photometric=(text(dataset, "PhotometricInterpretation") or "").upper() or None,
        frames_declared=integer(dataset, "NumberOfFrames"),
    )


def read_header(path: str | Path, parsed: ParsedHeader, study_key: str) -> Header:
    """Both halves of the header of a file."""
    return Header(**asdict(read_identity(path, parsed, study_key)), **asdict(read_description(parsed)))


def cine_of(
    path: str | Path,
    parsed: ParsedHeader,
    header: Description,
    *,
    min_frames: int = 2,
    default_fps: float | None = None,
) -> Cine:
    """The cine of a header that was read already; see :func:`read_cine`."""
    source, count, regions = check_cine(path, parsed, min_frames=min_frames)
    fps, fps_source = frame_rate(parsed.dataset, count, default_fps)
    return Cine(
        header=header,
        frame_count=count,
        height=source.layout.rows,
        width=source.layout.columns,
        fps=fps,
        fps_source=fps_source,
        regions=regions,
        source=source,
    )


def check_cine(
    path: str | Path, parsed: ParsedHeader, *, min_frames: int = 2
) -> tuple[FileFrames, int, tuple[Region, ...]]:
    """The frames of a cine, their number and its regions; every reason against the file is raised.

    The catalogue asks for no more: to read frame rate and device as well is a third of its time.
    """
    path = Path(path)
    dataset = parsed.dataset
    if parsed.pixel_tag is None:
        raise UnusableFile("no_pixels", "there is no pixel data", tag="PixelData")
    if parsed.pixels is None:
        raise UnusableFile("unsupported_syntax", "samples are floating point", tag="PixelData")
    codec_family = codec_family_of(parsed.transfer_syntax)
    layout = read_pixel_format(dataset)
    declared = _frames_declared(parsed)
    pixels = _detect_encapsulation(path, parsed.pixels, layout, codec_family, declared or 1)
    layout = _fix_photometric(pixels, layout, declared)
    palette = None
    if layout.photometric == "PALETTE COLOR":
        palette = read_palette(dataset, layout.bits_allocated, little_endian=pixels.little_endian)
    source = FileFrames(
        path=path,
        pixels=pixels,
        layout=layout,
        codec_family=codec_family,
        declared=declared,
        palette=palette,
    )
    count = source.count()
    _require_frames(count, min_frames)
    if count > 1:
        refuse_other_images(dataset)
    regions = read_regions(dataset, layout.rows, layout.columns)
    _require_two_dimensions(regions)
    return source, count, regions


def _require_frames(count: int, min_frames: int) -> None:
    if count < min_frames:
        raise UnusableFile(
            "single_frame" if count == 1 else "too_short",
            f"at least {min_frames} frames are needed",
            tag="NumberOfFrames",
            value=count,
        )


def _require_two_dimensions(regions: tuple[Region, ...]) -> None:
    if only_spectral_or_m_mode(regions):
        raise UnusableFile(
            "spectral_doppler_or_mmode",
            "no image region is two-dimensional",
            tag="SequenceOfUltrasoundRegions",
            value=[(region.spatial_format, region.data_type) for region in regions],
        )


def _frames_declared(parsed: ParsedHeader) -> int | None:
    shown = strings(parsed.dataset, "NumberOfFrames")
    count = integer(parsed.dataset, "NumberOfFrames")
    if shown and (count is None or count < 1):
        raise UnusableFile(
            "corrupt", "a whole number from 1 is needed", tag="NumberOfFrames", value="\\".join(shown)
        )
    return count


def _detect_encapsulation(
    path: Path, pixels: PixelElement, layout: PixelFormat, codec_family: str | None, count: int
) -> PixelElement:
    """Whether the pixels are encapsulated, where declared syntax and length disagree about it."""
    expected = layout.frame_bytes * count
    if pixels.length is None or pixels.length in (expected, expected + expected % 2):
        return pixels
    with pixels.open(path) as stream:
        stream.seek(pixels.offset)
        begins_with_item = stream.read(4) == b"\xfe\xff\x00\xe0"
    if begins_with_item:
        return replace(pixels, length=None)
    if codec_family not in (None, "native"):
        raise UnusableFile(
            "corrupt",
            "the syntax is compressed and the pixel data is not",
            tag="PixelData",
            value=pixels.length,
        )
    return pixels


def _fix_photometric(pixels: PixelElement, layout: PixelFormat, count: int | None) -> PixelFormat:
    """Some writers declare YBR_FULL_422 and store all three samples of every pixel: the length tells."""
    every = layout.with_every_sample()
    full = every.frame_bytes
    if layout.photometric != "YBR_FULL_422" or pixels.length is None:
        return layout
    # Of an unknown count only one frame is sure: three of these are as long as two with every sample.
    whole = pixels.length >= full * count if count else pixels.length in (full, full + full % 2)
    return every if whole else layout
