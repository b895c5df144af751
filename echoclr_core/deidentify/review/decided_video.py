"""One source file as a person decided on it."""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from echoclr_core.common.digest import file_digest
from echoclr_core.common.mask_files import mask_path
from echoclr_core.deidentify.review.decisions import Decision, mask_digest
from echoclr_core.deidentify.sector.boundary import SAMPLED_FRAMES, boundary_mask, fitted_sector
from echoclr_core.deidentify.settings import DeidentifySettings
from echoclr_core.deidentify.video_file import deidentify_video, video_stages
from echoclr_core.deidentify.video_record import run_stages
from echoclr_core.dicom.cine import Cine
from echoclr_core.dicom.outcomes import UnusableFile
from echoclr_core.dicom.reading import read_cine
from echoclr_core.dicom.third_party import as_unusable

OVERRULED = ("burned_in_text", "no_sector")
"""Outcomes against which a person can accept a video: those of a search that can be wrong."""


def deidentify_decided(
    path: str | Path, target: str | Path, settings: DeidentifySettings, decision: Decision
) -> dict[str, Any]:
    """Write, or leave out, one DICOM cine loop as a person decided.

    reject: nothing is written, outcome "rejected". correct: everything outside the drawn sector is exactly 0.
    accept: as :func:`deidentify_video` writes it, if the fitted sector is the one that the person saw; where
    that quarantines the video, this sector is kept. Behind a sector that a person decided on no text is
    looked for before the audit.

    Parameters
    ----------
    path, target, settings
        As of :func:`~echoclr_core.deidentify.video_file.deidentify_video`.
    decision
        What was decided. Made on other content (another file, frame size, or for accept another fitted
        sector) it is not followed: nothing is written, outcome "stale_decision".

    Returns
    -------
    dict
        As of :func:`~echoclr_core.deidentify.video_file.deidentify_video`, and "decision": "accepted",
        "rejected", "corrected" or "stale".
    """
    try:
        with as_unusable(path):
            content = file_digest(path)
    except UnusableFile as error:
        return {"outcome": error.outcome, "detail": str(error)}
    if content != decision.content:
        return _stale("the file is another than the person saw")
    if decision.decision == "reject":
        return {"outcome": "rejected", "decision": "rejected"}
    if decision.decision == "correct":
        return _behind(path, target, settings, partial(_drawn, decision), "corrected")
    found = deidentify_video(path, target, settings)
    if found["outcome"] == "ok" and (changed := _changed_sector(path, settings, decision)):
        for written in (Path(target), mask_path(target)):
            written.unlink()
        return _stale(changed)
    if found["outcome"] not in OVERRULED:
        return found | {"decision": "accepted"}
    return _behind(path, target, settings, partial(_fitted, decision, settings), "accepted")


def shown_sector(cine: Cine, sample: NDArray[np.uint8], settings: DeidentifySettings) -> NDArray[np.bool_]:
    """(H, W) bool: the fitted sector that the page shows and "accept" keeps, convincing or not.

    Raises
    ------
    UnusableFile
        None can be fitted.
    """
    if settings.boundary == "rectangle":
        return boundary_mask(cine, "rectangle", frames=sample)
    return fitted_sector(cine, frames=sample).mask


def _changed_sector(path: str | Path, settings: DeidentifySettings, decision: Decision) -> str:
    """Why the fitted sector of a loop that can be written is not that of the decision; "" if it is."""
    cine = read_cine(path, min_frames=settings.min_frames, default_fps=settings.default_fps, study_key=None)
    try:
        _fitted(decision, settings, cine, cine.sample(SAMPLED_FRAMES))
    except UnusableFile as error:
        return error.why
    return ""


def _behind(path, target, settings, decided_mask, word: str) -> dict[str, Any]:
    """The video behind a decided mask; stale where the mask is not that of the decision."""
    stages = video_stages(Path(path), Path(target), settings, decided_mask=decided_mask)
    found = run_stages(stages, path, target)
    if found["outcome"] == "stale_decision":
        return _stale(found["detail"])
    return found | {"decision": word}


def _stale(detail: str) -> dict[str, Any]:
    return {"outcome": "stale_decision", "decision": "stale", "detail": detail}


def _drawn(decision: Decision, cine: Cine, sample: NDArray[np.uint8]) -> NDArray[np.bool_]:
    if (cine.height, cine.width) != (decision.height, decision.width):
        raise UnusableFile("stale_decision", "the frames have another size than the person saw")
    return decision.drawn_mask()


def _fitted(
    decision: Decision, settings: DeidentifySettings, cine: Cine, sample: NDArray[np.uint8]
) -> NDArray[np.bool_]:
    try:
        mask = shown_sector(cine, sample, settings)
    except UnusableFile as error:
        raise UnusableFile("stale_decision", f"no sector can be fitted any more: {error.why}") from error
    if mask_digest(mask) != decision.mask:
        raise UnusableFile("stale_decision", "the fitted sector is another than the person saw")
    return mask
