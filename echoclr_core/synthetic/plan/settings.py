"""What the phantom cohort is: how many studies, which views, screens and encodings, how hard."""

from dataclasses import dataclass, fields

LABELLED_VIEWS = (
    "plax",
    "plax_zoom",
    "plax_remote",
    "plax_colour",
    "a4c",
    "a2c",
    "psax_papillary",
    "psax_mitral",
    "psax_aortic",
    "subcostal",
)
VENDOR_SCREENS = ("banner", "column", "tablet", "classic", "premium", "console")
ENCODINGS = (
    "jpeg",
    "jpeg_full",
    "rgb",
    "rgb_planar",
    "implicit",
    "deflated",
    "ybr",
    "ybr_422",
    "mono",
    "rle",
    "palette",
    "palette_16",
    "big_endian",
    "jpeg_ls",
    "jpeg_2000",
    "jpeg_xl",
    "h264",
)
CONTRADICTING = (
    "jpeg_called_rgb",
    "jpeg_lossless_called_rgb",
    "jpeg_ls_zero",
    "rgb_called_ybr_422",
    "ybr_called_rgb",
    "planes_called_pixels",
    "pixels_called_planes",
    "padded_frames",
    "padded_rows",
    "padded_pairs",
)
"""Encodings that contradict their header or markers; among ``encodings`` where they are asked for."""

TINY = (16, 24)  # height and width of a tiny picture, px
RATE_TAGS = ("vector", "time", "cine_rate", "recommended", "all", "zero_time", "none")
CONTRADICTING_RATES = ("pointer", "comma", "groups")
"""Rates that a reader finds by FrameIncrementPointer, behind a decimal comma, or in functional groups."""

PICTURES = ("phantom", "tiny")
QUIRKS = ("none", "no_meta", "stray_delimiter", "dotted_date", "wrong_syntax", "claims_clean")


@dataclass(frozen=True, kw_only=True)
class SyntheticSettings:
    """Everything that defines a phantom archive; equal settings give equal bytes.

    Parameters
    ----------
    seed
        Seed of the whole archive.
    development_studies, external_studies
        Labelled studies of the development years and of the external years.
    view_studies
        Further studies, of other patients, that only train the view classifier; not in the labels.
    development_years, external_years
        First and last year of each part, both included.
    repeat_share
        Share of labelled studies that are later studies of a patient already in the plan.
    severe_share
        Share of patients with a valve area below 1.0 cm².
    hypertrophy_shares
        Share with a thick wall among patients with and without severe aortic stenosis.
    low_flow_share
        Share of studies with severe stenosis that are graded 'Low gradient AS' or 'Paradoxical AS' instead.
    missing_severity, missing_index
        Share of studies without a severity grade, and without a mass index (half of the latter keep the
        linear measurements it follows from).
    plax_videos, other_videos
        Fewest and most ordinary PLAX videos and videos of other views a labelled study.
    without_plax
        Share of labelled studies without an ordinary PLAX video.
    views
        Views among the other videos, and the views of the view studies; a subset of ``LABELLED_VIEWS``.
    view_study_views
        Videos a study for the view classifier; views are dealt in turn, "plax" twice as often.
    still_share
        Share of labelled studies with a spectral Doppler picture (some with an M-mode as well).
    frames, view_frames
        Frames of a cine loop in labelled studies and in view studies.
    frame_rates
        Frames a second; one is drawn for each video.
    screens
        (height, width) of the screens, in pixels; one is drawn for each study.
    vendor_screens, encodings, rate_tags
        Vendors' screens, pixel encodings and frame-rate tags to choose from ("none" is kept rare); the
        names of ``CONTRADICTING`` and ``CONTRADICTING_RATES`` are allowed as well.
    other_encodings
        Share of videos that are not in the first of ``encodings``: compressed files are the rule.
    quirk_share
        Share of videos whose file deviates from the standard in a way that every reader must tolerate.
    edge_text_share, inside_text_share
        Share of videos with text across the fan's edge, and with a name, number or date typed inside it.
    transient_text_share
        Share of the texts inside that are transient: shown in a part of the loop alone.
    pictures
        "phantom" draws hearts; "tiny" writes ``TINY`` px of grey instead, for archives whose headers count:
        nothing can be learned from them.
    difficulty
        Factor on all video-level nuisance (depth, rotation, translation, gain, drop-outs); 0 gives none.
    distractor_files
        Whether text files, reports, stills, broken and blank loops and duplicates are written as well.
    mixed_identities
        Whether loops are written as well that share the study key or the UID of another patient's loop, name
        the issuer of their PatientID, or have no UID and paths that differ in a blank.
    jpeg_quality
        Quality of JPEG encoding, 1 to 100.
    """

    seed: int = 0
    development_studies: int = 160
    external_studies: int = 60
    view_studies: int = 24
    development_years: tuple[int, int] = (2016, 2020)
    external_years: tuple[int, int] = (2021, 2021)
    repeat_share: float = 0.12
    severe_share: float = 0.40
    hypertrophy_shares: tuple[float, float] = (0.50, 0.33)
    low_flow_share: float = 0.10
    missing_severity: float = 0.04
    missing_index: float = 0.08
    plax_videos: tuple[int, int] = (2, 4)
    other_videos: tuple[int, int] = (1, 2)
    without_plax: float = 0.03
    views: tuple[str, ...] = LABELLED_VIEWS
    view_study_views: int = 6
    still_share: float = 0.25
    frames: int = 24
    view_frames: int = 12
    frame_rates: tuple[float, ...] = (15.0,)
    screens: tuple[tuple[int, int], ...] = ((480, 640), (565, 751), (600, 800), (768, 1024))
    vendor_screens: tuple[str, ...] = VENDOR_SCREENS
    encodings: tuple[str, ...] = ENCODINGS
    rate_tags: tuple[str, ...] = RATE_TAGS
    edge_text_share: float = 0.04
    inside_text_share: float = 0.01
    transient_text_share: float = 0.0
    other_encodings: float = 0.25
    quirk_share: float = 0.08
    pictures: str = "phantom"
    difficulty: float = 1.0
    distractor_files: bool = True
    mixed_identities: bool = False
    jpeg_quality: int = 90

    def __post_init__(self) -> None:
        _check_members(self)
        _check_shares(self)
        _check_numbers(self)


