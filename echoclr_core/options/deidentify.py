"""Options of section `deidentify`."""

from typing import Literal

from echoclr_core.options.base import option, options


@options()
class DeidentifyVideoOptions:
    """How one file is deidentified."""

    boundary: Literal["sector", "rectangle"] = option(
        "sector",
        (
            "What is kept of each frame. sector = the ultrasound sector fitted from the clip; "
            "rectangle = rows and columns from 10 to 95 %, as the released code does (leaves text on "
            "real clips)."
        ),
        changes="numbers",
        source='paper, Methods "masking boundary pixels"; rectangle is the released code',
    )
    text_inside: Literal["quarantine", "mask"] = option(
        "quarantine",
        (
            "What is done with a video in which text is found inside the sector, in whatever script. "
            "quarantine = it is left out and counted, the safest, since what was found need not be "
            "all that is there; mask = the lines are cut out, and only a video in which text is left, "
            "or moves, is left out. With the rectangle no text is looked for before the audit."
        ),
        changes="numbers",
        source="ours; the paper says nothing",
    )
    codec: Literal["magicyuv", "ffv1", "mjpeg"] = option(
        "magicyuv",
        (
            "Codec of the full-size intermediate videos; outside the mask all are exactly 0. magicyuv "
            "and ffv1 are lossless; magicyuv is several times as fast, ffv1 a little more than half "
            "its size; mjpeg is a sixth of it, lossy, and keeps whole blocks of 8 x 8 pixels only."
        ),
        changes="numbers",
        source='paper "AVI"; released code MJPEG',
    )
    quality: int = option(
        95,
        "JPEG quality where the codec is mjpeg.",
        changes="numbers",
        unit="percent",
        ge=1,
        le=100,
    )
    min_frames: int = option(
        2,
        "A file with fewer frames is no video.",
        changes="numbers",
        unit="frames",
        ge=2,
    )
    default_fps: float | None = option(
        30,
        (
            "Frame rate of files whose header gives none; the source is recorded for each video. null "
            "makes such files unusable."
        ),
        changes="numbers",
        unit="frames/s",
        source="released code (30)",
        gt=0,
    )
    min_fps: float | None = option(
        None,
        "Videos below this rate are left out and counted; null = no limit.",
        changes="numbers",
        unit="frames/s",
        source="released code drops under 25; the paper says nothing",
        gt=0,
    )
    max_frames: int | None = option(
        None,
        "Longer videos are cut to this many frames; null = no limit.",
        changes="numbers",
        unit="frames",
        source="released code cuts to 100; the paper says nothing",
        ge=2,
    )
    max_colour_share: float | None = option(
        None,
        (
            "Videos with a larger share of strongly coloured pixels inside the sector are left out as "
            "colour Doppler; null = no limit. B-mode has at most 0.0006, colour Doppler 0.07 to 0.15."
        ),
        changes="numbers",
        unit="share of pixels",
        source="ours",
        ge=0,
        le=1,
    )
    timeout_seconds: float = option(
        60,
        (
            "A file whose decoding takes longer is given up and counted. It holds for files up to 64 "
            "MB; a larger one may take longer in proportion to its size."
        ),
        changes="nothing",
        unit="s",
        source="ours",
        gt=0,
    )
    memory_megabytes: int | None = option(
        4096,
        (
            "Memory that the decoding of one file may take; a file that needs more is given up and "
            "counted. null = no limit."
        ),
        changes="nothing",
        unit="MB",
        source="ours",
        ge=1,
    )


@options()
class DeidentifyOptions(DeidentifyVideoOptions):
    """Boundary deidentification of the full-size frames."""

    date_shift_days: int | None = option(
        None,
        (
            "null = of the study date the year alone is kept. A number = deidentified/dates.parquet "
            "holds a date of each file that is moved by 1 to so many days, forwards or backwards, by the "
            "same secret number for all studies of a patient, so that the time between them stays. The "
            "year stays the true one, since the cohort is drawn by it."
        ),
        changes="output",
        unit="days",
        source="ours",
        ge=1,
        le=3650,
    )
    decisions: str | None = option(
        None,
        (
            "CSV file of what a person decided on the review page (snakemake review): videos that are "
            "accepted, rejected, or masked with a sector drawn by hand. Only these are made again "
            "where keep_videos is true, otherwise all of their shards. null = no decisions."
        ),
        changes="numbers",
        source="ours",
        min_length=1,
    )
    write_dicom: bool = option(
        False,
        (
            "Also write each deidentified video as a DICOM file (dicom/<shard>/<video_id>.dcm: ultrasound "
            "multi-frame, grey, uncompressed) with new UIDs and the attributes of PS3.15's Basic Profile."
        ),
        changes="output",
        source="ours",
    )
    keep_videos: bool = option(
        False,
        (
            "Keep the full-size deidentified videos after the masked ones are written. Without them "
            "every later change of views.* or mask.* decodes and deidentifies the archive again; keep "
            "them while a view classifier is being tuned."
        ),
        changes="nothing",
    )
    audit_videos: int = option(
        8,
        "Written videos that are read back and audited in each shard.",
        changes="output",
        unit="videos per shard",
        source="ours",
        ge=0,
    )
    max_text_rate: float = option(
        0.01,
        (
            "The run fails where the audit finds text in a larger share of the videos it looks at. "
            "Speckle is taken for text in a few videos of a thousand, so that 0 would end nearly "
            "every large archive's run for no text at all; whatever is found comes first on the "
            "contact sheet. Lit pixels outside the sector, identifiers in a written file and "
            "unreadable videos fail it always."
        ),
        changes="output",
        unit="share of audited videos",
        source="ours",
        ge=0,
        le=1,
    )
