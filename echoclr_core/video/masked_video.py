"""One hull-masked video in the network's size, written and read back."""

import errno
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from echoclr_core.common.avi_reading import avi_info, iter_avi, read_avi
from echoclr_core.common.avi_writing import write_avi
from echoclr_core.common.digest import check_digest, file_digest
from echoclr_core.common.files import atomic_path
from echoclr_core.options.mask import MaskOptions
from echoclr_core.video.hull import fit_frames, hull_of
from echoclr_core.video.scaling import Field, FieldScaler, fitted_field, sector_field


def mask_video(
    source: str | Path,
    target: str | Path,
    settings: MaskOptions,
    spacing: tuple[float, float] | None = None,
) -> dict:
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
        See :class:`MaskOptions`.
    spacing
        Millimetres a pixel of the source, (across, down); None where they are not known.

    Returns
    -------
    dict
        outcome ("ok", "blank", or "no_calibration" where ``settings`` exclude such a video), n_frames, fps,
        height, width, hull_fraction, sha256 (None unless ok), and where a field about the sector was cut out
        its columns of MASKED_VIDEOS.

    Raises
    ------
    ValueError
        ``source`` does not decode.
    OSError
        What was written does not read back as it should: the disk is at fault, not the video.
    """
    target = Path(target)
    target.unlink(missing_ok=True)
    if settings.mm_per_pixel is not None and spacing is None and settings.missing_calibration == "exclude":
        return {"outcome": "no_calibration"}
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
    if field := _field(hull, settings, spacing):
        small = _cut(source, hull, field)
        row |= {f"field_{name}": getattr(field, name) for name in ("left", "top", "step_x", "step_y")}
        row["mm_per_pixel"] = settings.mm_per_pixel if spacing else None
    elif brightest[~hull].any():
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


def _field(hull: np.ndarray, settings: MaskOptions, spacing: tuple[float, float] | None) -> Field | None:
    """The part about the sector that becomes the masked frame; None for the whole frame."""
    if settings.mm_per_pixel is not None and spacing is not None:
        return sector_field(hull, spacing, settings.size, settings.mm_per_pixel)
    return fitted_field(hull, settings.size) if settings.fit == "sector" else None


def _cut(source: str | Path, hull: np.ndarray, field: Field) -> np.ndarray:
    """Every frame masked and cut to its field, (T, size, size) uint8; the source is decoded again."""
    scale = FieldScaler(field, *hull.shape)
    keep = np.where(hull, np.uint8(255), np.uint8(0))
    return np.stack([scale(cv2.bitwise_and(frame, keep)) for frame in iter_avi(source)])


def _brightest_and_small(
    frames: Iterable[np.ndarray], settings: MaskOptions
) -> tuple[np.ndarray, np.ndarray]:
    """Temporal maximum (H, W), and every frame resized, (T, size, size)."""
    brightest, small = None, []
    for frame in frames:
        brightest = frame.copy() if brightest is None else cv2.max(brightest, frame, dst=brightest)
        small.append(fit_frames(frame, settings.size, settings.keep_aspect))
    assert brightest is not None  # iter_avi raises where there is no frame
    return brightest, np.stack(small)


def _compare(path: Path, small: np.ndarray, fps: float, settings: MaskOptions, name: str) -> None:
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
        raise OSError(
            errno.EIO, f"{name}: does not read back as it was written; is the disk sound and not full?"
        )


def mask_file(
    source: str | Path,
    target: str | Path,
    settings: MaskOptions,
    sha256: str | None,
    spacing: tuple[float, float] | None = None,
) -> dict[str, Any]:
    """:func:`mask_video` of a file with the digest ``sha256`` (None: not known); bad ones are a row as well.

    Where the source differs from its digest or does not decode, outcome is "unreadable" and "detail" says
    why.
    """
    try:
        if sha256 is not None:
            check_digest(source, sha256)
        return mask_video(source, target, settings, spacing)
    except ValueError as error:
        return {"outcome": "unreadable", "detail": str(error)}
