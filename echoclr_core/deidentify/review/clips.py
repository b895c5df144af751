"""The videos that a person should look at: why, and what they look like."""

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from echoclr_core.common.digest import file_digest
from echoclr_core.common.isolation import Job, run_isolated
from echoclr_core.common.tables import Column, Table
from echoclr_core.deidentify.identifiers.pseudonyms import RESTRICTED_CATALOGUE
from echoclr_core.deidentify.review.decided_video import shown_sector
from echoclr_core.deidentify.review.decisions import mask_digest
from echoclr_core.deidentify.review.drawn_shape import outline
from echoclr_core.deidentify.sector.boundary import SAMPLED_FRAMES, fitted_sector
from echoclr_core.deidentify.settings import DeidentifySettings
from echoclr_core.deidentify.tables import AUDIT, SOURCE_FILES
from echoclr_core.dicom.cine import Cine
from echoclr_core.dicom.outcomes import UnusableFile
from echoclr_core.dicom.reading import read_cine

REVIEW_ONE = f"{__name__}:review_clip"
LEFT_OUT = {
    "burned_in_text": "left out: text was found inside the sector",
    "no_sector": "left out: no convincing sector was found",
    "rejected": "left out: a person rejected it",
    "stale_decision": "left out: it has changed since a person decided on it",
}
"""Outcome of a quarantined video to the reason that the page shows."""
WEAK_ACTIVE_FRACTION, WEAK_COVERAGE = 0.35, 0.95
"""A fit below either is doubtful; below 0.25 or 0.9 the video is left out."""
PICTURE_WIDTH = 640  # px; wider pictures are made smaller
JPEG_QUALITY = 80

REVIEW_CLIPS = Table(
    "clips to review",
    {
        "video_id": Column(kind="str", description="pseudonym of the file"),
        "study_id": Column(kind="str", description="pseudonym of the study"),
        "outcome": Column(kind="str", description="what became of the file"),
        "reason": Column(kind="str", description="why a person should look at it"),
        "width": Column(kind="int", description="columns, pixels; 0 if it cannot be decoded", low=0),
        "height": Column(kind="int", description="rows, pixels; 0 if it cannot be decoded", low=0),
        "content": Column(kind="str", description="SHA-256 of the source file; empty if it cannot be read"),
        "mask": Column(kind="str", description="SHA-256 of the fitted sector; empty if none can be fitted"),
        "outline": Column(kind="str", description="polygons of the fitted sector, px, as JSON"),
        "picture": Column(kind="str", description="brightest value of each pixel over time, JPEG as Base64"),
    },
    key=("video_id",),
)


def reasons_to_review(files: pd.DataFrame, audit: pd.DataFrame) -> dict[str, str]:
    """Quarantined and doubtful videos, each with its reasons in words.

    Quarantined are those with text inside the sector, without a convincing sector, rejected, or with a stale
    decision. Doubtful is a written video in which the audit found text, whose sector fits weakly, of a screen
    with several ultrasound windows, or on which a person decided before.

    Parameters
    ----------
    files
        SOURCE_FILES.
    audit
        AUDIT of the same shard.
    """
    files, audit = SOURCE_FILES.check(files), AUDIT.check(audit)
    with_text = set(audit.loc[audit["outcome"] == "text", "video_id"])
    found = {}
    for row in files.to_dict("records"):
        if row["outcome"] in LEFT_OUT:
            found[row["video_id"]] = LEFT_OUT[row["outcome"]]
        elif row["outcome"] == "ok" and (doubts := _doubts(row, row["video_id"] in with_text)):
            found[row["video_id"]] = f"written, but {'; '.join(doubts)}"
    return found


def _doubts(row: Mapping[str, Any], text: bool) -> list[str]:
    """What speaks for a look at a written video."""
    active, coverage = (_number(row[name]) for name in ("active_fraction", "coverage"))
    weak = (active is not None and active < WEAK_ACTIVE_FRACTION) or (
        coverage is not None and coverage < WEAK_COVERAGE
    )
    windows = _number(row["windows"]) or 1
    doubts = {
        "the audit found text": text,
        f"the sector fits weakly ({active or 0:.0%} active, {coverage or 0:.0%} covered)": weak,
        f"the screen has {windows:.0f} windows, of which one was kept": windows > 1,
        f"a person decided before: {row['decision']}": not pd.isna(row["decision"]),
    }
    return [words for words, doubtful in doubts.items() if doubtful]