def _refuse(field: str, value: object, allowed: str) -> None:
    raise ValueError(f"SyntheticSettings.{field} = {value!r}; allowed: {allowed}")


def _check_members(settings: SyntheticSettings) -> None:
    known = {
        "views": LABELLED_VIEWS,
        "vendor_screens": VENDOR_SCREENS,
        "encodings": (*ENCODINGS, *CONTRADICTING),
    }
    known["rate_tags"] = (*RATE_TAGS, *CONTRADICTING_RATES)
    for field, allowed in known.items():
        value = getattr(settings, field)
        if not value or set(value) - set(allowed):
            _refuse(field, value, f"at least one of {allowed}")
    if settings.pictures not in PICTURES:
        _refuse("pictures", settings.pictures, f"one of {PICTURES}")
    if "plax" not in settings.views:
        _refuse("views", settings.views, "a list that holds 'plax'")


def _check_shares(settings: SyntheticSettings) -> None:
    names = [f.name for f in fields(settings) if f.name.endswith("_share") or f.name.startswith("missing_")]
    for field in [*names, "without_plax", "other_encodings"]:
        if not 0 <= getattr(settings, field) <= 1:
            _refuse(field, getattr(settings, field), "a share from 0 to 1")
    if not all(0 <= share <= 1 for share in settings.hypertrophy_shares):
        _refuse("hypertrophy_shares", settings.hypertrophy_shares, "two shares from 0 to 1")


def _check_numbers(settings: SyntheticSettings) -> None:
    lowest = {
        "development_studies": 0,
        "external_studies": 0,
        "view_studies": 0,
        "frames": 2,
        "view_frames": 2,
        "view_study_views": 1,
        "difficulty": 0,
        "jpeg_quality": 1,
    }
    for field, low in lowest.items():
        if getattr(settings, field) < low:
            _refuse(field, getattr(settings, field), f"at least {low}")
    if settings.jpeg_quality > 100:
        _refuse("jpeg_quality", settings.jpeg_quality, "at most 100")
    for field in ("development_years", "external_years", "plax_videos", "other_videos"):
        low, high = getattr(settings, field)
        if low > high or low < 0:
            _refuse(field, (low, high), "(low, high) with 0 <= low <= high")
    if settings.plax_videos[0] < 1:
        _refuse("plax_videos", settings.plax_videos, "at least 1 (without_plax makes studies that have none)")
    if not settings.frame_rates or min(settings.frame_rates) <= 0:
        _refuse("frame_rates", settings.frame_rates, "at least one rate above 0")
    if not settings.screens or min(min(screen) for screen in settings.screens) < 160:
        _refuse("screens", settings.screens, "at least one (height, width), each 160 or more")
