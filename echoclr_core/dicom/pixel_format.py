"""How the samples of a frame are laid out, from the header, checked before anything is decoded."""

from dataclasses import dataclass, replace

from pydicom.dataset import Dataset

from echoclr_core.dicom.outcomes import UnusableFile
from echoclr_core.dicom.values import integer, strings

SAMPLES = {
    "MONOCHROME1": 1,
    "MONOCHROME2": 1,
    "PALETTE COLOR": 1,
    "RGB": 3,
    "YBR_FULL": 3,
    "YBR_FULL_422": 3,
    "YBR_PARTIAL_422": 3,
    "YBR_PARTIAL_420": 3,
    "YBR_ICT": 3,
    "YBR_RCT": 3,
    "XYB": 3,
}
"""Samples a pixel of every photometric interpretation that is read."""

MAX_PIXELS = 1 << 26  # a header that claims more is broken, and must not cost memory


@dataclass(frozen=True, kw_only=True)
class PixelFormat:
    """Layout of one frame, as the header declares it.

    Parameters
    ----------
    rows, columns
        Pixels.
    photometric
        A key of SAMPLES.
    bits_allocated
        8 or 16.
    bits_stored, high_bit
        Which of the allocated bits hold the sample; others may hold overlays.
    signed
        Two's complement samples.
    planar
        Native colour data stands plane by plane instead of pixel by pixel.
    """

    rows: int
    columns: int
    photometric: str
    bits_allocated: int
    bits_stored: int
    high_bit: int
    signed: bool
    planar: bool

    @property
    def samples(self) -> int:
        """Samples a pixel: 1 or 3."""
        return SAMPLES[self.photometric]

    @property
    def subsampled(self) -> bool:
        """Whether native data holds two luma samples and one of each chroma for two pixels."""
        return self.photometric in ("YBR_FULL_422", "YBR_PARTIAL_422")

    def with_every_sample(self) -> "PixelFormat":
        """The layout of writers that declare YBR_FULL_422 and store all three samples of every pixel."""
        return replace(self, photometric="YBR_FULL") if self.photometric == "YBR_FULL_422" else self

    @property
    def frame_bytes(self) -> int:
        """Bytes of one native frame."""
        samples = 2 if self.subsampled else self.samples
        return self.rows * self.columns * samples * self.bits_allocated // 8


def read_pixel_format(dataset: Dataset) -> PixelFormat:
    """The layout of a file's frames.

    Raises
    ------
    UnusableFile
        "corrupt" for a missing or impossible value, "unsupported_syntax" for a layout that is legal but not
        read here: other photometric interpretations, and samples of other than 8 or 16 bits.
    """
    rows, columns = (_size(dataset, keyword) for keyword in ("Rows", "Columns"))
    if rows * columns > MAX_PIXELS:
        raise UnusableFile(
            "corrupt", f"{rows} x {columns} pixels; at most {MAX_PIXELS} are allowed", tag="Rows", value=rows
        )
    photometric = " ".join(strings(dataset, "PhotometricInterpretation")).upper()
    if not photometric:
        raise UnusableFile("corrupt", "it is missing", tag="PhotometricInterpretation")
    if photometric not in SAMPLES:
        raise UnusableFile(
            "unsupported_syntax",
            f"read are {sorted(SAMPLES)}",
            tag="PhotometricInterpretation",
            value=photometric,
        )
    samples = integer(dataset, "SamplesPerPixel")
    if samples not in (None, SAMPLES[photometric]):
        raise UnusableFile(
            "corrupt", f"{photometric} has {SAMPLES[photometric]}", tag="SamplesPerPixel", value=samples
        )
    return PixelFormat(
        rows=rows,
        columns=columns,
        photometric=photometric,
        signed=integer(dataset, "PixelRepresentation") == 1,
        planar=integer(dataset, "PlanarConfiguration") == 1,
        **_bits(dataset),
    )


def _size(dataset: Dataset, keyword: str) -> int:
    size = integer(dataset, keyword)
    if size is None or size < 1:
        shown = " ".join(strings(dataset, keyword)) or None
        raise UnusableFile("corrupt", "a whole number from 1 is needed", tag=keyword, value=shown)
    return size


def _bits(dataset: Dataset) -> dict[str, int]:
    allocated = integer(dataset, "BitsAllocated")
    if allocated not in (8, 16):
        outcome = "corrupt" if allocated is None else "unsupported_syntax"
        raise UnusableFile(outcome, "read are 8 and 16", tag="BitsAllocated", value=allocated)
    stored = integer(dataset, "BitsStored")
    stored = allocated if stored is None else stored
    if not 1 <= stored <= allocated:
        raise UnusableFile("corrupt", f"1 to {allocated} are possible", tag="BitsStored", value=stored)
    high = integer(dataset, "HighBit")
    if high is None or not stored - 1 <= high < allocated:
        high = stored - 1  # the only value that the standard still allows
    return {"bits_allocated": allocated, "bits_stored": stored, "high_bit": high}
