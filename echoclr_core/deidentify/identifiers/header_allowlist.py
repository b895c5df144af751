"""Header values that may leave the restricted folder, by allow-list.

Manufacturer and model are free text: sites have typed names of rooms and people there. Only words of this
list come out; everything else is "other".
"""

import re

VENDORS = {
    "philips": ("philips",),
    "hewlett-packard": ("hewlett", "agilent"),
    "atl": ("atl", "advanced technology laboratories"),
    "ge": ("ge", "general electric", "g.e.", "gems", "vingmed", "kretz"),
    "siemens": ("siemens",),
    "acuson": ("acuson",),
    "toshiba": ("toshiba",),
    "canon": ("canon",),
    "hitachi": ("hitachi",),
    "aloka": ("aloka",),
    "fujifilm": ("fujifilm", "fuji"),
    "sonosite": ("sonosite",),
    "esaote": ("esaote",),
    "samsung": ("samsung", "medison"),
    "mindray": ("mindray", "zonare"),
    "terason": ("terason", "teratech"),
    "butterfly": ("butterfly",),
    "clarius": ("clarius",),
    "sonoscape": ("sonoscape",),
    "supersonic": ("supersonic",),
    "bk": ("bk medical", "b-k medical"),
    "synthetic": ("echoclr synthetic",),
}
MODELS = (
    *(
        "acuson",
        "affiniti",
        "alpinion",
        "aplio",
        "artida",
        "butterfly",
        "cx50",
        "cypress",
        "envisor",
        "epiq",
        "hdi",
    ),
    *(
        "ie33",
        "logiq",
        "lumify",
        "mylab",
        "sc2000",
        "sequoia",
        "sonos",
        "sparq",
        "turbo",
        "vivid",
        "vivid e9",
    ),
    *(
        "vivid e95",
        "vivid i",
        "vivid iq",
        "vivid q",
        "vivid s5",
        "vivid s6",
        "vivid s60",
        "vivid s70",
        "voluson",
    ),
    *("x300", "x500", "xario"),
)
FRAME_RATE_SOURCES = (
    *("FrameTimeVector", "FrameTime", "CineRate", "RecommendedDisplayFrameRate"),
    *("TemporalPositionTimeOffset", "FrameReferenceDateTime", "FrameAcquisitionDateTime"),
    *("ActualFrameDuration", "FrameAcquisitionDuration"),
    *("file", "default", "missing"),
)
"""DICOM keywords; "file" for videos without DICOM; "default" for the configured rate."""
WINDOW_PLACES = (
    *("left", "right", "upper", "lower", "upper left", "upper right", "lower left", "lower right"),
    *("middle", "all"),
)
"""Where the kept one of several windows lies; see ``windows.find_windows``."""
PHOTOMETRIC = (
    "MONOCHROME1",
    "MONOCHROME2",
    "PALETTE COLOR",
    "RGB",
    "YBR_FULL",
    "YBR_FULL_422",
    "YBR_PARTIAL_420",
    "YBR_PARTIAL_422",
    "YBR_ICT",
    "YBR_RCT",
    "XYB",
)
OTHER = "other"


FIXED_WORDS = {
    "manufacturer": (*VENDORS, OTHER),
    "model": (*MODELS, OTHER),
    "photometric": (*PHOTOMETRIC, OTHER),
    "fps_source": FRAME_RATE_SOURCES,
    "window_kept": WINDOW_PLACES,
}
"""Column of SOURCE_FILES to every word that it may hold."""


def vendor(text: str | None) -> str | None:
    """The known vendor that a manufacturer's name holds as a word; "other" if none, None if it is empty."""
    if text is None or not text.strip():
        return None
    found = [word for word, spellings in VENDORS.items() if any(_has(text, one) for one in spellings)]
    return found[0] if found else OTHER


def model(text: str | None) -> str | None:
    """The longest known model's name that the text holds as a word; "other" if none, None if it is empty."""
    if text is None or not text.strip():
        return None
    return max((word for word in MODELS if _has(text, word)), key=len, default=OTHER)


def _has(text: str, word: str) -> bool:
    text = text.lower()
    return word in text and re.search(rf"(?<![a-z0-9]){re.escape(word)}(?![a-z0-9])", text) is not None


def photometric(text: str | None) -> str | None:
    """A defined PhotometricInterpretation, "other", or None if it is empty."""
    if text is None or not text.strip():
        return None
    return text.strip() if text.strip() in PHOTOMETRIC else OTHER


def transfer_syntax(text: str | None) -> str | None:
    """A transfer syntax UID of the DICOM standard, "other", or None if it is empty."""
    if text is None or not text.strip():
        return None
    from pydicom.uid import UID_dictionary

    known = UID_dictionary.get(text.strip())
    return text.strip() if known is not None and known[1] == "Transfer Syntax" else OTHER
