"""Build a shard of the clip store from its masked videos."""

import hashlib
from collections.abc import Collection, Iterator
from itertools import zip_longest
from pathlib import Path

import numpy as np
import pandas as pd

from echoclr_core.common.avi_reading import iter_avi
from echoclr_core.common.digest import file_digest
from echoclr_core.common.files import atomic_path
from echoclr_core.options.clip import ClipOptions
from echoclr_core.video.resampling import known_rates_only, nearest_frames
from echoclr_core.video.tables import CLIP_INDEX, RESAMPLED_INDEX


def build_store(
    masked: pd.DataFrame,
    avi_dir: str | Path,
    frames_path: str | Path,
    index_path: str | Path,
    *,
    size: int = 112,
    settings: ClipOptions | None = None,
    unknown_rates: Collection[str] = (),
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
    settings
        See :class:`~echoclr_core.options.clip.ClipOptions`; None for every frame. With a frame rate the index
        is RESAMPLED_INDEX.
    unknown_rates
        Videos whose frame rate is not known, see :func:`~echoclr_core.video.resampling.unknown_frame_rates`.

    Raises
    ------
    ValueError
        A video does not decode, is not the file that was masked, or has other frames than its row says.
    """
    settings = settings or ClipOptions()
    rows = masked[masked["outcome"] == "ok"].sort_values(["study_id", "video_id"], kind="stable")
    if known_rates_only(settings):
        rows = rows[~rows["video_id"].isin(unknown_rates)]
    chosen = [_chosen_frames(row, settings, unknown_rates) for row in rows.itertuples(index=False)]
    total = sum(map(len, chosen))
    index, first = [], 0
    with atomic_path(frames_path) as temporary, temporary.open("wb") as file:
        header = {"descr": "|u1", "fortran_order": False, "shape": (total, size, size)}
        np.lib.format.write_array_header_1_0(file, header)
        for row, frames in zip(rows.itertuples(index=False), chosen, strict=True):
            checksum = hashlib.sha256()
            repeats = np.bincount(frames, minlength=int(row.n_frames))
            # _frames_of raises at its end where the video has another number of frames than its row says
            for frame, repeat in zip_longest(_frames_of(row, Path(avi_dir), size), repeats, fillvalue=0):
                for _ in range(repeat):
                    file.write(frame.data)
                    checksum.update(frame.data)
            index.append(_index_row(row, first, len(frames), settings, unknown_rates, checksum.hexdigest()))
            first += len(frames)
    table = CLIP_INDEX if settings.frame_rate is None else RESAMPLED_INDEX
    columns = list(RESAMPLED_INDEX.columns)
    table.write(pd.DataFrame(index, columns=columns)[list(table.columns)], index_path)


def _chosen_frames(row, settings: ClipOptions, unknown_rates: Collection[str]) -> np.ndarray:
    """Which frames of a row's video go into the store, not decreasing."""
    if settings.frame_rate is None or row.video_id in unknown_rates:
        return np.arange(int(row.n_frames))
    return nearest_frames(int(row.n_frames), float(row.fps), settings.frame_rate)


def _index_row(
    row, first: int, n_frames: int, settings: ClipOptions, unknown_rates: Collection[str], sha256: str
) -> tuple:
    """The row of RESAMPLED_INDEX of a video."""
    as_filmed = settings.frame_rate is None or row.video_id in unknown_rates
    fps = row.fps if as_filmed else settings.frame_rate
    return (row.video_id, row.study_id, first, n_frames, fps, sha256, row.fps)


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
