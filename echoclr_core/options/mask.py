"""Options of section `mask`."""

from typing import Literal

from echoclr_core.options.base import option, options


@options()
class MaskOptions:
    """Convex-hull mask and export of the kept videos."""

    size: int = option(
        112,
        "Height and width of the masked videos.",
        changes="numbers",
        unit="pixels",
        source="paper (112)",
        ge=16,
        multiple_of=2,
    )
    threshold: int = option(
        200,
        "Threshold of the binarised frame.",
        changes="numbers",
        unit="grey levels",
        source="paper (200)",
        ge=0,
        le=254,
    )
    binarise: Literal["nonzero", "literal"] = option(
        "nonzero",
        (
            "nonzero = every non-zero pixel counts as 255 before the threshold (what the released "
            "code does); literal = the threshold on raw intensities (keeps 0 to 1 % of real frames)."
        ),
        changes="numbers",
        source="paper and released code differ",
    )
    keep_aspect: bool = option(
        False,
        "Pad to a square before downsampling, instead of squeezing the frame.",
        changes="numbers",
        source="released code squeezes",
    )
    fit: Literal["frame", "sector"] = option(
        "frame",
        (
            "What becomes the masked frame: frame = the whole frame; sector = the smallest square about the "
            "sector, so that neither place nor size of the sector on a vendor's screen can tell which videos "
            "belong together (for archives of several vendors); keep_aspect is without effect then."
        ),
        changes="numbers",
        source="paper (frame)",
    )
    mm_per_pixel: float | None = option(
        None,
        (
            "Scale of the masked videos, by each file's own calibration (PhysicalDeltaX and PhysicalDeltaY "
            "of the region that holds the sector): frames are cropped or padded to the size, not squeezed, "
            "and fit and keep_aspect are without effect. null = fitted to the size, whatever the depth."
        ),
        changes="numbers",
        unit="mm",
        source="paper (fitted)",
        ge=0.05,
        le=10,
    )
    missing_calibration: Literal["exclude", "fit"] = option(
        "exclude",
        (
            "With mm_per_pixel, videos whose file states no calibration: exclude = left out and counted in "
            "the flow; fit = fitted to the size, as without mm_per_pixel."
        ),
        changes="numbers",
        source="ours",
    )
    codec: Literal["ffv1", "mjpeg"] = option(
        "ffv1",
        "Codec of the masked videos; ffv1 is lossless.",
        changes="numbers",
        source='paper "AVI"',
    )
    quality: int = option(
        95,
        "JPEG quality where the codec is mjpeg.",
        changes="numbers",
        unit="percent",
        ge=1,
        le=100,
    )