def _number(value: Any) -> float | None:
    return None if pd.isna(value) else float(value)


def review_shard(
    rows: pd.DataFrame,
    files: pd.DataFrame,
    audit: pd.DataFrame,
    root: str | Path,
    *,
    settings: DeidentifySettings,
    workers: int = 1,
) -> pd.DataFrame:
    """REVIEW_CLIPS of a shard, sorted by video_id. The pictures show names: keep the table restricted.

    Parameters
    ----------
    rows
        RESTRICTED_CATALOGUE of the shard.
    files, audit
        SOURCE_FILES and AUDIT of the shard.
    root
        The folder that the rows' paths are relative to.
    settings
        Those with which the videos were written.
    workers
        Processes.
    """
    reasons = reasons_to_review(files, audit)
    chosen = RESTRICTED_CATALOGUE.check(rows).set_index("video_id").loc[list(reasons)]
    jobs = [
        Job(video_id, (str(Path(root) / row["path"]), settings), settings.time_limit(row["bytes"]))
        for video_id, row in chosen.iterrows()
    ]
    outcomes = files.set_index("video_id")["outcome"]
    clips = []
    runs = run_isolated(REVIEW_ONE, jobs, workers=workers, memory_megabytes=settings.memory_megabytes)
    for video_id, state, value in runs:
        found = dict(value) if state == "done" else _unseen("")
        why = found.pop("why", "")
        clips.append(
            {
                "video_id": video_id,
                "study_id": chosen.loc[video_id, "study_id"],
                "outcome": outcomes[video_id],
                "reason": "; ".join(filter(None, [reasons[video_id], why])),
                **found,
            }
        )
    table = pd.DataFrame(clips, columns=list(REVIEW_CLIPS.columns))
    return REVIEW_CLIPS.check(table.sort_values("video_id", ignore_index=True))


def review_clip(path: str | Path, settings: DeidentifySettings) -> dict[str, Any]:
    """The columns of REVIEW_CLIPS that follow from one source file, and "why", words about its sector."""
    content = ""
    try:
        content = file_digest(path)
        cine = read_cine(
            path, min_frames=settings.min_frames, default_fps=settings.default_fps, study_key=None
        )
        brightest = brightest_picture(cine)
        sample = cine.sample(SAMPLED_FRAMES)
    except (UnusableFile, FileNotFoundError):
        return _unseen(content)
    found = {"content": content, "width": cine.width, "height": cine.height, "picture": _jpeg(brightest)}
    return found | _sector(cine, sample, settings)


def _sector(cine: Cine, sample: NDArray[np.uint8], settings: DeidentifySettings) -> dict[str, str]:
    try:
        mask = shown_sector(cine, sample, settings)
        rejection = fitted_sector(cine, frames=sample).rejection if settings.boundary == "sector" else ""
    except UnusableFile as error:
        return {"mask": "", "outline": "[]", "why": error.why}
    return {"mask": mask_digest(mask), "outline": json.dumps(outline(mask)), "why": rejection}


def brightest_picture(cine: Cine) -> NDArray[np.uint8]:
    """(H, W) uint8, the brightest value of each pixel in any frame, before anything is masked."""
    brightest = np.zeros((cine.height, cine.width), np.uint8)
    for frame in cine.frames():
        np.maximum(brightest, frame, out=brightest)
    return brightest


def _unseen(content: str) -> dict[str, Any]:
    why = "it cannot be shown"
    empty = {"width": 0, "height": 0, "mask": "", "outline": "[]", "picture": ""}
    return {"content": content, "why": why, **empty}


def _jpeg(picture: NDArray[np.uint8]) -> str:
    """Base64 of a JPEG of (H, W) uint8, at most PICTURE_WIDTH wide."""
    height, width = picture.shape
    if width > PICTURE_WIDTH:
        size = (PICTURE_WIDTH, max(1, round(height * PICTURE_WIDTH / width)))
        picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    done, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    assert done
    return base64.b64encode(data).decode()
