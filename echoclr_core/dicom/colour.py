"""From stored samples to 8-bit luma or RGB."""

from functools import lru_cache

import cv2
import numpy as np
from pydicom.datadict import tag_for_keyword
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.pixels.processing import apply_color_lut

from echoclr_core.dicom.outcomes import UnusableFile
from echoclr_core.dicom.pixel_format import PixelFormat
from echoclr_core.dicom.values import quiet_pydicom


def luma(rgb: np.ndarray) -> np.ndarray:
    """(H, W, 3) uint8 RGB -> (H, W) uint8: 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601), rounded."""
    return cv2.cvtColor(np.ascontiguousarray(rgb), cv2.COLOR_RGB2GRAY)


def read_palette(dataset: Dataset, bits_allocated: int, *, little_endian: bool) -> np.ndarray:
    """The palette of a PALETTE COLOR file: (2^bits_allocated, 3) uint8 RGB, one row a stored value.

    Stored values below the first or above the last entry take that entry's colour, as the standard has
    it. Of 16-bit entries the high byte counts; a 16-bit palette whose values all lie below 256 (some
    vendors fill the low byte only) is taken as it stands.

    Raises
    ------
    UnusableFile
        "corrupt" where the palette is missing or cannot be read.
    """
    try:
        with quiet_pydicom():
            entries, first, _ = dataset.RedPaletteColorLookupTableDescriptor
            _normalise_tables(dataset, entries, little_endian=little_endian)
            last = first + (entries or 1 << 16) - 1
            values = np.clip(np.arange(1 << bits_allocated), first, last)
            table = apply_color_lut(values, dataset)[:, :3]
    except MemoryError:  # tells of the process, not of the file
        raise
    except Exception as error:  # every way in which a palette can be broken
        raise UnusableFile(
            "corrupt", "the palette cannot be read", tag="RedPaletteColorLookupTableData"
        ) from error
    return (table >> 8 if table.max() > 255 else table).astype(np.uint8)


def _normalise_tables(dataset: Dataset, entries: int, *, little_endian: bool) -> None:
    """Put plain tables into the one form that pydicom reads: little-endian bytes, no more than the entries.

    Early files hold them as numbers (VR US or SS), big-endian ones have their words swapped, and an odd
    number of 8-bit entries is padded.
    """
    for colour in ("Red", "Green", "Blue"):
        keyword = f"{colour}PaletteColorLookupTableData"
        if keyword not in dataset:
            continue
        value = dataset[keyword].value
        if not isinstance(value, bytes):
            value = (np.array(value) & 0xFFFF).astype("<u2").tobytes()
        elif not little_endian:
            value = np.frombuffer(value, "u2").byteswap().tobytes()
        dataset[keyword] = DataElement(
            tag_for_keyword(keyword), "OW", value[:entries] if len(value) == entries + 1 else value
        )


@lru_cache(maxsize=8)
def _scale(dtype_bits: int, stored: int, high: int, signed: bool) -> np.ndarray:
    """Table from a raw sample to 8 bits: the stored bits cut out, and their whole range put on 0..255."""
    raw = np.arange(1 << dtype_bits)
    value = (raw >> (high + 1 - stored)) & ((1 << stored) - 1)
    if signed:
        value ^= 1 << (stored - 1)  # two's complement to offset binary: the lowest value becomes 0
    return np.round(value * (255 / ((1 << stored) - 1))).astype(np.uint8)


def to_uint8(
    samples: np.ndarray, stored: int, *, high: int | None = None, signed: bool = False
) -> np.ndarray:
    """Samples of ``stored`` bits -> uint8, scaled by the bits stored and never by the content.

    The whole range 0..2^stored - 1 (signed: -2^(stored-1)..2^(stored-1) - 1) goes linearly on 0..255, so that
    equal samples are equally bright in every frame of every file; a dark 12-bit loop stays dark.

    Parameters
    ----------
    samples
        uint8, uint16, int8 or int16, native byte order.
    stored
        BitsStored.
    high
        HighBit; ``stored - 1`` if None.
    signed
        PixelRepresentation 1.
    """
    bits = samples.dtype.itemsize * 8
    stored = min(stored, bits)
    high = stored - 1 if high is None else min(high, bits - 1)
    if bits == 8 and stored == 8 and not signed:
        return samples.view(np.uint8)
    return _scale(bits, stored, high, signed)[samples.view(f"u{samples.dtype.itemsize}")]


class Converter:
    """Samples as stored or decoded -> luma or RGB, by the rules of one file.

    Parameters
    ----------
    layout
        From the header.
    palette
        From :func:`read_palette`; None unless the file is PALETTE COLOR.
    """

    def __init__(self, layout: PixelFormat, palette: np.ndarray | None):
        self._layout = layout
        self._palette = palette
        self._grey_palette = None if palette is None else luma(palette[None])[0]

    def convert(self, samples: np.ndarray, photometric: str, *, colour: bool, native: bool) -> np.ndarray:
        """One frame.

        Parameters
        ----------
        samples
            (H, W) or (H, W, 3), 8 or 16 bits.
        photometric
            What they are now: "LUMA" (8-bit luma already), or as in PixelFormat, which a decoder may change.
        colour
            (H, W, 3) RGB instead of (H, W) luma.
        native
            Samples stand as in the file, HighBit included; a codec delivers them right-aligned.
        """
        if photometric == "PALETTE COLOR":
            indices = samples.view(f"u{samples.dtype.itemsize}") & ((1 << self._layout.bits_stored) - 1)
            return (self._palette if colour else self._grey_palette)[indices]
        if photometric != "LUMA":
            samples = to_uint8(
                samples,
                self._layout.bits_stored,
                high=self._layout.high_bit if native else None,
                signed=self._layout.signed or samples.dtype.kind == "i",
            )
        if samples.ndim == 2:
            grey = 255 - samples if photometric == "MONOCHROME1" else samples
            return np.repeat(grey[..., None], 3, axis=2) if colour else grey
        if photometric in ("RGB", "YBR_ICT", "YBR_RCT"):  # the codec has undone its own transforms
            return np.ascontiguousarray(samples) if colour else luma(samples)
        if photometric.startswith("YBR_PARTIAL"):
            samples = _full_range(samples)
        return _rgb_of_ybr(samples) if colour else np.ascontiguousarray(samples[..., 0])


def _full_range(ybr: np.ndarray) -> np.ndarray:
    """Studio range (luma 16..235, chroma 16..240) -> full range."""
    scale = np.array([255 / 219, 255 / 224, 255 / 224])
    zero = np.array([16, 128, 128])
    back = np.array([0, 128, 128])
    return np.clip(np.round((ybr - zero) * scale + back), 0, 255).astype(np.uint8)


def _rgb_of_ybr(ybr: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(np.ascontiguousarray(ybr[..., [0, 2, 1]]), cv2.COLOR_YCrCb2RGB)
