"""Build a shard of the clip store from its masked videos."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from echoclr_core.common.avi_reading import iter_avi
from echoclr_core.common.digest import file_digest
from echoclr_core.common.files import atomic_path
from echoclr_core.video.tables import CLIP_INDEX


def build_store(
    masked: pd.DataFrame,
    avi_dir: str | Path,
    frames_path: str | Path,
    index_path: str | Path,
    *,
    size: int = 112,
) -> None:
    """Decode a shard's masked videos into one array and its index.

    Equal videos give equal bytes. Both files are atomic, the index is the last one written.

    Parameters
    ----------
    masked
        The shard's MASKED_VIDEOS; only rows whose outcome is "ok" are taken, by study, then video.
    avi_dir
        Where <video_id>.avi are.
    frames_path, index_path
        What is written: ``.npy`` (N, H, W) uint8 and CLIP_INDEX.
    size
        Height and width of the frames, pixels (what an array without videos has too).

    Raises
    ------
    ValueError
        A video does not decode, is not the file that was masked, or has other frames than its row says.
    """
    rows = masked[masked["outcome"] == "ok"].sort_values(["study_id", "video_id"], kind="stable")
    total = int(rows["n_frames"].sum())
    index, first = [], 0
    with atomic_path(frames_path) as temporary, temporary.open("wb") as file:
        header = {"descr": "|u1", "fortran_order": False, "shape": (total, size, size)}
        np.lib.format.write_array_header_1_0(file, header)
        for row in rows.itertuples(index=False):
            checksum = hashlib.sha256()
            for frame in _frames_of(row, Path(avi_dir), size):
                file.write(frame.data)
                checksum.update(frame.data)
            index.append((row.video_id, row.study_id, first, row.n_frames, row.fps, checksum.hexdigest()))
            first += int(row.n_frames)
    CLIP_INDEX.write(pd.DataFrame(index, columns=list(CLIP_INDEX.columns)), index_path)


def _frames_of(row, avi_dir: Path, size: int) -> Iterator[np.ndarray]:
    """The frames of a row's video; raises unless the file is the one that was masked and whole."""
    path = avi_dir / f"{row.video_id}.avi"
    if not path.is_file():
        raise ValueError(f"{path.name}: the masked video is not there")
    if file_digest(path) != row.sha256:
        raise ValueError(f"{path.name}: the file has changed since it was masked (SHA-256 differs)")
    count = 0
    for frame in iter_avi(path):
        if frame.shape != (size, size):
            raise ValueError(f"{path.name}: frames are {frame.shape}; the store holds ({size}, {size})")
        count += 1
        yield frame
    if count != row.n_frames:
        raise ValueError(f"{path.name}: {count} frames decode, its row says {row.n_frames}")
