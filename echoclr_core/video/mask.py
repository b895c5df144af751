"""Hull-masked videos in the network's size: one file, a whole shard, and a look at them."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from echoclr_core.common.avi_reading import avi_info, iter_avi, read_avi
from echoclr_core.common.avi_writing import CODECS, write_avi
from echoclr_core.common.digest import file_digest
from echoclr_core.common.files import atomic_path
from echoclr_core.video.hull import check_binarise, fit_frames, hull_of
from echoclr_core.video.parallel import map_files
from echoclr_core.video.tables import MASKED_VIDEOS

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class MaskSettings:
    """How a video is masked, resized and written.

    Parameters
    ----------
    size
        Height and width of the written frames, pixels.
    threshold
        A pixel counts as bright above this grey level, 0 to 254.
    binarise
        "nonzero" (every non-zero pixel to 255 before the threshold) or "literal" (raw intensities).
    keep_aspect
        Pad to a square with zeros before resizing; otherwise height and width are scaled apart.
    codec, quality
        As in :func:`echoclr_core.common.avi_writing.write_avi`.
    """

    size: int = 112
    threshold: int = 200
    binarise: str = "nonzero"
    keep_aspect: bool = False
    codec: str = "ffv1"
    quality: int = 95

    def __post_init__(self):
        if int(self.size) != self.size or self.size < 1:
            raise ValueError(f"size is {self.size!r}; allowed is a whole number of pixels, at least 1")
        if self.codec not in CODECS:
            raise ValueError(f"codec is {self.codec!r}; allowed are {list(CODECS)}")
        if not 1 <= self.quality <= 100:
            raise ValueError(f"quality is {self.quality!r}; allowed is 1 to 100")
        check_binarise(self.threshold, self.binarise)


def mask_video(source: str | Path, target: str | Path, settings: MaskSettings) -> dict:
    """Mask, resize and write one video; it is read back and compared before ``target`` is there.

    The hull is known only after the last frame. Frames are therefore resized as they come, one in memory at a
    time; where a pixel beyond the hull was ever lit, the source is decoded again and masked before resizing.

    Parameters
    ----------
    source
        A deidentified video, any codec.
    target
        The AVI to write. An older one is removed if nothing is written.
    settings
        See :class:`MaskSettings`.

    Returns
    -------
    dict
        outcome ("ok" or "blank"), n_frames, fps, height, width, hull_fraction, sha256 (None if blank).

    Raises
    ------
    ValueError
        ``source`` does not decode.
    OSError
        What was written does not read back as it should: the disk is at fault, not the video.
    """
    target = Path(target)
    target.unlink(missing_ok=True)
    brightest, small = _brightest_and_small(iter_avi(source), settings)
    hull = hull_of(brightest, settings.threshold, settings.binarise)
    fps = avi_info(source).fps
    row = {
        "outcome": "blank",
        "n_frames": len(small),
        "fps": fps,
        "height": brightest.shape[0],
        "width": brightest.shape[1],
        "hull_fraction": float(hull.mean()),
        "sha256": None,
    }
    if not hull.any():
        return row
    if brightest[~hull].any():
        keep = np.where(hull, np.uint8(255), np.uint8(0))
        inside = (cv2.bitwise_and(frame, keep) for frame in iter_avi(source))
        small = np.stack([fit_frames(frame, settings.size, settings.keep_aspect) for frame in inside])
    if not small.any():  # a few dim pixels vanish in the area mean
        return row
    with atomic_path(target) as temporary:
        write_avi(temporary, small, fps, settings.codec, settings.quality)
        _compare(temporary, small, fps, settings, target.name)
        row["sha256"] = file_digest(temporary)
    return row | {"outcome": "ok"}


def _brightest_and_small(
    frames: Iterable[np.ndarray], settings: MaskSettings
) -> tuple[np.ndarray, np.ndarray]:
    """Temporal maximum (H, W), and every frame resized, (T, size, size)."""
    brightest, small = None, []
    for frame in frames:
        brightest = frame.copy() if brightest is None else cv2.max(brightest, frame, dst=brightest)
        small.append(fit_frames(frame, settings.size, settings.keep_aspect))
    assert brightest is not None  # iter_avi raises where there is no frame
    return brightest, np.stack(small)


def _compare(path: Path, small: np.ndarray, fps: float, settings: MaskSettings, name: str) -> None:
    """Raise OSError unless the file holds exactly these frames (as their JPEGs decode, for MJPEG)."""
    found, found_fps = read_avi(path)
    expected, slack = small, 0
    if settings.codec == "mjpeg":
        flags = [cv2.IMWRITE_JPEG_QUALITY, settings.quality]
        jpegs = [cv2.imencode(".jpg", frame, flags)[1] for frame in small]
        expected = np.stack([cv2.imdecode(jpeg, cv2.IMREAD_GRAYSCALE) for jpeg in jpegs])
        slack = 2  # two correct JPEG decoders differ by their rounding
    same = found.shape == expected.shape and int(cv2.absdiff(found, expected).max()) <= slack
    if not same or abs(found_fps - fps) > 1e-3 * fps:
        raise OSError(f"{name}: does not read back as it was written; is the disk sound and not full?")


def mask_shard(
    videos: pd.DataFrame,
    source_dir: str | Path,
    target_dir: str | Path,
    *,
    settings: MaskSettings,
    workers: int = 1,
) -> pd.DataFrame:
    """Mask a shard's videos, several at a time; one bad file is a row, not the end of the shard.

    Each file is atomic and what an interrupted run left is replaced, so that a second run ends like a
    first one. The result does not depend on ``workers``.

    Parameters
    ----------
    videos
        Columns video_id and study_id (others are not looked at), in any order; may have no rows.
    source_dir, target_dir
        <video_id>.avi in both; ``target_dir`` is made.
    settings
        See :class:`MaskSettings`.
    workers
        Processes; 1 works in this process, where a crash of the decoder ends the shard.

    Returns
    -------
    DataFrame
        MASKED_VIDEOS, in the order of ``videos``.
    """
    source_dir, target_dir = Path(source_dir), Path(target_dir)
    target_dir.mkdir(parents=True, exist_ok=True)
    for left_over in target_dir.glob(".*.tmp.avi"):
        left_over.unlink()
    names = [f"{video_id}.avi" for video_id in videos["video_id"]]
    jobs = [(source_dir / name, target_dir / name, settings) for name in names]
    rows = map_files(_mask_one, jobs, workers=workers, crashed={"outcome": "unreadable"})
    frame = pd.DataFrame(rows, columns=list(MASKED_VIDEOS.columns))
    frame["video_id"], frame["study_id"] = list(videos["video_id"]), list(videos["study_id"])
    return MASKED_VIDEOS.check(frame)


def _mask_one(job: tuple[Path, Path, MaskSettings]) -> dict:
    source, target, settings = job
    try:
        return mask_video(source, target, settings)
    except ValueError as error:
        log.warning("unreadable: %s", error)
        return {"outcome": "unreadable"}


def mask_preview(
    masked: pd.DataFrame,
    source_dir: str | Path,
    target_dir: str | Path,
    *,
    videos: int = 12,
    keep_aspect: bool = False,
) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Middle frames before and after masking, for a montage.

    Parameters
    ----------
    masked
        MASKED_VIDEOS of a shard (or of several whose files lie in the same folders).
    source_dir, target_dir
        The folders that :func:`mask_shard` read and wrote.
    videos
        At most this many, evenly spaced over the rows whose outcome is "ok".
    keep_aspect
        As the videos were masked, so that both frames have the same shape.

    Returns
    -------
    video_ids : list of str
    before, after : (n, size, size) uint8 ndarray
        In the size of the written frames. (0, 1, 1) where no row is "ok".
    """
    good = masked[masked["outcome"] == "ok"]
    places = np.unique(np.linspace(0, len(good) - 1, min(videos, len(good))).round().astype(int))
    chosen = good.iloc[places]
    before, after = [], []
    for video_id, n_frames in chosen[["video_id", "n_frames"]].itertuples(index=False):
        middle = int(n_frames) // 2
        shown = next(islice(iter_avi(Path(target_dir) / f"{video_id}.avi"), middle, None))
        raw = next(islice(iter_avi(Path(source_dir) / f"{video_id}.avi"), middle, None))
        after.append(shown)
        before.append(fit_frames(raw, len(shown), keep_aspect))
    if not before:
        return [], np.zeros((0, 1, 1), np.uint8), np.zeros((0, 1, 1), np.uint8)
    return list(chosen["video_id"]), np.stack(before), np.stack(after)
