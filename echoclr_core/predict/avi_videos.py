"""AVI files that come without a study, as masked videos in a clip store."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from echoclr_core.common.avi_reading import avi_info, read_avi
from echoclr_core.common.digest import file_digest
from echoclr_core.options.clip import ClipOptions
from echoclr_core.options.mask import MaskOptions
from echoclr_core.video.mask import mask_shard
from echoclr_core.video.store import ClipStore
from echoclr_core.video.store_building import build_store
from echoclr_core.video.tables import MASKED_VIDEOS

MASKED = "masked"


def mask_avis(
    paths: Sequence[Path], work: Path, *, size: tuple[int, int], settings: MaskOptions, workers: int = 1
) -> pd.DataFrame:
    """Mask videos, but those whose frames have ``size`` (height, width): these are masked already.

    Parameters
    ----------
    paths
        AVI files of different names.
    work
        An empty folder; the masked videos are in its folder "masked" afterwards.
    settings, workers
        See :func:`echoclr_core.video.mask.mask_shard`.

    Returns
    -------
    MASKED_VIDEOS, one row a file in the order of ``paths``; ``video_id`` is the name without suffix.

    Raises
    ------
    ValueError
        Two files have one name, or a file is not there.
    """
    names = [path.stem for path in paths]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"videos: {twice[:3]} are named more than once; allowed are different names")
    if absent := [path.name for path in paths if not path.is_file()]:
        raise ValueError(f"videos: {len(absent)} of {len(paths)} files are not there: {absent[:3]}")
    ready = {path.stem: path for path in paths if _size_of(path) == size}
    (work / "source").mkdir()
    for path in paths:
        (work / "source" / f"{path.stem}.avi").symlink_to(path.resolve())
    others = pd.DataFrame({"video_id": [name for name in names if name not in ready], "study_id": ""})
    table = mask_shard(others, work / "source", work / MASKED, settings=settings, workers=workers)
    rows = [*table.to_dict("records"), *(_masked_row(path, work / MASKED) for path in ready.values())]
    frame = MASKED_VIDEOS.check(pd.DataFrame(rows, columns=list(MASKED_VIDEOS.columns)))
    return frame.set_index("video_id").loc[names].reset_index()


def store_of(masked: pd.DataFrame, work: Path, clip: ClipOptions) -> ClipStore:
    """The clip store of :func:`mask_avis`' videos, in the same folder."""
    sizes = [avi_info(path) for path in sorted((work / MASKED).glob("*.avi"))[:1]]
    frames, index = work / "clips.npy", work / "clips.parquet"
    size = sizes[0].height if sizes else 1
    build_store(masked, work / MASKED, frames, index, size=size, settings=clip)
    return ClipStore.open([index], [frames])


def _size_of(path: Path) -> tuple[int, int] | None:
    """Height and width; None for a file that is no video."""
    try:
        info = avi_info(path)
    except (OSError, ValueError):
        return None
    return info.height, info.width


def _masked_row(path: Path, folder: Path) -> dict[str, Any]:
    """The row of a video that is masked already, which is copied into ``folder`` by a link."""
    (folder / f"{path.stem}.avi").symlink_to(path.resolve())
    row: dict[str, Any] = {"video_id": path.stem, "study_id": ""}
    try:
        frames, fps = read_avi(path)
    except ValueError:
        return row | {"outcome": "unreadable"}
    facts = {"n_frames": len(frames), "fps": fps, "height": frames.shape[1], "width": frames.shape[2]}
    return row | facts | {"outcome": "ok", "hull_fraction": None, "sha256": file_digest(path)}
