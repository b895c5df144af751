"""Where the training videos lie, and how a new video differs from all of them."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

MEASURED = {
    "fps": ("frame rate", "frames/s"),
    "height": ("height", "px"),
    "width": ("width", "px"),
    "kept_fraction": ("share of the frame inside the sector", ""),
    "hull_fraction": ("share of the frame inside the hull", ""),
}
"""Column to its words and unit."""

TOLERANCE = 1e-6  # relative: rates such as 29.97 are computed in more than one way


def training_ranges(videos: pd.DataFrame) -> dict[str, Any]:
    """Lowest and highest value of each measured column, and the vendors, of the training videos.

    Parameters
    ----------
    videos
        The columns of MEASURED and manufacturer; missing values allowed.

    Returns
    -------
    Column to [lowest, highest], or None where no video has a value; "manufacturers" to their sorted names.
    """
    found: dict[str, Any] = {}
    for name in MEASURED:
        values = videos[name].dropna().astype(float)
        found[name] = [float(values.min()), float(values.max())] if len(values) else None
    found["manufacturers"] = sorted(videos["manufacturer"].dropna().unique())
    return found


def differences(
    video: Mapping[str, Any], training: Mapping[str, Any], distance: float | None = None
) -> list[str]:
    """How one video lies outside the training range; empty where it lies inside.

    Parameters
    ----------
    video
        The columns of MEASURED and manufacturer; missing values are not compared.
    training
        Entry ``training`` of ``bundle.json``.
    distance
        Of its representation from those of the training videos; None where it is not known.
    """
    found = []
    for name, (words, unit) in MEASURED.items():
        limits, value = training[name], video[name]
        if limits is None or pd.isna(value):
            continue
        low, high = limits
        if not low * (1 - TOLERANCE) <= float(value) <= high * (1 + TOLERANCE):
            text = f"{words} {float(value):.4g} outside {low:.4g} to {high:.4g}"
            found.append(f"{text} {unit}".strip())
    vendor, known = video["manufacturer"], training["manufacturers"]
    if known and not pd.isna(vendor) and vendor not in known:
        found.append(f"vendor {vendor} not among {', '.join(known)}")
    limit = training["embedding_limit"]
    if distance is not None and limit is not None and distance > limit:
        found.append(f"representation farther than {limit:.3g} from the training videos")
    return found


def warnings_of(videos: pd.DataFrame, training: Mapping[str, Any], distances: Mapping[str, float]) -> str:
    """The differences of a study's videos as one text, each with its number of videos; "" for none."""
    counts: dict[str, int] = {}
    for video in videos.to_dict("records"):
        for text in differences(video, training, distances.get(video["video_id"])):
            counts[text] = counts.get(text, 0) + 1
    return "; ".join(f"{text} ({count} of {len(videos)} videos)" for text, count in counts.items())
