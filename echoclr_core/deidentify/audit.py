"""Read a sample of the written videos back and look for what should not be there."""

from collections.abc import Sequence
from functools import reduce
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from echoclr_core.common.avi_reading import iter_avi
from echoclr_core.common.mask_files import read_mask
from echoclr_core.common.randomness import generator
from echoclr_core.deidentify.leaks import identifiers_of, leaks
from echoclr_core.deidentify.reader import legible_readings
from echoclr_core.deidentify.tables import AUDIT, SOURCE_FILES

THUMBNAIL = (120, 160)  # pixels, height and width
LOOKED_AT = 16  # frames a video that the text detector compares
STILL = 6  # grey levels that a still pixel may waver by
STROKE = 60  # grey levels between a stroke and its surroundings, 3 x 3 pixels
BRIGHT = 100  # grey levels; text is drawn bright


def audit_shard(
    table: pd.DataFrame,
    avi_dir: str | Path,
    *,
    sample: int,
    seed: int,
    catalogue: pd.DataFrame | None = None,
) -> tuple[pd.DataFrame, NDArray[np.uint8]]:
    """Check that written videos are black outside their masks, hold no legible text and no identifier.

    The pixels are those of the files as they lie on the disk, decoded anew. Text is read in whole pictures,
    so that what the search for still strokes overlooks is seen here.

    Parameters
    ----------
    table
        SOURCE_FILES of the shard.
    avi_dir
        Its folder of videos and masks.
    sample
        Videos to look at; all if there are fewer. Vendors and colour spaces take turns, so that a rare one
        is seen.
    seed
        Seed of the draw.
    catalogue
        RESTRICTED_CATALOGUE of the shard, whose identifiers are looked for in every byte of the videos and
        masks, in their names and in their rows of ``table``; None looks for none.

    Returns
    -------
    rows : DataFrame
        AUDIT, one row a video looked at. No identifiers, and no word of what was read.
    thumbnails : (n, 120, 160) uint8
        The middle frame of each, in the same order, for a contact sheet.
    """
    chosen = _stratified(SOURCE_FILES.check(table), sample, seed)
    known = {} if catalogue is None else identifiers_of(catalogue)
    rows, thumbnails = [], []
    for written in chosen.to_dict("records"):
        video_id = written["video_id"]
        path = Path(avi_dir) / f"{video_id}.avi"
        row, thumbnail = audit_video(path, identifiers=known.get(video_id, ()), cells=list(written.values()))
        rows.append({"video_id": video_id, "study_id": written["study_id"], **row})
        thumbnails.append(thumbnail)
    frame = AUDIT.check(pd.DataFrame(rows, columns=list(AUDIT.columns)))
    return frame, np.stack(thumbnails) if thumbnails else np.zeros((0, *THUMBNAIL), np.uint8)


def audit_video(
    path: Path, *, identifiers: Sequence[str] = (), cells: Sequence[Any] = ()
) -> tuple[dict[str, Any], NDArray[np.uint8]]:
    """The AUDIT columns of one written video without identity, and its thumbnail (120, 160) uint8.

    ``identifiers`` of the source file must stand nowhere in the video, its mask, or ``cells`` of its row.
    """
    found = leaks(path, identifiers, cells)
    try:
        mask = read_mask(path)
        frames = list(_every(path, mask))
    except ValueError:
        row = {"outcome": "unreadable", "n_frames": 0, "outside_pixels": 0, "outside_energy": None}
        return row | {"leaks": found, "text_lines": 0, "text_share": None}, np.zeros(THUMBNAIL, np.uint8)
    outside, pixels, energy = ~mask, 0, 0.0
    for frame in frames:
        beyond = frame[outside].astype(np.float64)
        pixels += int(np.count_nonzero(beyond))
        energy += float((beyond**2).sum())
    brightest = reduce(np.maximum, frames)  # one after the other: as an array they would stand there twice
    looked = np.stack(
        [frames[i] for i in np.unique(np.linspace(0, len(frames) - 1, LOOKED_AT).round().astype(int))]
    )
    middle = frames[len(frames) // 2]
    lines = legible_lines(looked.min(0), brightest, middle)
    row = {
        "outcome": "lit_outside" if pixels else "leak" if found else "text" if lines else "clean",
        "n_frames": len(frames),
        "outside_pixels": pixels,
        "outside_energy": energy / max(len(frames) * int(outside.sum()), 1),
        "leaks": found,
        "text_lines": lines,
        "text_share": text_share(looked, mask),
    }
    return row, thumbnail(middle)


def legible_lines(*pictures: NDArray[np.uint8]) -> int:
    """Lines of text that OCR reads in the picture (H, W) uint8 in which it reads most.

    The darkest value over time shows what is drawn without what moves; the brightest, what was drawn at any
    time; a single frame is what a person sees.
    """
    return max(len(legible_readings(picture)) for picture in pictures)


def text_share(frames: NDArray[np.uint8], mask: NDArray[np.bool_]) -> float | None:
    """Share of the kept pixels that are still, bright and sharp, as drawn strokes are and tissue seldom is.

    Parameters
    ----------
    frames
        (T, H, W) uint8, spread over the clip.
    mask
        (H, W) bool, what was kept.

    Returns
    -------
    float or None
        0 to 1; None where there is one frame only, since everything stands still in it.
    """
    if len(frames) < 2 or not mask.any():
        return None
    low, high = frames.min(0), frames.max(0)
    # The edge of the mask itself is a still, sharp line.
    within = cv2.erode(mask.astype(np.uint8), np.ones((7, 7), np.uint8), borderValue=0) > 0
    sharp = cv2.morphologyEx(low, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) >= STROKE
    strokes = (high - low <= STILL) & (low >= BRIGHT) & sharp & within
    return float(strokes.sum() / mask.sum())


def thumbnail(frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(120, 160) uint8: the frame (H, W) reduced, its aspect kept, black around it."""
    scale = min(THUMBNAIL[0] / frame.shape[0], THUMBNAIL[1] / frame.shape[1])
    height, width = (max(1, round(size * scale)) for size in frame.shape)
    small = cv2.resize(frame, (width, height), interpolation=cv2.INTER_AREA)
    canvas = np.zeros(THUMBNAIL, np.uint8)
    top, left = (THUMBNAIL[0] - height) // 2, (THUMBNAIL[1] - width) // 2
    canvas[top : top + height, left : left + width] = small
    return canvas


def _every(path: Path, mask: NDArray[np.bool_]):
    for frame in iter_avi(path):
        if frame.shape != mask.shape:
            raise ValueError(f"{path.name}: frames are {frame.shape}, the mask is {mask.shape}")
        yield frame


def _stratified(table: pd.DataFrame, sample: int, seed: int) -> pd.DataFrame:
    """At most ``sample`` written videos: each vendor and colour space in turn, at random within."""
    written = table[table["outcome"] == "ok"].sort_values("video_id", ignore_index=True)
    if sample < 0:
        raise ValueError(f"deidentify.audit_videos is {sample!r}; allowed is 0 or more")
    order = generator(seed, "audit").permutation(len(written))
    shuffled = written.iloc[order]
    strata = [shuffled["manufacturer"].fillna(""), shuffled["photometric"].fillna("")]
    turn = shuffled.groupby(strata, sort=True).cumcount()
    return shuffled.assign(turn=turn).sort_values("turn", kind="stable").head(sample).drop(columns="turn")
