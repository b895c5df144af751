"""Videos that come without DICOM (AVI, MP4), brought to the form of deidentified ones."""

import itertools
from pathlib import Path
from typing import Any

import numpy as np

from echoclr_core.common.avi_reading import avi_info, iter_avi
from echoclr_core.common.avi_writing import write_avi
from echoclr_core.common.digest import file_digest
from echoclr_core.common.mask_files import write_mask
from echoclr_core.deidentify.settings import DeidentifySettings

SUFFIXES = (".avi", ".mp4", ".m4v", ".mov", ".mkv")
IMPORT_ONE = f"{__name__}:import_video"
"""The name by which :func:`echoclr_core.deidentify.deidentify_shard` calls :func:`import_video`."""


def import_video(path: str | Path, target: str | Path, settings: DeidentifySettings) -> dict[str, Any]:
    """Write one video anew as a grey AVI: its pixels and its frame rate, nothing else of the file.

    The whole frame is kept, for such videos come deidentified; the mask beside the file says so. Written anew
    rather than linked: containers carry texts and dates, and every file is decoded once to its end.

    Parameters
    ----------
    path
        A video; see :func:`echoclr_core.common.avi_reading.read_avi`.
    target
        The AVI file to write; whole or not there.
    settings
        codec, quality, min_frames, min_fps and max_frames count; the others belong to DICOM.

    Returns
    -------
    dict
        As :func:`echoclr_core.deidentify.deidentify_video`: outcome "ok", "corrupt", "fps_below_limit",
        "single_frame", "too_short" or "blank".
    """
    target, row = Path(target), {}
    try:
        info = avi_info(path)
        row |= {"fps": info.fps, "fps_source": "file", "height": info.height, "width": info.width}
        row["frames_declared"] = info.frames_declared or None
        if settings.min_fps is not None and info.fps < settings.min_fps:
            return _left_out(row, target, "fps_below_limit")
        lit: list[bool] = []
        frames = itertools.islice(_noting(iter_avi(path), lit), settings.max_frames)
        row["n_frames"] = write_avi(target, frames, info.fps, settings.codec, settings.quality)
    except ValueError as error:
        return _left_out(row, target, "corrupt", str(error))
    if len(lit) < settings.min_frames:
        return _left_out(row, target, "single_frame" if len(lit) == 1 else "too_short")
    if not any(lit):
        return _left_out(row, target, "blank")
    write_mask(np.ones((info.height, info.width), bool), target)
    row |= {"sha256": file_digest(target), "bytes": target.stat().st_size}
    return row | {"outcome": "ok", "kept_fraction": 1.0}


def _noting(frames, lit: list[bool]):
    """The frames as they come; ``lit`` gets whether each has a pixel above 0."""
    for frame in frames:
        lit.append(bool(frame.any()))
        yield frame


def _left_out(row: dict[str, Any], target: Path, outcome: str, detail: str = "") -> dict[str, Any]:
    target.unlink(missing_ok=True)
    row.pop("n_frames", None)
    return row | {"outcome": outcome, "detail": detail or outcome}
