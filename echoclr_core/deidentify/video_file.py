"""One source file: find the mask from a few frames, then write every frame with nothing outside it."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from echoclr_core.common.avi_writing import write_avi
from echoclr_core.common.digest import file_digest
from echoclr_core.common.mask_files import write_mask
from echoclr_core.deidentify.identifiers import header_allowlist
from echoclr_core.deidentify.sector.boundary import SAMPLED_FRAMES, boundary_mask, fitted_sector
from echoclr_core.deidentify.sector.calibration import mm_per_pixel
from echoclr_core.deidentify.sector.colour_doppler import SAMPLED_FRAMES as COLOUR_SAMPLED_FRAMES
from echoclr_core.deidentify.sector.colour_doppler import colour_share
from echoclr_core.deidentify.sector.windows import find_windows
from echoclr_core.deidentify.settings import DeidentifySettings
from echoclr_core.deidentify.text.ocr import TextLine
from echoclr_core.deidentify.text.static_text import static_text, without_text
from echoclr_core.deidentify.text.transient_text import TransientText
from echoclr_core.deidentify.video_record import VideoRecord, run_stages
from echoclr_core.dicom.cine import Cine
from echoclr_core.dicom.outcomes import UnusableFile
from echoclr_core.dicom.reading import read_cine

MAX_FRAMES = 99_999  # half an hour at 50 frames/s
DecidedMask = Callable[[Cine, NDArray[np.uint8]], NDArray[np.bool_]]
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
    return run_stages(video_stages(Path(path), Path(target), settings), path, target)


def video_stages(
    path: Path, target: Path, settings: DeidentifySettings, *, decided_mask: DecidedMask | None = None
) -> Iterator[VideoRecord]:
    """The record after each stage: header, mask, written video.

    ``decided_mask`` finds the mask (H, W) bool that a person decided on, from the loop and its sampled frames
    (T, H, W) uint8: then no text is looked for.
    """
    # Without a study's key nothing is read that identifies a person: this process needs none of it.
    cine = read_cine(path, min_frames=settings.min_frames, default_fps=settings.default_fps, study_key=None)
    yield (record := _described(cine))
    _check_frame_rate(cine, settings)
    sample = cine.sample(SAMPLED_FRAMES)
    if decided_mask is None:
        mask, lines, record = _mask(cine, sample, settings, record)
    else:
        mask, lines = _writable(decided_mask(cine, sample), settings), None
    colour = 0.0
    if cine.header.photometric not in ("MONOCHROME1", "MONOCHROME2"):
        colour = colour_share(cine.sample(COLOUR_SAMPLED_FRAMES, colour=True), mask)
    windows = find_windows(sample, mask)
    across, down = mm_per_pixel(cine.regions, mask) or (None, None)
    record = replace(
        record,
        mm_per_pixel_x=across,
        mm_per_pixel_y=down,
        text_lines=lines,
        kept_fraction=float(mask.mean()),
        colour_share=colour,
        windows=windows.count,
        window_kept=windows.kept,
    )
    yield record
    if settings.max_colour_share is not None and colour > settings.max_colour_share:
        raise UnusableFile("colour_doppler", f"at most {settings.max_colour_share} is allowed", value=colour)
    known = dict(zip(cine.sampled(SAMPLED_FRAMES), sample, strict=True))
    n_frames, transient = _write(cine, known, mask, target, settings)
    del sample, known  # reading needs memory
    if settings.boundary == "sector" and decided_mask is None:
        mask, found = _without_transient_text(cine, mask, transient, target, settings)
        lines += found
    write_mask(mask, target)
    yield replace(
        record,
        n_frames=n_frames,
        text_lines=lines,
        kept_fraction=float(mask.mean()),
        sha256=file_digest(target),
        bytes=target.stat().st_size,
    )


def _check_frame_rate(cine: Cine, settings: DeidentifySettings) -> None:
    if cine.fps is None:
        raise UnusableFile("no_frame_rate", "no attribute gives a believable frame rate")
    if settings.min_fps is not None and cine.fps < settings.min_fps:
        raise UnusableFile(
            "fps_below_limit", f"at least {settings.min_fps} frames/s are needed", value=cine.fps
        )


def _mask(
    cine: Cine, sample: NDArray[np.uint8], settings: DeidentifySettings, record: VideoRecord
) -> tuple[NDArray[np.bool_], int | None, VideoRecord]:
    """What may be kept; how many lines of text were cut out of it, None where none are looked for; the record
    with how well the sector fits."""
    if settings.boundary == "rectangle":  # the published one, text and all; the audit tells
        mask = boundary_mask(cine, "rectangle", frames=sample)
        return _writable(mask, settings), None, record
    fit = fitted_sector(cine, frames=sample)
    if fit.rejection:
        raise UnusableFile("no_sector", fit.rejection)
    record = replace(record, active_fraction=min(fit.active_fraction, 1.0), coverage=min(fit.coverage, 1.0))
    mask, lines = _without_static_text(sample, fit.mask, settings)
    return _writable(mask, settings), lines, record


def _writable(mask: NDArray[np.bool_], settings: DeidentifySettings) -> NDArray[np.bool_]:
    """The part of a mask outside which the codec can keep every pixel 0."""
    if settings.codec != "mjpeg":
        return mask
    blocks = whole_blocks(mask)
    if not blocks.any():
        raise UnusableFile("no_sector", "no whole JPEG block lies inside the window")
    return blocks


def _write(
    cine: Cine,
    known: dict[int, NDArray[np.uint8]],
    mask: NDArray[np.bool_],
    target: Path,
    settings: DeidentifySettings,
) -> tuple[int, TransientText]:
    """Write every frame behind a mask; return how many there are, and what was shown."""
    n_frames = min(cine.frame_count, settings.max_frames or cine.frame_count)
    transient = TransientText(mask)
    frames = _masked(itertools.islice(_every_frame(cine, known), n_frames), mask, transient)
    return write_avi(target, frames, cine.fps, codec=settings.codec, quality=settings.quality), transient


def _every_frame(cine: Cine, known: dict[int, NDArray[np.uint8]]) -> Iterator[NDArray[np.uint8]]:
    """All frames in order; those that are known are not decoded again."""
    rest = cine.source.read([i for i in range(cine.frame_count) if i not in known], colour=False)
    for index in range(cine.frame_count):
        yield known[index] if index in known else next(rest)


def _without_static_text(
    sample: NDArray[np.uint8], mask: NDArray[np.bool_], settings: DeidentifySettings
) -> tuple[NDArray[np.bool_], int]:
    """The mask without text that touches or stands inside it, and how many lines were cut out.

    What the edge leaves of a line is cut out whatever the settings say. What is still text behind the mask
    quarantines the video, or is cut out as well. Then the rest is looked at once more.
    """
    lines = static_text(sample, mask)
    if not lines:
        return mask, 0
    inside = static_text(sample * mask, mask)
    if inside and settings.text_inside == "mask":
        mask, inside = without_text(mask, lines + inside), []
    elif not inside:
        mask = without_text(mask, lines)
    if inside or static_text(sample * mask, mask):
        raise _burned_in(len(lines))
    return mask, len(lines)


def _without_transient_text(
    cine: Cine, mask: NDArray[np.bool_], transient: TransientText, target: Path, settings: DeidentifySettings
) -> tuple[NDArray[np.bool_], int]:
    """The mask without text that comes and goes, and how many lines were cut out; all frames were seen.

    Such text quarantines the video, or is cut out and the video written anew. Text of single frames may be
    elsewhere in those that were not read, so that it cannot be cut out. Nor can a line that moves, of which a
    frame shows a part beside the cut.
    """
    lines, read = transient.gathered_text(), partial(cine.source.read, colour=False)
    cut = len(lines) if settings.text_inside == "mask" else 0
    if cut:
        mask = without_text(mask, lines)
        if beside := [line for text in transient.frame_texts(read) for line in text if _kept(line, mask)]:
            raise _burned_in(len(beside))
        mask = _writable(mask, settings)
        _, transient = _write(cine, {}, mask, target, settings)
        lines = transient.gathered_text()
    if lines := lines or transient.frame_text(read):
        raise _burned_in(len(lines))
    return mask, cut


def _kept(line: TextLine, mask: NDArray[np.bool_]) -> bool:
    """Whether a mask (H, W) bool keeps a part of a line."""
    return bool(mask[line.y0 : line.y1, line.x0 : line.x1].any())


def _burned_in(lines: int) -> UnusableFile:
    return UnusableFile("burned_in_text", f"{lines} lines of text stand inside the window")


def _described(cine: Cine) -> VideoRecord:
    header = cine.header
    declared = header.frames_declared or 0
    return VideoRecord(
        # a larger number is no count of frames, and may be somebody's
        frames_declared=header.frames_declared if declared <= MAX_FRAMES else None,
        fps=cine.fps,
        fps_source=cine.fps_source,
        height=cine.height,
        width=cine.width,
        manufacturer=header_allowlist.vendor(header.manufacturer),
        model=header_allowlist.model(header.model),
        transfer_syntax=header_allowlist.transfer_syntax(header.transfer_syntax),
        photometric=header_allowlist.photometric(header.photometric),
    )


def whole_blocks(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The part of a mask (H, W) that whole JPEG blocks fill; one cut by the picture's edge is whole."""
    height, width = mask.shape
    below, beside = -height % JPEG_BLOCK, -width % JPEG_BLOCK
    padded = np.pad(mask, ((0, below), (0, beside)), mode="edge")
    blocks = padded.reshape(padded.shape[0] // JPEG_BLOCK, JPEG_BLOCK, -1, JPEG_BLOCK).all(axis=(1, 3))
    return np.kron(blocks, np.ones((JPEG_BLOCK, JPEG_BLOCK), bool))[:height, :width]


def _masked(
    frames: Iterator[NDArray[np.uint8]], mask: NDArray[np.bool_], transient: TransientText
) -> Iterator[NDArray[np.uint8]]:
    """The frames, 0 outside the mask; ``transient`` looks at each."""
    keep = np.where(mask, np.uint8(255), np.uint8(0))
    for frame in frames:
        masked = cv2.bitwise_and(frame, keep)
        transient.add(masked)
        yield masked
