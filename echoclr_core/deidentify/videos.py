"""One source file: find the mask from a few frames, then write every frame with nothing outside it."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from echoclr_core.common.avi_writing import write_avi
from echoclr_core.common.digest import file_digest
from echoclr_core.common.mask_files import mask_path, write_mask
from echoclr_core.deidentify import header_allowlist
from echoclr_core.deidentify.boundary import SAMPLED, boundary_mask
from echoclr_core.deidentify.colour import SAMPLED as COLOUR_SAMPLED
from echoclr_core.deidentify.colour import colour_share
from echoclr_core.deidentify.settings import DeidentifySettings
from echoclr_core.deidentify.text import Shown, standing_text, without_text
from echoclr_core.dicom.cine import Cine
from echoclr_core.dicom.outcomes import UnusableFile
from echoclr_core.dicom.reading import read_cine

MOST_FRAMES = 99_999  # half an hour at 50 frames/s
JPEG_BLOCK = 8  # pixels; grey JPEGs have no larger ones


def deidentify_video(path: str | Path, target: str | Path, settings: DeidentifySettings) -> dict[str, Any]:
    """Write one DICOM cine loop as a grey AVI in which everything outside the mask is exactly 0.

    Frames are decoded twice and one at a time: at most 32 for the mask, then all of them to be written.
    The mask is written beside the video; see ``common.mask_files``.

    Parameters
    ----------
    path
        The DICOM file.
    target
        The AVI file to write; whole or not there.
    settings
        See :class:`DeidentifySettings`.

    Returns
    -------
    dict
        Columns of SOURCE_FILES without those of identity. If the file cannot be used, "outcome" says why and
        the columns that were not reached are missing; no video is written then. No value holds text of the
        header but by allow-list. Under "detail" stands, for a file that cannot be used, a sentence that may
        hold identifiers: keep it restricted.

    Raises
    ------
    MemoryError
        The file needs more memory than there is: the process may lack it from now on, and is to be replaced.
    """
    row: dict[str, Any] = {}
    target = Path(target)
    try:
        _deidentify(Path(path), target, settings, row)
    except UnusableFile as error:
        _remove(target)
        place = "" if error.path else f"{path}: "  # what looks at frames alone knows no file
        return row | {"outcome": error.outcome, "detail": place + str(error)}
    except Filtered as error:
        return row | {"outcome": error.outcome, "detail": error.outcome}
    return row | {"outcome": "ok"}


class Filtered(Exception):  # noqa: N818 (no error: the user asked for it)
    """A usable file that a filter of the settings leaves out; ``outcome`` says which."""

    def __init__(self, outcome: str):
        super().__init__(outcome)
        self.outcome = outcome


def _deidentify(path: Path, target: Path, settings: DeidentifySettings, row: dict[str, Any]) -> None:
    # Without a study's key nothing is read that identifies a person: this process needs none of it.
    cine = read_cine(path, min_frames=settings.min_frames, default_fps=settings.default_fps, study_key=None)
    row |= _header_columns(cine)
    if cine.fps is None:
        raise Filtered("no_frame_rate")
    if settings.min_fps is not None and cine.fps < settings.min_fps:
        raise Filtered("fps_below_limit")
    sample = cine.sample(SAMPLED)
    mask = boundary_mask(cine, settings.boundary, margin=settings.margin, frames=sample)
    if settings.boundary == "sector":  # the rectangle is the published one, text and all; the audit tells
        mask, row["text_lines"] = _free_of_text(sample, mask, settings, path)
    mask = _writable(mask, settings, path)
    row["kept_fraction"] = float(mask.mean())
    if cine.header.photometric in ("MONOCHROME1", "MONOCHROME2"):
        row["colour_share"] = 0.0
    else:
        row["colour_share"] = colour_share(cine.sample(COLOUR_SAMPLED, colour=True), mask)
    if settings.max_colour_share is not None and row["colour_share"] > settings.max_colour_share:
        raise Filtered("colour_doppler")
    known = dict(zip(cine.sampled(SAMPLED), sample, strict=True))
    row["n_frames"], shown = _write(cine, known, mask, target, settings)
    del sample, known  # reading needs memory
    if settings.boundary == "sector" and (lines := shown.text()):
        # What comes and goes was no line of the sample; only now has every frame been seen.
        if settings.text_inside == "mask":
            row["text_lines"] += len(lines)
            mask = _writable(without_text(mask, lines), settings, path)
            row["kept_fraction"] = float(mask.mean())
            row["n_frames"], shown = _write(cine, {}, mask, target, settings)
            lines = shown.text()
        if lines:
            raise _burned_in(len(lines), path)
    write_mask(mask, target)
    row["sha256"] = file_digest(target)
    row["bytes"] = target.stat().st_size


def _writable(mask: NDArray[np.bool_], settings: DeidentifySettings, path: Path) -> NDArray[np.bool_]:
    """The part of a mask outside which the codec can keep every pixel 0."""
    if settings.codec != "mjpeg":
        return mask
    blocks = whole_blocks(mask)
    if not blocks.any():
        raise UnusableFile("no_sector", "no whole JPEG block lies inside the window", path=path)
    return blocks


def _write(
    cine: Cine,
    known: dict[int, NDArray[np.uint8]],
    mask: NDArray[np.bool_],
    target: Path,
    settings: DeidentifySettings,
) -> tuple[int, Shown]:
    """Write every frame behind a mask; return how many there are, and what was shown."""
    shown = Shown(mask)
    frames = _masked(itertools.islice(_every_frame(cine, known), settings.max_frames), mask, shown)
    return write_avi(target, frames, cine.fps, codec=settings.codec, quality=settings.quality), shown


def _every_frame(cine: Cine, known: dict[int, NDArray[np.uint8]]) -> Iterator[NDArray[np.uint8]]:
    """All frames in order; those that are known are not decoded again."""
    rest = cine.source.read([i for i in range(cine.frame_count) if i not in known], colour=False)
    for index in range(cine.frame_count):
        yield known[index] if index in known else next(rest)


def _free_of_text(
    sample: NDArray[np.uint8], mask: NDArray[np.bool_], settings: DeidentifySettings, path: Path
) -> tuple[NDArray[np.bool_], int]:
    """The mask without text that touches or stands inside it, and how many lines were cut out.

    What the edge leaves of a line is cut out whatever the settings say. A line that is still legible behind
    the mask quarantines the video, or is cut out as well. Then the rest is read once more.
    """
    lines = standing_text(sample, mask)
    if not lines:
        return mask, 0
    legible = standing_text(sample * mask, mask)
    if legible and settings.text_inside == "mask":
        mask, legible = without_text(mask, lines + legible), []
    elif not legible:
        mask = without_text(mask, lines)
    if legible or standing_text(sample * mask, mask):
        raise _burned_in(len(lines), path)
    return mask, len(lines)


def _burned_in(lines: int, path: Path) -> UnusableFile:
    return UnusableFile("burned_in_text", f"{lines} lines of text stand inside the window", path=path)


def _header_columns(cine: Cine) -> dict[str, Any]:
    header = cine.header
    return {
        # a larger number is no count of frames, and may be somebody's
        "frames_declared": header.frames_declared if (header.frames_declared or 0) <= MOST_FRAMES else None,
        "fps": cine.fps,
        "fps_source": cine.fps_source,
        "height": cine.height,
        "width": cine.width,
        "manufacturer": header_allowlist.vendor(header.manufacturer),
        "model": header_allowlist.model(header.model),
        "transfer_syntax": header_allowlist.transfer_syntax(header.transfer_syntax),
        "photometric": header_allowlist.photometric(header.photometric),
    }


def whole_blocks(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The part of a mask (H, W) that whole JPEG blocks fill; one cut by the picture's edge is whole."""
    height, width = mask.shape
    below, beside = -height % JPEG_BLOCK, -width % JPEG_BLOCK
    padded = np.pad(mask, ((0, below), (0, beside)), mode="edge")
    blocks = padded.reshape(padded.shape[0] // JPEG_BLOCK, JPEG_BLOCK, -1, JPEG_BLOCK).all(axis=(1, 3))
    return np.kron(blocks, np.ones((JPEG_BLOCK, JPEG_BLOCK), bool))[:height, :width]


def _masked(
    frames: Iterator[NDArray[np.uint8]], mask: NDArray[np.bool_], shown: Shown
) -> Iterator[NDArray[np.uint8]]:
    """The frames, 0 outside the mask; ``shown`` looks at each."""
    keep = np.where(mask, np.uint8(255), np.uint8(0))
    for frame in frames:
        masked = cv2.bitwise_and(frame, keep)
        shown.add(masked)
        yield masked


def _remove(target: Path) -> None:
    target.unlink(missing_ok=True)
    mask_path(target).unlink(missing_ok=True)
