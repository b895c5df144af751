"""Read a sample of the written videos back and look for what should not be there."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from echoclr_core.common.avi_reading import avi_info, iter_avi
from echoclr_core.common.digest import check_digest
from echoclr_core.common.mask_files import read_mask
from echoclr_core.common.randomness import generator
from echoclr_core.deidentify.audit.frame_totals import FrameTotals
from echoclr_core.deidentify.audit.residual_text import residual_text
from echoclr_core.deidentify.identifiers.identifier_search import Identifier, find_identifiers, identifiers_of
from echoclr_core.deidentify.tables import AUDIT, SOURCE_FILES

PICTURE = (480, 640)  # pixels, height and width, of what a person looks at: letters stay readable
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
        Videos to look at, besides those that a person decided on; all if there are fewer. Vendors and
        colour spaces take turns, so that a rare one is seen.
    seed
        Seed of the draw.
    catalogue
        RESTRICTED_CATALOGUE of the shard, whose identifiers are looked for in every byte of the videos and
        masks, in their names and in their rows of ``table``; None looks for none.

    Returns
    -------
    rows : DataFrame
        AUDIT, one row a video looked at. No identifiers, and no word of what was read.
    pictures : (n, 480, 640) uint8
        The brightest value over time of each, in the same order, for a contact sheet.
    """
    chosen = _stratified(SOURCE_FILES.check(table), sample, seed)
    known = {} if catalogue is None else identifiers_of(catalogue)
    rows, pictures = [], []
    for written in chosen.to_dict("records"):
        video_id = written["video_id"]
        path = Path(avi_dir) / f"{video_id}.avi"
        row, picture = audit_video(path, identifiers=known.get(video_id, ()), row_values=written)
        rows.append({"video_id": video_id, "study_id": written["study_id"], **row})
        pictures.append(picture)
    frame = AUDIT.check(pd.DataFrame(rows, columns=list(AUDIT.columns)))
    return frame, np.stack(pictures) if pictures else np.zeros((0, *PICTURE), np.uint8)


def audit_video(
    path: Path,
    *,
    identifiers: Sequence[Identifier] = (),
    row_values: Mapping[str, Any] | None = None,
) -> tuple[dict[str, Any], NDArray[np.uint8]]:
    """The AUDIT columns of one written video without identity, and its picture (480, 640) uint8.

    Frames are decoded one at a time.

    Parameters
    ----------
    path
        The video; its mask lies beside it.
    identifiers
        Of the source file: they must stand nowhere in the video, its mask, their names, or its row.
    row_values
        Its row of SOURCE_FILES, column to value. A video that has another digest or number of frames than the
        row says is unreadable.
    """
    row_values = row_values or {}
    found = find_identifiers(path, identifiers, row_values)
    leaks = {"leaks": len(found), "leak_places": sorted({str(finding) for finding in found})}
    try:
        mask = read_mask(path)
        totals = _totals(path, mask, row_values)
    except ValueError:
        row = {"outcome": "unreadable", "n_frames": 0, "outside_pixels": 0, "outside_energy": None}
        return row | leaks | {"text_lines": 0, "text_share": None}, np.zeros(PICTURE, np.uint8)
    compared = np.stack(totals.compared)
    lines = residual_text(compared, totals.brightest, mask)
    outcome = "lit_outside" if totals.outside_pixels else "leak" if found else "text" if lines else "clean"
    row = {
        "outcome": outcome,
        "n_frames": totals.count,
        "outside_pixels": totals.outside_pixels,
        "outside_energy": totals.outside_energy,
        **leaks,
        "text_lines": lines,
        "text_share": text_share(compared, mask),
    }
    return row, contact_picture(totals.brightest, mask)


def _totals(path: Path, mask: NDArray[np.bool_], row_values: Mapping[str, Any]) -> FrameTotals:
    """All frames of a video taken in. ValueError where it does not decode or is not what its row says."""
    sha256, n_frames = row_values.get("sha256"), row_values.get("n_frames")
    if not pd.isna(sha256):
        check_digest(path, sha256)
    expected = avi_info(path).frames_declared if pd.isna(n_frames) else int(n_frames)
    totals = _read(path, mask, expected)
    if totals.count == expected:
        return totals
    if not pd.isna(n_frames):
        raise ValueError(f"{path.name}: {totals.count} frames decode, its row says {expected}")
    return _read(path, mask, totals.count)  # a header may lie


def _read(path: Path, mask: NDArray[np.bool_], n_frames: int) -> FrameTotals:
    totals = FrameTotals(mask, n_frames)
    for frame in iter_avi(path):
        totals.add(frame)
    return totals


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


def contact_picture(brightest: NDArray[np.uint8], mask: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """(480, 640) uint8: the part of a picture (H, W) uint8 that holds the mask and all that is lit.

    In the brightest value of each pixel over time stands whatever was drawn in any frame. The aspect is kept;
    around it is black.
    """
    left, top, wide, tall = cv2.boundingRect((mask | (brightest > 0)).astype(np.uint8))
    part = brightest[top : top + tall, left : left + wide]
    canvas = np.zeros(PICTURE, np.uint8)
    if part.size:
        scale = min(PICTURE[0] / tall, PICTURE[1] / wide)
        height, width = max(1, round(tall * scale)), max(1, round(wide * scale))
        way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        top, left = (PICTURE[0] - height) // 2, (PICTURE[1] - width) // 2
        canvas[top : top + height, left : left + width] = cv2.resize(part, (width, height), interpolation=way)
    return canvas


def _stratified(table: pd.DataFrame, sample: int, seed: int) -> pd.DataFrame:
    """At most ``sample`` written videos: each vendor and colour space in turn, at random within.

    Before them come all that a person decided on.
    """
    written = table[table["outcome"] == "ok"].sort_values("video_id", ignore_index=True)
    decided, written = written[written["decision"].notna()], written[written["decision"].isna()]
    written = written.reset_index(drop=True)
    if sample < 0:
        raise ValueError(f"deidentify.audit_videos is {sample!r}; allowed is 0 or more")
    order = generator(seed, "audit").permutation(len(written))
    shuffled = written.iloc[order]
    strata = [shuffled["manufacturer"].fillna(""), shuffled["photometric"].fillna("")]
    turn = shuffled.groupby(strata, sort=True).cumcount()
    chosen = shuffled.assign(turn=turn).sort_values("turn", kind="stable").head(sample).drop(columns="turn")
    return pd.concat([decided, chosen], ignore_index=True)
