"""Schemas of the tables of masked videos and of the clip store."""

from pathlib import Path

import pandas as pd
import pyarrow.parquet

from echoclr_core.common.tables import Column, Table

MASKED_VIDEOS = Table(
    "masked videos",
    {
        "video_id": Column(kind="str", description="pseudonym of the video; <video_id>.avi is its file"),
        "study_id": Column(kind="str", description="pseudonym of its study"),
        "outcome": Column(
            kind="str",
            description=(
                "ok: written and read back; blank: nothing to keep, no file; unreadable: no file; "
                "no_calibration: no millimetres a pixel are stated, no file"
            ),
            allowed=("ok", "blank", "unreadable", "no_calibration"),
        ),
        "n_frames": Column(kind="int", description="frames decoded", nullable=True, low=1),
        "fps": Column(kind="float", description="frames per second", nullable=True),
        "height": Column(kind="int", description="height before resizing, pixels", nullable=True, low=1),
        "width": Column(kind="int", description="width before resizing, pixels", nullable=True, low=1),
        "hull_fraction": Column(
            kind="float", description="share of pixels inside the hull", nullable=True, low=0, high=1
        ),
        "mm_per_pixel": Column(
            kind="float",
            description="millimetres a pixel of the written frames; missing where they were fitted",
            nullable=True,
            low=0,
        ),
        "field_left": Column(
            kind="float", description="where their field begins on the full-size frame, px", nullable=True
        ),
        "field_top": Column(kind="float", description="where their field begins, px", nullable=True),
        "field_step_x": Column(
            kind="float", description="pixels of the full-size frame to a written one, across", nullable=True
        ),
        "field_step_y": Column(kind="float", description="likewise, down", nullable=True),
        "sha256": Column(kind="str", description="SHA-256 of the written file", nullable=True),
    },
    key=("video_id",),
)

CLIP_INDEX = Table(
    "clip index",
    {
        "video_id": Column(kind="str", description="pseudonym of the video"),
        "study_id": Column(kind="str", description="pseudonym of its study"),
        "first": Column(kind="int", description="row of its first frame in the shard's array", low=0),
        "n_frames": Column(kind="int", description="its number of frames", low=1),
        "fps": Column(kind="float", description="frames per second"),
        "sha256": Column(kind="str", description="SHA-256 of its frames' bytes in the array"),
    },
    key=("video_id",),
)

RESAMPLED_INDEX = Table(
    "clip index with clip.frame_rate",
    {
        **CLIP_INDEX.columns,
        "source_fps": Column(kind="float", description="frames per second of the masked video", low=0),
    },
    key=("video_id",),
)
"""CLIP_INDEX where clip.frame_rate is set: n_frames and fps are those of the array."""


def read_clip_index(path: str | Path) -> pd.DataFrame:
    """The index of a shard of the clip store, checked: CLIP_INDEX, or RESAMPLED_INDEX with its column.

    Raises
    ------
    TableError
        It is not there or keeps neither schema.
    """
    path = Path(path)
    resampled = path.is_file() and "source_fps" in pyarrow.parquet.read_schema(path).names
    return (RESAMPLED_INDEX if resampled else CLIP_INDEX).read(path)
