"""Ultrasound region tags: where on the frame which kind of image stands, if the tags can be believed."""

from dataclasses import dataclass

from pydicom.dataset import Dataset

from echoclr_core.dicom.values import decimals, integer

# RegionSpatialFormat (PS3.3 C.8.5.5.1.1)
TWO_DIMENSIONAL, M_MODE, SPECTRAL, WAVEFORM, GRAPHICS = 1, 2, 3, 4, 5
# RegionDataType (PS3.3 C.8.5.5.1.2): pulsed and continuous wave, and Doppler traces drawn from them
SPECTRAL_TYPES = range(3, 10)
EDGE_TOLERANCE = 0.02  # vendors overshoot the frame by a pixel or few; stale tags by much more
SPACINGS = (
    ("PhysicalDeltaX", "PhysicalUnitsXDirection"),
    ("PhysicalDeltaY", "PhysicalUnitsYDirection"),
)
CENTIMETRES = 3  # PhysicalUnitsXDirection, PhysicalUnitsYDirection (PS3.3 C.8.5.5.1.15)
MIN_SPACING, MAX_SPACING = 0.01, 10.0  # millimetres a pixel that a picture of a heart can have
SPACING_DIGITS = 4  # significant ones: no measurement needs more, and no identifier fits into them


@dataclass(frozen=True, kw_only=True)
class Region:
    """One in-bounds item of SequenceOfUltrasoundRegions.

    Parameters
    ----------
    x0, y0, x1, y1
        Pixels, half open: the region is ``frame[y0:y1, x0:x1]``.
    spatial_format
        RegionSpatialFormat: 0 none, 1 two-dimensional, 2 M-mode, 3 spectral, 4 waveform, 5 graphics.
    data_type
        RegionDataType: 1 tissue, 2 colour flow, 3 pulsed, 4 continuous wave spectral Doppler, 10 ECG, ...
    mm_per_pixel
        Millimetres a pixel, (across, down); None where the region states none that can be believed.
    """

    x0: int
    y0: int
    x1: int
    y1: int
    spatial_format: int
    data_type: int
    mm_per_pixel: tuple[float, float] | None = None


def read_regions(dataset: Dataset, height: int, width: int) -> tuple[Region, ...]:
    """The believable ultrasound regions of a frame of ``height`` x ``width`` pixels, in file order.

    Tags stay behind when a frame is resized. A region that is empty, starts outside the frame, or ends
    beyond it by more than 2 % of its size is dropped; a smaller overshoot is cut to the frame.
    """
    try:
        items = list(dataset.get("SequenceOfUltrasoundRegions") or ())
    except MemoryError:  # tells of the process, not of the file
        raise
    except Exception:  # a broken sequence is as good as none: regions are only ever a hint
        return ()
    found = (_read_region(item, height, width) for item in items)
    return tuple(region for region in found if region is not None)


def _read_region(item: Dataset, height: int, width: int) -> Region | None:
    corners = [integer(item, f"RegionLocation{name}") for name in ("MinX0", "MinY0", "MaxX1", "MaxY1")]
    if any(corner is None for corner in corners):
        return None
    x0, y0, x1, y1 = corners[0], corners[1], corners[2] + 1, corners[3] + 1  # the tags' maxima are inclusive
    inside = 0 <= x0 < min(x1, width) and 0 <= y0 < min(y1, height)
    if (
        not inside
        or x1 > width + max(2, EDGE_TOLERANCE * width)
        or y1 > height + max(2, EDGE_TOLERANCE * height)
    ):
        return None
    return Region(
        x0=x0,
        y0=y0,
        x1=min(x1, width),
        y1=min(y1, height),
        spatial_format=integer(item, "RegionSpatialFormat") or 0,
        data_type=integer(item, "RegionDataType") or 0,
        mm_per_pixel=_spacing(item),
    )


def _spacing(item: Dataset) -> tuple[float, float] | None:
    """PhysicalDeltaX and PhysicalDeltaY in millimetres, where both are lengths that a picture can have."""
    found = []
    for length, unit in SPACINGS:
        delta = decimals(item, length)
        if integer(item, unit) != CENTIMETRES or not delta:
            return None
        spacing = 10 * abs(delta[0])  # some vendors count downwards, with a minus
        if not MIN_SPACING <= spacing <= MAX_SPACING:
            return None
        found.append(float(f"{spacing:.{SPACING_DIGITS}g}"))
    return found[0], found[1]


def only_spectral_or_m_mode(regions: tuple[Region, ...]) -> bool:
    """Whether there is an image region, and none of them is a two-dimensional image.

    ECG strips, other waveforms and drawn graphics are no image regions: they say nothing either way.
    """
    images = [region for region in regions if region.spatial_format not in (WAVEFORM, GRAPHICS)]
    spectral = [
        region
        for region in images
        if region.spatial_format in (M_MODE, SPECTRAL) or region.data_type in SPECTRAL_TYPES
    ]
    return bool(spectral) and len(spectral) == len(images)
