"""Videos that come without DICOM (AVI, MP4), brought to the form of deidentified ones."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from echoclr_core.common.avi_reading import avi_info, iter_avi
from echoclr_core.common.avi_writing import write_avi
from echoclr_core.common.digest import file_digest
from echoclr_core.common.mask_files import write_mask
from echoclr_core.deidentify.settings import DeidentifySettings
from echoclr_core.deidentify.video_record import VideoRecord, run_stages
from echoclr_core.dicom.outcomes import UnusableFile

T = TypeVar("T")
SUFFIXES = (".avi", ".mp4", ".m4v", ".mov", ".mkv")
IMPORT_ONE = f"{__name__}:import_video"
"""The name by which :func:`~echoclr_core.deidentify.source_shard.write_source_shard` calls it."""


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
    return run_stages(_stages(Path(path), Path(target), settings), path, target)


def _stages(path: Path, target: Path, settings: DeidentifySettings) -> Iterator[VideoRecord]:
    """The record after each stage: container, written video."""
    info = _as_corrupt(lambda: avi_info(path))
    record = VideoRecord(
        fps=info.fps,
        fps_source="file",
        height=info.height,
        width=info.width,
        frames_declared=info.frames_declared or None,
    )
    yield record
    if settings.min_fps is not None and info.fps < settings.min_fps:
        raise UnusableFile(
            "fps_below_limit", f"at least {settings.min_fps} frames/s are needed", value=info.fps
        )
    lit: list[bool] = []
    frames = itertools.islice(_noting(iter_avi(path), lit), settings.max_frames)
    count = _as_corrupt(lambda: write_avi(target, frames, info.fps, settings.codec, settings.quality))
    if count < settings.min_frames:
        outcome = "single_frame" if count == 1 else "too_short"
        raise UnusableFile(outcome, f"at least {settings.min_frames} frames are needed", value=count)
    if not any(lit):
        raise UnusableFile("blank", "no pixel is lit")
    write_mask(np.ones((info.height, info.width), bool), target)
    yield replace(
        record,
        n_frames=count,
        kept_fraction=1.0,
        sha256=file_digest(target),
        bytes=target.stat().st_size,
    )


def _as_corrupt(read: Callable[[], T]) -> T:
    """What ``read`` returns; its ValueError, which names the file alone, as UnusableFile "corrupt"."""
    try:
        return read()
    except ValueError as error:
        raise UnusableFile("corrupt", str(error)) from error


def _noting(frames, lit: list[bool]):
    """The frames as they come; ``lit`` gets whether each has a pixel above 0."""
    for frame in frames:
        lit.append(bool(frame.any()))
        yield frame
